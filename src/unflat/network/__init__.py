"""The network: recurrence, read-out over time, linear skip, and the predictor that wraps them in raw units."""

from unflat.network.body import Network
from unflat.network.ensemble import Ensemble, assembled, make_network
from unflat.network.predictor import Predictor, predict_all

__all__ = ["Ensemble", "Network", "Predictor", "assembled", "make_network", "predict_all"]
