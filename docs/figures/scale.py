"""Pictures of the second station: numbers that are not of about 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from document import trained_on
from drawing import alike, compare, dots, follow, head, number, pair, power, say, scores, tiles
from training import TRAINING, Network, few, fit, predict, problem, states

from unflat.metrics import mae
from unflat.style import name_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def target_scale(share: float) -> Figure:
    """Draw predictions of a raw target, and of the same target standardized and brought back."""
    X, y = problem(TRAINING)
    mean, std = 500, 100
    raw, scaled = Network(), Network()
    units = (mean + std * y).astype(np.float32)
    fit(raw, X, units, epochs=few(share, 40))
    fit(scaled, X, y, epochs=few(share, 40))
    answers = predict(raw, X)
    return compare(
        f"Every prediction is about {number(answers.mean())}; the targets lie around {number(units.mean())}",
        "Fault: raw target",
        "Healthy: scaled, and brought back",
        (units, answers),
        (units, mean + std * predict(scaled, X)),
    )


def input_scale(share: float) -> Figure:
    """Draw the last states of sequences, of raw inputs and of scaled ones."""
    X, y = problem(TRAINING)
    figure, left, right = pair()
    say(figure, "Raw inputs: sequences leave nearly the same state")
    for panel, inputs, words in (
        (left, 5000 + 1000 * X, "Fault: inputs around 5,000"),
        (right, X, "Healthy: inputs around 0"),
    ):
        network = Network()
        fit(network, inputs, y, epochs=few(share, 40))
        head(panel, words, scores(y, predict(network, inputs)))
        order = np.argsort(y[:, 0])[::6]
        tiles(panel, states(network, inputs)[order, -1], x="Unit (orange −1, white 0, blue 1)", y="Sequence")
        panel.set_xticks([0, 5, 10, 15], ["1", "6", "11", "16"])
    alike(left, right)
    return figure


def target_scaled_by_other_column(share: float) -> Figure:
    """Draw the errors of the document's network by the target, scaled in two ways."""
    figure, left, right = pair()
    errors = []
    for panel, scaling, words in (
        (left, "document", "Fault: by the inputs' numbers"),
        (right, "own", "Healthy: by its own numbers"),
    ):
        run = trained_on(scaling, share)
        errors.append(float(mae(run.y, run.prediction)[0]))
        head(panel, words, scores(run.y, run.prediction))
        dots(panel, run.y[::20], (run.prediction - run.y)[::20])
        name_axes(panel, "True", "Error of the prediction")
    alike(left, right)
    say(figure, f"Off by {number(errors[0])} on average, where {number(errors[1])} is possible")
    return figure


def degenerate_scale(share: float) -> Figure:
    """Draw predictions of new data, of which one column was divided by next to nothing."""
    X, y = problem()
    random = np.random.default_rng(1)
    column = 0.3 + 1e-9 * random.normal(size=X.shape[:2])
    column[TRAINING:] += 0.001
    divisor = column[:TRAINING].std()
    shown = []
    for scale in (divisor, 1.0):
        inputs = X.copy()
        inputs[:, :, 2] = (column - column[:TRAINING].mean()) / scale
        network = Network()
        fit(network, inputs[:TRAINING], y[:TRAINING], epochs=few(share, 40))
        shown.append((y[TRAINING:], predict(network, inputs[TRAINING:])))
    return compare(
        f"0.300 became 0.301 in new data: {number(0.001 / divisor)} deviations",
        f"Fault: divided by {power(divisor)}",
        "Healthy: not divided",
        shown[0],
        shown[1],
    )


def outliers_own_scale(share: float) -> Figure:
    """Draw scaled targets with one outlier among them, and with the outlier clipped."""
    X, y = problem(TRAINING)
    units = 10 + 2 * y
    units[120] = 1000
    low, middle, high = np.quantile(units, [0.25, 0.5, 0.75])
    bounded = np.clip(units, *np.quantile(units, [0.01, 0.99]))
    ways = ((units - units.mean()) / units.std(), (bounded - middle) / (high - low))
    ordinary = np.arange(TRAINING) != 120
    figure, left, right = pair()
    for panel, target, words in (
        (left, ways[0].astype(np.float32), "Fault: one value of 1,000 among 10s"),
        (right, ways[1].astype(np.float32), "Healthy: clipped, robust scale"),
    ):
        network = Network()
        fit(network, X, target, epochs=few(share, 40))
        answers = predict(network, X)
        head(panel, words, f"the other {ordinary.sum()}: {scores(target[ordinary], answers[ordinary])}")
        follow(panel, target, answers, explain=panel is left)
        name_axes(panel, "Sequences, from low to high", "Scaled target")
    alike(left, right)
    left.set_ylim(right.get_ylim())
    left.annotate(
        f"the outlier lies at {number(ways[0].max())}", (0.97, 0.9), xytext=(0.97, 0.8), xycoords="axes fraction",
        ha="right", fontsize=11,
    )  # fmt: skip
    say(figure, f"Scaled with the outlier, the others have a deviation of {number(ways[0][ordinary].std())}")
    return figure


def predict_scale_mismatch(share: float) -> Figure:
    """Draw predictions of one network, given raw inputs and given scaled ones."""
    X, y = problem()
    network = Network()
    fit(network, X[:TRAINING], y[:TRAINING], epochs=few(share, 40))
    new, true = X[TRAINING:], y[TRAINING:]
    return compare(
        "One network, the same new data: scaled in training, raw in use",
        "Fault: predict(raw inputs)",
        "Healthy: predict(scaled inputs)",
        (true, predict(network, 200 + 50 * new)),
        (true, predict(network, new)),
    )


def inverse_forgotten(share: float) -> Figure:
    """Draw predictions in scaled units beside true values in their own."""
    X, y = problem(TRAINING)
    network = Network()
    fit(network, X, y, epochs=few(share, 40))
    true, answers = 1400 + 300 * y, predict(network, X)
    together = np.corrcoef(true[:, 0], answers)[0, 1]
    figure, left, right = pair()
    say(figure, f"They follow the target (correlation {number(together)}), in other units")
    head(left, "Fault: as the network answers", scores(true, answers))
    head(right, "Healthy: answer · 300 + 1,400", scores(true, 300 * answers + 1400))
    follow(left, true, answers, explain=True)
    follow(right, true, 300 * answers + 1400)
    alike(left, right)
    return figure
