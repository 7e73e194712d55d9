"""Pictures of the third station: the last layer, shapes and modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from drawing import (
    alike,
    by_epoch,
    compare,
    dots,
    head,
    level,
    number,
    pair,
    say,
    scores,
    spread_of,
    tiles,
)
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from torch import nn
from training import TRAINING, Network, few, fit, predict, problem

from unflat.style import INK, PREDICTED, TRUE, legend, name_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def output_range(share: float) -> Figure:
    """Draw what a sigmoid as the last layer can give."""
    X, y = problem(TRAINING)
    bounded, linear = Network(behind=nn.Sigmoid()), Network()
    for network in (bounded, linear):
        fit(network, X, y, epochs=few(share, 40))
    answers = predict(bounded, X)
    beyond = np.mean((y < 0) | (y > 1))
    return compare(
        f"{100 * beyond:.0f} % of the targets lie outside [0, 1], where a sigmoid ends",
        "Fault: sigmoid last",
        "Healthy: linear last layer",
        (y, answers),
        (y, predict(linear, X)),
    )


def loss_broadcast(share: float) -> Figure:
    """Draw the matrix that (8, 1) minus (8,) is, and what it was meant to be."""
    X, y = problem(TRAINING)
    crossed, plain = Network(), Network()
    fit(crossed, X, y[:, 0], epochs=few(share, 40))
    fit(plain, X, y, epochs=few(share, 40))
    early = Network()
    fit(early, X, y, epochs=1)  # errors that are small already would not be seen
    errors = (predict(early, X)[:8, None] - y[:8, 0]) ** 2
    figure, left, right = pair()
    say(figure, f"{errors.size} errors where {len(errors)} are meant: each prediction against all targets")
    for panel, values, network, words in (
        (left, errors, crossed, "Fault: (8, 1) minus (8,)"),
        (right, np.diag(errors)[:, None], plain, "Healthy: (8, 1) minus (8, 1)"),
    ):
        head(panel, words, f"trained so: {scores(y, predict(network, X))}")
        tiles(panel, values, x="Target", y="Prediction", most=float(errors.max()))
        panel.set_xlim(-0.5, 7.5)
        panel.set(xticks=range(values.shape[1]), yticks=range(8))
        panel.set_xticklabels([str(place + 1) for place in range(values.shape[1])])
        panel.set_yticklabels([str(place + 1) for place in range(8)])
    for place in range(8):
        left.add_patch(_frame(place, place))
        right.add_patch(_frame(0, place))
    right.set_xticks([0])
    right.set_xticklabels(["its own\ntarget"])
    name_axes(right, "", "")
    right.annotate("squared error:\nthe bluer, the larger", (3.9, 3.5), ha="center", fontsize=10.5, color=INK)
    return figure


def _frame(x: int, y: int) -> Rectangle:
    return Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, edgecolor=TRUE, linewidth=2)


def sequences_returned(share: float) -> Figure:
    """Draw the answers at every step beside one answer a sequence."""
    X, y = problem(TRAINING)
    each, last = Network(read="each"), Network()
    fit(each, X, y[:, None], epochs=few(share, 40))
    fit(last, X, y, epochs=few(share, 40))
    answers, final = predict(each, X), predict(last, X)
    figure, left, right = pair()
    say(
        figure,
        f"{answers.shape[1]} answers a sequence: the first have a spread of {number(spread_of(y, answers[:, 0]))}",
    )
    head(left, "Fault: prediction (n, T, 1)", f"last step: {scores(y, answers[:, -1])}")
    head(right, "Healthy: prediction (n, 1)", scores(y, final))
    chosen = np.argsort(y[:, 0])[15::45]
    steps = np.arange(1, answers.shape[1] + 1)
    left.plot(steps, answers[chosen].T, color=PREDICTED, linewidth=1.6, alpha=0.8)
    dots(right, np.full(len(chosen), steps[-1]), final[chosen], label="predicted")
    for panel in (left, right):
        panel.plot(np.full(len(chosen), steps[-1] + 0.7), y[chosen, 0], "<", color=TRUE, markersize=7, label="true")
        panel.set_xlim(0.5, steps[-1] + 1.2)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        name_axes(panel, "Time step", "Target")
    alike(left, right)
    legend(right, loc="upper left")
    return figure


class _Normalized(nn.Module):
    """Batch normalization of (B, units) whose running statistics follow at a rate."""

    def __init__(self, momentum: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(16, momentum=momentum)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x)


def stale_mode(share: float) -> Figure:
    """Draw one network's predictions by running statistics that never followed, and by those that did."""
    X, y = problem(TRAINING)
    stale, followed = (Network(between=_Normalized(momentum)) for momentum in (1e-4, 0.1))
    for network in (stale, followed):
        fit(network, X, y, epochs=few(share, 40))
    return compare(
        "Trained alike: only the running statistics differ",
        "Fault: statistics stayed behind",
        "Healthy: statistics followed",
        (y, predict(stale, X)),
        (y, predict(followed, X)),
    )


def frozen_parameters(share: float) -> Figure:
    """Draw the loss of a network whose weights the optimizer does not hold."""
    X, y = problem(TRAINING)
    frozen, free = Network(), Network()
    before = [weight.detach().clone() for weight in frozen.parameters()]
    held = torch.optim.Adam(Network().parameters(), lr=1e-2)  # made of other weights, as when a layer is replaced after
    epochs = few(share, 40)
    losses = fit(frozen, X, y, epochs=epochs, optimizer=held), fit(free, X, y, epochs=epochs)
    moved = sum(bool((one != other).any()) for one, other in zip(before, frozen.parameters(), strict=True))
    figure, left, right = pair()
    say(figure, f"{moved} of {len(before)} arrays of weights moved: the loss stays at {number(losses[0][-1])}")
    head(left, "Fault: optimizer made too early", scores(y, predict(frozen, X)))
    head(right, "Healthy: it holds all weights", scores(y, predict(free, X)))
    for panel, values in zip((left, right), losses, strict=True):
        by_epoch(panel, values)
        panel.set_ylim(0, 1.2)
        level(panel, 1.0, "always answering the mean" if panel is right else "")
    alike(left, right)
    return figure
