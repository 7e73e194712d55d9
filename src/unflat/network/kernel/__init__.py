"""An LSTM layer compiled for the processor: the same parameters and results as torch's, in less time.

It is optional. Where a C compiler is found when the package is installed, the kernel is compiled; where none is,
`available()` is empty, and `LSTM` is torch's layer.
"""

from unflat.network.kernel.choice import available, using
from unflat.network.kernel.layer import LSTM

__all__ = ["LSTM", "available", "using"]
