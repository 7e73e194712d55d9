"""Export: a fitted model as an ONNX file, raw units in and out, checked against the model before it is written.

The graph is written by hand from the weights, with ONNX's own LSTM and GRU, and not traced by `torch.onnx.export`.
What speaks against tracing, with torch 2.13 and onnxscript 0.7:

- The exporter (`dynamo=True`) with both axes declared dynamic writes a file without an error, in which the time axis is
  frozen at the example's number of steps: any other is refused. `torch.export` says why: it makes `nn.LSTM` a constant
  number of steps.
- Its graph has at least twice the operators, for which each sequence pays, and writing it needs onnxscript besides
  onnx.

And ONNX's operators take the lengths themselves, where a traced graph computes on through the padding.
"""

from unflat.export.exporting import Exported, export_onnx

__all__ = ["Exported", "export_onnx"]
