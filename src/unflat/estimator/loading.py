"""From a file to a fitted regressor."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from unflat.estimator.regressor import LSTMRegressor
from unflat.saving.model import read_model

if TYPE_CHECKING:
    from os import PathLike


def load(path: str | PathLike[str]) -> LSTMRegressor:
    """Read a model from a file that `LSTMRegressor.save` wrote.

    Nothing in the file is executed.

    Parameters
    ----------
    path : str or path
        The file; of a run, the `model.unflat` in its folder, which `Run(folder).load()` finds by itself.

    Returns
    -------
    LSTMRegressor
        The fitted model; it predicts the same bits.

    Raises
    ------
    MissingArtifactError
        If there is no such file; it is a FileNotFoundError, too.
    ArtifactError
        If it is not a model file, is damaged, or was written by a later unflat; its subclasses say which.
    """
    parameters, learned = read_model(path, known=LSTMRegressor().get_params(deep=False))
    model = LSTMRegressor(**parameters)
    for field in fields(learned):
        setattr(model, f"{field.name}_", getattr(learned, field.name))
    model.n_features_in_, model.n_outputs_ = learned.baselines.n_features, len(learned.target_names)
    return model
