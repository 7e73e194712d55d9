"""What any model must beat: mean, last value, seasonal value and ridge, fitted on the training part only."""

from unflat.baselines.collection import LAST_VALUE, MEAN, NO_PAST, NO_TRAINING, RIDGE, SEASONAL_VALUE, Baselines

__all__ = ["LAST_VALUE", "MEAN", "NO_PAST", "NO_TRAINING", "RIDGE", "SEASONAL_VALUE", "Baselines"]
