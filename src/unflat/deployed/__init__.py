"""Exported models at work: NumPy and ONNX Runtime, and nothing else of the machinery that made them."""

from unflat.deployed.opening import CALIBRATION, FORMAT, METADATA, calibration_text
from unflat.deployed.predictor import OnnxPredictor

__all__ = ["CALIBRATION", "FORMAT", "METADATA", "OnnxPredictor", "calibration_text"]
