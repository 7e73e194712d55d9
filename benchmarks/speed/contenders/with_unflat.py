"""Of this package: the defaults on the document's raw data, the document's very recipe, and predictions of a model."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import common

from unflat import LSTMRegressor, export_onnx, figures, load, recipes
from unflat.errors import FitWarning
from unflat.network import kernel

if TYPE_CHECKING:
    import numpy as np


def defaults() -> dict[str, Any]:
    """Fit the defaults to raw data, predict and draw."""
    data = common.document()
    model = LSTMRegressor(random_state=options.seed, device="cpu").fit(data.X, data.y)
    predicted, beyond = model.predict(data.X), model.predict(data.X_beyond)
    figures.save(figures.training_figure(model.history_), options.folder / "loss.png")
    figures.save(figures.ordered_figure(data.y, predicted, name="number"), options.folder / "pred.png")
    kept = {"epochs": len(model.history_.epochs), "stopped": model.history_.stopped, "training": model.history_.seconds}
    return {**kept, **data.errors(predicted, beyond)}


def recipe(*, compiled: bool) -> dict[str, Any]:
    """Train the document's network by the document's recipe, everything of this package's own switched off."""
    data = common.document()
    with nullcontext() if compiled else kernel.using(None), warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        model = recipes.article(random_state=options.seed, epochs=options.epochs).set_params(device="cpu")
        model.fit(data.inputs(data.X), data.target().ravel())
    predicted, beyond = (data.original(model.predict(data.inputs(X))) for X in (data.X, data.X_beyond))
    figures.save(figures.training_figure(model.history_), options.folder / "loss.png")
    figures.save(figures.ordered_figure(data.y, predicted, name="number"), options.folder / "pred.png")
    seconds = common.epoch_seconds([record.seconds for record in model.history_.epochs])
    return {"epoch": seconds, "kernel": kernel.available()[:1], **data.errors(predicted, beyond)}


def export() -> dict[str, Any]:
    """Fit the document's network, for its shape, and write it for those who predict."""
    data = common.document()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        model = recipes.article(random_state=options.seed, epochs=1).set_params(scale_inputs="standard", device="cpu")
        model.fit(data.X, data.y)
    model.save(options.folder / "model.unflat")
    export_onnx(model, options.folder / "model.onnx", sample=data.X[:8])
    return {}


def predict() -> dict[str, Any]:
    """Time predictions of a loaded model, and one step of its stream."""
    model = load(options.folder / "model.unflat")
    measured = common.one_and_many(
        model.predict,
        lambda X, size: [model.predict(X[first : first + size]) for first in range(0, len(X), size)],
        options.calls,
        scaled=False,
    )
    stream = model.stream()
    step: np.ndarray = common.document().X[0, :1]
    return {**measured, "step": common.timed(lambda: stream.feed(step), options.calls)}


TASKS = {
    "defaults": defaults,
    "recipe": lambda: recipe(compiled=True),
    "recipe-by-torch": lambda: recipe(compiled=False),
    "export": export,
    "predict": predict,
}

if __name__ == "__main__":
    options = common.arguments(*TASKS)
    common.say(TASKS[options.task]())
