"""The exported model of this package: predictions with NumPy and ONNX Runtime alone."""

from __future__ import annotations

import os
from typing import Any

import common

from unflat import OnnxPredictor


def predict() -> dict[str, Any]:
    """Time predictions: of one sequence on one thread, of many on all processors."""
    path = options.folder / "model.onnx"
    single, several = OnnxPredictor(path), OnnxPredictor(path, threads=os.cpu_count() or 1)
    return common.one_and_many(
        single.predict,
        lambda X, size: [several.predict(X[first : first + size]) for first in range(0, len(X), size)],
        options.calls,
        scaled=False,
    )


if __name__ == "__main__":
    options = common.arguments("predict")
    common.say(predict())
