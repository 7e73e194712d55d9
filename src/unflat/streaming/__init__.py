"""Streaming: one time step at a time, the prediction so far at each, the millionth at the cost of the first.

NumPy, not torch: for a single step torch spends most of its time on the way to the arithmetic. Each layer is one
matrix product in float32, bias included, whose gates all go through one tanh: sigmoid(z) = (1 + tanh(z / 2)) / 2, the
halves being in the weights. Every array is made once and written in place. Sums over time are float64, so that a long
stream does not drift.
"""

from unflat.streaming.face import StreamMixin
from unflat.streaming.stream import Stream

__all__ = ["Stream", "StreamMixin"]
