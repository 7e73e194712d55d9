"""Models that cannot leave as a file for other programs, or be fed step by step."""

from __future__ import annotations

from unflat.errors.base import UnflatError


class ExportError(UnflatError):
    """A model cannot be exported."""


class UnsupportedOperatorError(ExportError, NotImplementedError):
    """The format has no operator for a part of the model.

    Parameters
    ----------
    part : str
        The part, as the model's parameters call it.
    known : str
        The parts that can be expressed.
    """

    def __init__(self, part: str, known: str) -> None:
        self.part = part
        super().__init__(
            "The export to ONNX", f"a model of parts that ONNX has operators for ({known})", part,
            "Fit a model of those parts, or deploy the file that model.save writes.",
        )  # fmt: skip


class OpsetError(ExportError, ValueError):
    """The operator set is older than the model needs, or newer than is installed.

    Parameters
    ----------
    oldest, newest : int
        The first and the last that can be written.
    opset : object
        The one that was asked for.
    """

    def __init__(self, oldest: int, newest: int, opset: object) -> None:
        self.oldest = oldest
        self.newest = newest
        self.opset = opset
        super().__init__(
            "The operator set of the ONNX file", f"a whole number from {oldest} to {newest}", repr(opset),
            f"Use opset={oldest}, which every newer runtime reads too.",
        )  # fmt: skip


class ParityError(ExportError, ArithmeticError):
    """The exported model does not predict what the model predicts; nothing was written.

    Parameters
    ----------
    difference : float
        The largest difference, in standard deviations of the target.
    tolerance : float
        The largest that is accepted.
    sequence : int
        The number of the sequence with the largest difference.
    """

    def __init__(self, difference: float, tolerance: float, sequence: int) -> None:
        self.difference = difference
        self.tolerance = tolerance
        self.sequence = sequence
        super().__init__(
            "The exported model",
            f"predictions within {tolerance:g} standard deviations of the target of the model's own",
            f"a difference of {difference:.2g} for sequence {sequence} of the sample",
            "Nothing was written. Check the sample's values; upgrade onnxruntime; if the difference stays, report it.",
        )


class StreamError(UnflatError, ValueError):
    """A model cannot be fed step by step, or a state does not fit it."""
