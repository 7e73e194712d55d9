"""Exported models at work: NumPy and ONNX Runtime, and nothing else of the machinery that made them."""

from unflat.deployed.bands import DeployedBands
from unflat.deployed.opening import FORMAT, INTERVALS, METADATA
from unflat.deployed.predictor import OnnxPredictor
from unflat.deployed.seal import sealed

__all__ = ["FORMAT", "INTERVALS", "METADATA", "DeployedBands", "OnnxPredictor", "sealed"]
