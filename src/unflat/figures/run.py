"""All pictures of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unflat.figures.fit import agreement_figure, ordered_figure, over_time_figure, training_figure
from unflat.style import save
from unflat.windows import Windows

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from unflat.estimator import LSTMRegressor
    from unflat.runs import Outcome

_MOST_OUTPUTS = 6
"""Outputs that are drawn, the first ones: beyond that pictures are looked at by nobody."""


def draw_run(outcome: Outcome, folder: Path) -> None:
    """Draw what a run came to: its loss, its predictions against the truth, and both in their order.

    Parameters
    ----------
    outcome : Outcome
        The run.
    folder : Path
        Where the pictures go: `loss.png`, of several networks the first one's; for each output `agreement.png` and
        `predictions.png`, with the output's number in the name where there are several.

    Raises
    ------
    OutputError
        If a picture cannot be written.
    """
    save(_training(outcome.model), folder / "loss.png")
    names = outcome.model.target_names_
    true = outcome.test.targets.reshape(-1, len(names))
    predicted = outcome.prediction.reshape(true.shape)
    for output, name in enumerate(names[:_MOST_OUTPUTS]):
        horizon = _horizon(outcome, output)
        number = "" if len(names) == 1 else f"-{output + 1}"
        pair = true[:, output], predicted[:, output]
        save(agreement_figure(*pair, name=name), folder / f"agreement{number}.png")
        save(_in_order(outcome, *pair, name, horizon), folder / f"predictions{number}.png")


def _training(model: LSTMRegressor) -> Figure:
    told, histories = model.history_, model.histories_
    several = f"network {histories.index(told) + 1} of {len(histories)}" if len(histories) > 1 else ""
    return training_figure(told, network=several)


def _horizon(outcome: Outcome, output: int) -> int:
    windows = outcome.test.X
    return windows.schema.output_horizons[output] if isinstance(windows, Windows) else 0


def _in_order(outcome: Outcome, true: NDArray[Any], predicted: NDArray[Any], name: str, horizon: int) -> Figure:
    """Draw over time where there is time, over the rows of a table where there is none, else from low to high."""
    windows = outcome.test.X
    if not isinstance(windows, Windows):
        return ordered_figure(true, predicted, name=name)
    times, time_name = windows.times_at(horizon), windows.schema.time
    if times is None or time_name is None:
        rows = windows.rows_at(horizon)
        return over_time_figure(rows, true, predicted, name=name, groups=windows.groups, time_name="row")
    return over_time_figure(times.to_numpy(), true, predicted, name=name, groups=windows.groups, time_name=time_name)
