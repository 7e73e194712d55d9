"""The network: recurrence, read-out over time, linear skip, and the predictor that wraps them in raw units."""

from unflat.network.body import Network
from unflat.network.predictor import Predictor, predict_all

__all__ = ["Network", "Predictor", "predict_all"]
