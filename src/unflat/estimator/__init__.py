"""The estimator: scikit-learn's contract, what a fitted regressor tells of itself, and when it deserves a warning.

The regressor brings torch, and is loaded when it is first used: who only judges figures needs none of it.
"""

from typing import TYPE_CHECKING, Any

from unflat._loading import load_module

if TYPE_CHECKING:
    from unflat.estimator.loading import load
    from unflat.estimator.regressor import LSTMRegressor

__all__ = ["LSTMRegressor", "load"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562: whatever the name stands for
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    value = getattr(load_module("unflat.estimator.loading"), name)  # which brings the regressor along
    globals()[name] = value  # the next use finds it without coming here
    return value
