"""Pictures of the first station: what goes into training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from drawing import alike, compare, follow, head, pair, power, say, scores
from training import TRAINING, Network, few, fit, predict, problem

from unflat.style import INK, PREDICTED, SHADE, name_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SEEN = 60
"""Sequences of which single values are drawn."""


def nan_in_data(share: float) -> Figure:
    """Draw the loss by step, with one NaN among the inputs and without."""
    X, y = problem(TRAINING)
    spoiled = X.copy()
    spoiled[17, 4, 1] = np.nan
    found: list[list[float]] = [[], []]
    networks = Network(), Network()
    for network, inputs, losses in zip(networks, (spoiled, X), found, strict=True):
        fit(network, inputs, y, epochs=few(share, 4), on_step=losses.append)
    first = int(np.argmax(np.isnan(found[0])))
    lost = np.mean([bool(weight.isnan().all()) for weight in networks[0].parameters()])
    figure, left, right = pair()
    say(figure, f"After the batch with the NaN, {100 * lost:.0f} % of the weights are NaN")
    head(left, f"Fault: 1 NaN among {X.size:,} values", "every prediction is NaN")
    head(right, "Healthy: the same data without it", scores(y, predict(networks[1], X)))
    for panel, losses in zip((left, right), found, strict=True):
        panel.plot(np.arange(1, len(losses) + 1), losses, color=PREDICTED, linewidth=2.2)
        panel.set_ylim(bottom=0)
        name_axes(panel, "Step", "Loss")
    alike(left, right)
    _lost(left, first)
    return figure


def _lost(panel: Axes, first: int) -> None:
    end = panel.get_xlim()[1]
    panel.axvspan(first + 0.5, end, color=SHADE, linewidth=0, zorder=0)
    panel.annotate(
        f"NaN from step {first + 1} on", ((first + end) / 2, 0.5), xycoords=("data", "axes fraction"), ha="center",
        fontsize=12, color=INK,
    )  # fmt: skip
    panel.set_xlim(right=end)


def constant_target(share: float) -> Figure:
    """Draw a target that was cast to whole numbers, and what is learned of it."""
    X, y = problem(TRAINING)
    parts = ((y - y.min()) / (y.max() - y.min()) * 0.98).astype(np.float32)
    whole = np.floor(parts)
    networks = Network(), Network()
    losses = [
        fit(network, X, target, epochs=few(share, 40))[-1]
        for network, target in zip(networks, (whole, parts), strict=True)
    ]
    figure, left, right = pair()
    say(figure, f"Cast to whole numbers, {len(np.unique(parts))} values become {len(np.unique(whole))}")
    head(left, "Fault: y.astype(int)", f"loss about {power(losses[0])}, R² not defined")
    head(right, "Healthy: y as it is", scores(parts, predict(networks[1], X)))
    follow(left, whole, predict(networks[0], X), explain=True)
    follow(right, parts, predict(networks[1], X))
    alike(left, right)
    return figure


def misaligned_pairs(share: float) -> Figure:
    """Draw held-out predictions where targets were shuffled alone."""
    X, y = problem()
    shuffled = np.random.default_rng(1).permutation(y)
    shown = []
    for target in (shuffled, y):
        network = Network()
        fit(network, X[:TRAINING], target[:TRAINING], epochs=few(share, 40))
        shown.append((target[TRAINING:], predict(network, X[TRAINING:])))
    return compare(
        "Predictions vary, and have nothing to do with their targets",
        "Fault: only y was shuffled",
        "Healthy: both in one order",
        shown[0],
        shown[1],
    )


def swapped_axes(share: float) -> Figure:
    """Draw held-out predictions of a network that steps from feature to feature."""
    X = np.random.default_rng(2).normal(size=(400, 40, 3)).astype(np.float32)
    y = np.maximum(X[:, 20:, :1].max(1), 0) + X[:, -10:, 1].mean(1, keepdims=True)
    y = ((y - y.mean()) / y.std()).astype(np.float32)
    shown = []
    for inputs in (np.ascontiguousarray(X.transpose(0, 2, 1)), X):
        network = Network(features=inputs.shape[-1])
        fit(network, inputs[:TRAINING], y[:TRAINING], epochs=few(share, 60))
        shown.append((y[TRAINING:], predict(network, inputs[TRAINING:])))
    return compare(
        "The same numbers, read from feature to feature",
        "Fault: (n, features, steps)",
        "Healthy: (n, steps, features)",
        shown[0],
        shown[1],
    )
