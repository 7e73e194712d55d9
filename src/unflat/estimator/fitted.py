"""What a fitted regressor tells of itself, to a file too."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat.contract import check_is_fitted
from unflat.dataset import as_dataset, refuse_other_outputs, windowed
from unflat.history import most_telling
from unflat.saving.model import Learned, write_model
from unflat.scaling.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

    from numpy.typing import NDArray

    from unflat.history import History
    from unflat.metrics import Assessment
    from unflat.network import Predictor
    from unflat.windows import WindowSchema


class FittedMixin(ABC):
    """Properties, a score and a file that follow from what was fitted; the estimator gives `predict` and parameters."""

    predictor_: Predictor
    histories_: tuple[History, ...]
    held_out_: Assessment | None
    schema_: WindowSchema | None
    n_outputs_: int
    fewest_steps_: int

    @abstractmethod
    def predict(self, X: object) -> NDArray[np.float64]:
        """Predict, in the form that targets had."""

    if TYPE_CHECKING:  # of scikit-learn's contract, another base of the estimator

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            """Give its parameters."""

    @property
    def history_(self) -> History:
        """What the training recorded that there is most to tell of."""
        return most_telling(self.histories_)

    @property
    def target_limits_(self) -> tuple[Limits, ...]:
        """What predictions are limited to, output by output."""
        check_is_fitted(self)
        return self.predictor_.limits

    @property
    def held_between_(self) -> tuple[Limits, ...]:
        """What predictions are held between, output by output, since nothing vouched for what lies beyond."""
        check_is_fitted(self)
        target, ends = self.predictor_.target, self.predictor_.hold.buffers()
        raw = (torch.where(end.isinf(), end.double(), target.inverse(end)).tolist() for end in ends)
        return tuple(map(Limits, *raw))

    @property
    def linear_outputs_(self) -> tuple[bool, ...]:
        """Of each output, whether it is predicted by the skip alone."""
        check_is_fitted(self)
        return self.predictor_.network.linear_outputs

    @property
    def linear_(self) -> bool:
        """Whether the model is its skip alone."""
        return all(self.linear_outputs_)

    def score(self, X: object, y: object = None, sample_weight: object = None) -> float:
        """Measure R², averaged over outputs.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`; or, if the model was fitted on windows of a table, another such table.

        Returns
        -------
        float
            1 for perfect predictions, 0 for the mean's, negative for worse.
        """
        from sklearn.metrics import r2_score  # noqa: PLC0415 - a third of scikit-learn, which only this needs

        check_is_fitted(self)
        X = windowed(X, self.schema_, targets=True)
        data = as_dataset(X, y, sample_weight=sample_weight)
        refuse_other_outputs("y", data, self.n_outputs_)
        prediction = np.reshape(self.predict(X), data.y.shape)
        return float(r2_score(data.y, prediction, sample_weight=data.weights))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model to one file: network, scales, baselines, history; no data, no pickle.

        Parameters
        ----------
        path : str or path
            The file; an older one is replaced, at once and whole.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        OutputError
            If the file cannot be written.
        """
        check_is_fitted(self)
        learned = Learned(**{field.name: getattr(self, f"{field.name}_") for field in fields(Learned)})
        write_model(path, self.get_params(deep=False), learned)


@contextmanager
def unchanged_on_error(model: object) -> Iterator[None]:
    """Put a model's attributes back if what is done meanwhile raises: half of a fit must not pass for one."""
    before = dict(vars(model))
    try:
        yield
    except BaseException:
        vars(model).clear()
        vars(model).update(before)
        raise
