"""Export: a fitted model as an ONNX file, raw units in and out, checked against the model before it is written.

The graph is written by hand from the weights, with ONNX's own LSTM and GRU, and not traced by `torch.onnx.export`.
Measured with torch 2.13, onnxscript 0.7 and ONNX Runtime 1.32 on the network of 50 and 100 units with its skip:

- The exporter (`dynamo=True`) with both axes declared dynamic writes a file without an error, in which the time axis is
  frozen at the example's 16 steps: another number of steps is refused. `torch.export` says why: it makes `nn.LSTM` a
  constant number of steps.
- Its graph, which takes lengths, has 76 operators, 149 in both directions, against 34 and 37 here; one sequence of 16
  steps took 153 µs, against 80 here.
- It needs onnxscript besides onnx, and 7 to 13 s for a model; writing by hand takes milliseconds.

And ONNX's operators take the lengths themselves, where a traced graph computes on through the padding.
"""

from unflat.export.exporting import Exported, export_onnx

__all__ = ["Exported", "export_onnx"]
