"""Pictures of one fitted model: its training, and its predictions beside the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import MaxNLocator

from unflat.errors import InputError, InputTypeError, ShapeError, TooFewSamplesError
from unflat.figures.powers import logarithmic
from unflat.metrics import FLAT_SPREAD, mae, r2, spread
from unflat.style import INK, PREDICTED, QUIET, TRUE, legend, name_axes, sheet, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from unflat.history import History

_FEW_EPOCHS = 30
"""Epochs that are marked one by one, at the most."""

_MOST_SERIES = 4
"""Series that are drawn, the first ones: enough to see whether they differ."""

_MOST_POINTS = 20_000
"""Points in a panel: more take long to draw and cannot be told apart."""

_SAME = "Predict for the same sequences that the true values are of."

_CLOSE_UP = 200
"""Windows in the close-up of a long series: few enough to see each one."""


def training_figure(history: History, *, network: str = "") -> Figure:
    """Draw how the loss fell, and which epoch's weights were kept.

    Parameters
    ----------
    history : History
        What the training recorded.
    network : str
        Whose training it is, such as "network 1 of 5", where a model has several.

    Returns
    -------
    matplotlib.figure.Figure
        Loss of the training and the validation part over the epochs, on a logarithmic axis.
    """
    figure, panels = sheet((10, 6))
    panel = panels[0, 0]
    epochs = [record.epoch for record in history.epochs]
    training = [record.loss for record in history.epochs]
    validation = [np.nan if record.validation_loss is None else record.validation_loss for record in history.epochs]
    marker = "o" if len(epochs) <= _FEW_EPOCHS else None
    panel.plot(epochs, training, color=TRUE, label="training part", marker=marker)
    if any(record.validation_loss is not None for record in history.epochs):
        panel.plot(epochs, validation, color=PREDICTED, label="validation part, held out", marker=marker)
    panel.axvline(history.best_epoch, color=QUIET, linewidth=1, linestyle=(0, (5, 4)), label="weights kept")
    if any(0 < loss < np.inf for loss in training + validation):  # others have no place on a logarithmic axis
        logarithmic(panel)
    if epochs:
        panel.set_xlim(-0.02 * len(epochs), 1.02 * len(epochs))
    panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    kept = f"The weights of epoch {history.best_epoch} were kept"
    title(
        panel,
        kept if history.best_epoch else "No epoch did better than the initial weights, which were kept",
        "; ".join(filter(None, [network, f"epochs trained: {len(epochs)}, in {history.seconds:,.0f} s"])),
    )
    name_axes(panel, "Epoch", "Loss on the scaled target")
    legend(panel, loc="best")  # the corner above is free only where the loss fell
    return figure


def agreement_figure(true: ArrayLike, predicted: ArrayLike, *, name: str = "target") -> Figure:
    """Draw each prediction against its truth: on the diagonal where it is right, on a level line where it is flat.

    Parameters
    ----------
    true, predicted : array-like of shape (n,) or (n, 1)
        In the target's units.
    name : str
        The target.

    Returns
    -------
    matplotlib.figure.Figure
        A square picture; both axes have the same scale.
    """
    y, prediction = _beside(true, predicted)
    figure, panels = sheet((8, 8))
    panel = panels[0, 0]
    low, high = _range(y, prediction)
    panel.plot([low, high], [low, high], color=TRUE, linewidth=2, label="predicted = true", zorder=3)
    shown = slice(None, None, _thinning(len(y)))
    opacity = float(np.clip(600 / len(y), 0.08, 0.7))
    size = float(np.clip(4000 / len(y), 14, 40))  # a few dots must be seen beside the line
    panel.scatter(
        y[shown], prediction[shown], s=size, color=PREDICTED, alpha=opacity, linewidths=0, label="predictions", zorder=2
    )
    panel.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    title(panel, f"{name}: {_verdict(y, prediction)}", _figures(y, prediction))
    name_axes(panel, f"{name}, true", f"{name}, predicted")
    legend(panel, loc="upper left")
    return figure


def ordered_figure(true: ArrayLike, predicted: ArrayLike, *, name: str = "target") -> Figure:
    """Draw predictions of sequences that have no order of their own, from the lowest truth to the highest.

    Parameters
    ----------
    true, predicted : array-like of shape (n,) or (n, 1)
        In the target's units.
    name : str
        The target.

    Returns
    -------
    matplotlib.figure.Figure
        A red line, the true values, and blue dots, the predicted ones.
    """
    y, prediction = _beside(true, predicted)
    order = np.argsort(y, kind="stable")
    figure, panels = sheet((12, 6))
    panel = panels[0, 0]
    places = np.arange(1, len(y) + 1)
    panel.plot(places, y[order], color=TRUE, linewidth=2.5, label="true")
    panel.scatter(places, prediction[order], s=16, color=PREDICTED, alpha=0.7, linewidths=0, label="predicted")
    title(panel, f"{name}: {_verdict(y, prediction)}", _figures(y, prediction))
    name_axes(panel, "Sequences, from the lowest true value to the highest", name)
    legend(panel, loc="upper left", markerscale=2)
    return figure


def over_time_figure(
    times: ArrayLike,
    true: ArrayLike,
    predicted: ArrayLike,
    *,
    name: str = "target",
    groups: ArrayLike | None = None,
    time_name: str = "time",
) -> Figure:
    """Draw truth and predictions over time: the whole series and a close-up of its end, or a few of several series.

    Parameters
    ----------
    times : array-like of shape (n,)
        When each target lies: dates, or numbers.
    true, predicted : array-like of shape (n,) or (n, 1)
        In the target's units.
    name : str
        The target.
    groups : array-like of shape (n,) or None
        The series that each target belongs to, where there are several.
    time_name : str
        What the times are.

    Returns
    -------
    matplotlib.figure.Figure
        Lines that break where times are missing.
    """
    y, prediction = _beside(true, predicted)
    t = _times_of(times, len(y))
    parts = _parts(t, None if groups is None else _groups_of(groups, len(y)))
    figure, panels = sheet((16, 4 * len(parts)), len(parts))
    for panel, (heading, index) in zip(panels[:, 0], parts, strict=True):
        shown = index[:: _thinning(len(index))]
        _draw_series(panel, t[shown], y[shown], prediction[shown])
        title(panel, f"{name}, {heading}", _figures(y[index], prediction[index]))
        name_axes(panel, "", name)
    panels[-1, 0].set_xlabel(time_name.replace("$", r"\$"), fontsize=12, color=INK)
    legend(panels[0, 0], loc="upper right", ncols=2, bbox_to_anchor=(1, 1.22), borderaxespad=0)
    return figure


def _beside(true: ArrayLike, predicted: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take the numbers of one output and its truth; raise `ShapeError` if there are several, or not as many of both."""
    y, prediction = (np.asarray(values, dtype=np.float64) for values in (true, predicted))
    for subject, values in (("The true values to draw", y), ("The predictions to draw", prediction)):
        if values.ndim == 0 or values.size != len(values):
            remedy = "Draw one output at a time, such as predicted[:, 0]."
            raise ShapeError(subject, "one output, of shape (n,)", values.shape, remedy)
    if len(y) != len(prediction):
        raise ShapeError("The predictions to draw", f"{len(y)}, one for each true value", prediction.shape, _SAME)
    if len(y) == 0:
        raise TooFewSamplesError("The true values to draw", 1, 0)
    return y.ravel(), prediction.ravel()


def _times_of(times: ArrayLike, n: int) -> NDArray[Any]:
    """Take times, dates or numbers, one for each of n true values."""
    t = np.asarray(times)
    if t.shape != (n,):
        raise ShapeError("The times to draw", f"{n}, one for each true value", t.shape, "Give when each target lies.")
    try:
        t = t.astype("datetime64[us]") if t.dtype == object else t  # dates of Python's own
    except (TypeError, ValueError) as error:
        raise _no_times(t) from error
    if t.dtype.kind not in "iufM":
        raise _no_times(t)
    return t


def _no_times(times: NDArray[Any]) -> InputTypeError:
    remedy = "Read text as dates with np.array(times, dtype='datetime64[s]') or pandas.to_datetime(times).to_numpy()."
    return InputTypeError("The times to draw", "dates or numbers", f"{times[0]!r} among them", remedy)


def _groups_of(groups: ArrayLike, n: int) -> NDArray[Any]:
    """Take labels, one for each of n true values."""
    labels = np.asarray(groups)
    if labels.shape != (n,):
        words = f"{n}, one for each true value"
        raise ShapeError("The groups to draw", words, labels.shape, "Give the series that each target belongs to.")
    missing = int(np.count_nonzero(labels != labels))  # noqa: PLR0124 - NaN alone differs from itself
    if missing:
        remedy = "Leave these out, or give each a label of its own."
        raise InputError("The groups to draw", "a label for each true value", f"{missing} missing", remedy)
    return labels


def _parts(times: NDArray[Any], groups: NDArray[Any] | None) -> list[tuple[str, NDArray[np.int64]]]:
    """Choose what to draw: pairs of a heading and the positions, in order of time."""
    order = np.argsort(times, kind="stable")
    labels = [] if groups is None else list(dict.fromkeys(groups.tolist()))
    if len(labels) > 1 and groups is not None:
        chosen = labels[:_MOST_SERIES]
        count = f" ({len(chosen)} of {len(labels)} series shown)" if len(chosen) < len(labels) else ""
        headings = [f"series {label}" for label in chosen]
        headings[0] += count
        return [(heading, order[groups[order] == label]) for heading, label in zip(headings, chosen, strict=True)]
    if len(order) > 2 * _CLOSE_UP:
        return [("all held-out windows", order), (f"the last {_CLOSE_UP} of them", order[-_CLOSE_UP:])]
    return [("all held-out windows", order)]


def _draw_series(panel: Axes, times: NDArray[Any], y: NDArray[Any], prediction: NDArray[Any]) -> None:
    marker = "." if len(times) <= _CLOSE_UP else None
    for values, colour, label in ((y, TRUE, "true"), (prediction, PREDICTED, "predicted")):
        panel.plot(*_broken(times, values), color=colour, linewidth=1.4, marker=marker, label=label, alpha=0.9)
    if times.dtype.kind == "M":
        locator = AutoDateLocator()
        panel.xaxis.set_major_locator(locator)
        panel.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    panel.margins(x=0.01)


def _thinning(n: int) -> int:
    """Say that every so many-th of n points is drawn."""
    return -(-n // _MOST_POINTS)


def _broken(times: NDArray[Any], values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Put a NaN wherever times are missing, so that no line leads across."""
    if len(times) < 3:  # noqa: PLR2004 - two steps are needed to know a usual one
        return times, values
    steps = np.diff(times)
    gaps = np.flatnonzero(steps > 1.5 * np.median(steps)) + 1
    return np.insert(times, gaps, times[gaps - 1]), np.insert(values.astype(np.float64), gaps, np.nan)


def _range(*values: NDArray[np.float64]) -> tuple[float, float]:
    """Bound all values, with a little room; never empty."""
    together = np.concatenate(values)
    together = together[np.isfinite(together)]
    low, high = (float(together.min()), float(together.max())) if len(together) else (0.0, 1.0)
    room = 0.04 * (high - low) or max(abs(low), 1.0) * 0.04
    return low - room, high + room


def _verdict(y: NDArray[Any], prediction: NDArray[Any]) -> str:
    if len(y) < 2 or not np.isfinite(prediction).all():  # noqa: PLR2004 - one value has no variance
        return "predicted against true"
    if float(spread(y, prediction)[0]) < FLAT_SPREAD:
        return "flat"
    share = float(r2(y, prediction)[0])
    return f"{share:.1%} of the variance explained" if share > 0 else "no better than the mean"


def _figures(y: NDArray[Any], prediction: NDArray[Any]) -> str:
    error, ratio = float(mae(y, prediction)[0]), float(spread(y, prediction)[0])
    return f"off by {error:,.3g} on average; spread {ratio:.2f}; {len(y):,} predictions"
