"""Pictures of the fourth station: training itself, from the first step to the last state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from drawing import alike, by_epoch, compare, head, level, number, pair, power, say, scores, spread_of, tiles
from torch import nn
from training import TRAINING, Network, few, fit, gradient_norm, predict, problem, states

from unflat.style import PREDICTED, SHADE, TRUE, legend, name_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray


def _two_losses(
    finding: str, fault: tuple[str, Network, list[float]], healthy: tuple[str, Network, list[float]]
) -> Figure:
    """Draw the loss of two trainings on the same axes, with spread and R² of each."""
    X, y = problem(TRAINING)
    figure, left, right = pair()
    say(figure, finding)
    for panel, (words, network, losses) in ((left, fault), (right, healthy)):
        head(panel, words, scores(y, predict(network, X)))
        by_epoch(panel, losses)
    alike(left, right)
    top = min(left.get_ylim()[1], 2.5)  # a first loss that is thrown out would hide all others
    for panel in (left, right):
        panel.set_ylim(0, max(1.2, top))
        level(panel, 1.0, "always answering the mean" if panel is right else "")
    return figure


def _trained(share: float, rate: float = 1e-2, epochs: int = 40, batch: int = 32) -> tuple[Network, list[float]]:
    X, y = problem(TRAINING)
    network = Network()
    return network, fit(network, X, y, epochs=few(share, epochs), rate=rate, batch=batch)


def too_few_updates(share: float) -> Figure:
    """Draw the loss of a training that ended on its way down, beside a longer one."""
    short, long = _trained(share, rate=1e-3, epochs=6, batch=128), _trained(share, rate=1e-3, epochs=150, batch=128)
    steps = [len(losses) * -(-TRAINING // 128) for _, losses in (short, long)]
    return _two_losses(
        f"Stopped after {steps[0]} steps, with the loss still on its way down",
        (f"Fault: {steps[0]} steps", *short),
        (f"Healthy: {steps[1]:,} steps", *long),
    )


def rate_too_low(share: float) -> Figure:
    """Draw the loss at a rate that is too low, beside a usual one."""
    slow, usual = _trained(share, rate=1e-5), _trained(share)
    return _two_losses(
        f"In {len(slow[1])} epochs the loss fell from {number(slow[1][0])} to {number(slow[1][-1])}",
        ("Fault: rate 0.00001", *slow),
        ("Healthy: rate 0.01", *usual),
    )


def rate_too_high(share: float) -> Figure:
    """Draw the loss at a rate that is too high, beside a usual one."""
    fast, usual = _trained(share, rate=2.0), _trained(share)
    rises = np.diff(fast[1])
    return _two_losses(
        f"The loss rose in {np.sum(rises > 0)} of {len(rises)} epochs: each step leaps over the goal",
        ("Fault: rate 2", *fast),
        ("Healthy: rate 0.01", *usual),
    )


def gradient_clipped(share: float) -> Figure:
    """Draw the length of the gradient by step, and what it was cut to."""
    X, y = problem(TRAINING)
    figure, left, right = pair()
    kept = []
    for panel, clip, words in ((left, 0.01, "Fault: cut to 0.01"), (right, 1.0, "Healthy: cut to 1")):
        network, lengths = Network(), []
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
        fit(
            network, X, y, epochs=few(share, 20), optimizer=optimizer, clip=clip,
            on_step=lambda _, network=network, lengths=lengths: lengths.append(gradient_norm(network)),
        )  # fmt: skip
        kept.append(clip / np.median(lengths))
        head(panel, words, f"SGD, rate 0.1; {scores(y, predict(network, X))}")
        panel.plot(np.arange(1, len(lengths) + 1), lengths, color=PREDICTED, linewidth=0.9, label="as computed")
        panel.axhline(clip, color=TRUE, linewidth=2.2, label="cut to this")
        panel.set_yscale("log")
        name_axes(panel, "Step", "Length of the gradient")
    alike(left, right)
    legend(right, loc="lower left")
    say(figure, f"Of a usual gradient {100 * kept[0]:.0f} % is left, at every step")
    return figure


class _Rectified(nn.Module):
    """A dense layer with ReLU whose units a step that was too large may have pushed far down."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.dense = nn.Linear(16, 16)
        nn.init.constant_(self.dense.bias, bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.dense(x))


def dead_units(share: float) -> Figure:
    """Draw which units of a rectified layer are at work on which sequence."""
    X, y = problem(TRAINING)
    figure, left, right = pair()
    dead = []
    for panel, bias, words in ((left, -20.0, "Fault: biases thrown to −20"), (right, 0.0, "Healthy: biases from 0")):
        network = Network(between=_Rectified(bias))
        fit(network, X, y, epochs=few(share, 40))
        with torch.no_grad():
            activity = network.between(network.lstm(torch.from_numpy(X))[0][:, -1]).double().numpy()
        dead.append(int((activity == 0).all(0).sum()))
        head(panel, words, scores(y, predict(network, X)))
        tiles(panel, activity[np.argsort(y[:, 0])[::6]] / max(activity.max(), 1e-9), x="Unit (white: 0)", y="Sequence")
        panel.set_xticks([0, 5, 10, 15], ["1", "6", "11", "16"])
    alike(left, right)
    say(figure, f"{dead[0]} of 16 ReLU units give 0, whatever the sequence")
    return figure


def saturated_gates(share: float) -> Figure:
    """Draw where the values of the gates lie."""
    X, y = problem(TRAINING)
    figure, left, right = pair()
    beyond = []
    for panel, offset, words in (
        (left, 50.0, "Fault: biases begin at ±50"),
        (right, 0.0, "Healthy: biases begin near 0"),
    ):
        network = Network()
        with torch.no_grad():
            network.lstm.bias_ih_l0 += offset * network.lstm.bias_ih_l0.sign()
        fit(network, X, y, epochs=few(share, 40))
        values = _input_gates(network, X).ravel()
        beyond.append(np.mean(np.abs(2 * values - 1) > 0.97))
        head(panel, words, scores(y, predict(network, X)))
        panel.hist(values, bins=np.linspace(0, 1, 41), weights=np.full(values.size, 100 / values.size), color=PREDICTED)
        name_axes(panel, "Value of the input gate", "Share of all values, %")
    alike(left, right)
    say(figure, f"{100 * beyond[0]:.0f} % of the gate's values stand at 0 or at 1")
    return figure


def _input_gates(network: Network, X: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compute the input gates after each step but the first, from the states before it."""
    lstm, x = network.lstm, torch.from_numpy(X)
    with torch.no_grad():
        before = lstm(x)[0][:, :-1]
        sums = x[:, 1:] @ lstm.weight_ih_l0.T + before @ lstm.weight_hh_l0.T + lstm.bias_ih_l0 + lstm.bias_hh_l0
    return torch.sigmoid(sums[..., : network.lstm.hidden_size]).double().numpy()


def too_deep_narrow(share: float) -> Figure:
    """Draw how much states differ between sequences, layer by layer."""
    X, y = problem(TRAINING)
    figure, left, right = pair()
    kept = []
    for panel, layers, units, words in (
        (left, 8, 4, "Fault: 8 layers of 4 units"),
        (right, 2, 32, "Healthy: 2 layers of 32 units"),
    ):
        network = Network(units=units, layers=layers)
        fit(network, X, y, epochs=few(share, 20), rate=1e-3)
        deviations = _by_layer(network, X)
        kept.append(deviations[-1] / deviations[0])
        head(panel, words, scores(y, predict(network, X)))
        panel.bar(np.arange(1, layers + 1), deviations, color=PREDICTED, width=0.7)
        panel.set_yscale("log")
        panel.set_xticks(range(1, 9))
        panel.set_xlim(0.3, 8.7)
        name_axes(panel, "Layer", "Deviation of its last state")
    alike(left, right)
    say(figure, f"Of what differs in layer 1, {power(kept[0])} is left in layer 8")
    return figure


def _by_layer(network: Network, X: NDArray[np.float32]) -> NDArray[np.float64]:
    with torch.no_grad():
        _, (final, _) = network.lstm(torch.from_numpy(X))
    return final.std(dim=1).mean(dim=1).double().numpy()


def _early_signal(steps: int, n: int = TRAINING) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Make noise whose first three steps tell the target."""
    X = np.random.default_rng(3).normal(size=(n, steps, 2)).astype(np.float32)
    y = X[:, :3, :1].mean(1)
    return X, (y - y.mean()) / y.std()


def vanishing_gradient(share: float) -> Figure:
    """Draw how much of the error gets back to each step."""
    X, y = _early_signal(160)
    figure, left, right = pair()
    ratios = []
    for panel, read, words in (
        (left, "last", "Fault: only the last step is read"),
        (right, "pooled", "Healthy: all steps are read"),
    ):
        network = Network(features=2, read=read)
        fit(network, X, y, epochs=few(share, 25))
        sizes = _gradient_by_step(network, X, y)
        ratios.append(sizes[:3].max() / sizes.max())
        head(panel, words, scores(y, predict(network, X)))
        panel.plot(np.arange(1, len(sizes) + 1), sizes, color=PREDICTED, linewidth=2.2)
        panel.set_yscale("log")
        name_axes(panel, "Time step (shaded: what matters)", "Gradient of the loss")
    alike(left, right)
    for panel in (left, right):
        panel.axvspan(0.5, 3.5, color=SHADE, zorder=0)
    say(figure, f"What matters comes first, and gets {power(ratios[0])} of the largest gradient")
    return figure


def _gradient_by_step(network: Network, X: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float64]:
    x = torch.from_numpy(X).requires_grad_()
    (network(x) - torch.from_numpy(y)).square().mean().backward()
    return x.grad.norm(dim=-1).mean(0).double().numpy()


def padding_unmasked(share: float) -> Figure:
    """Draw one unit's state over steps that are data and then padding."""
    X, y = problem(TRAINING)
    padded = np.concatenate([X, np.zeros((len(X), 60, 3), dtype=np.float32)], axis=1)
    figure, left, right = pair()
    left_over = np.zeros(2)
    for panel, read, words in (
        (left, "last", "Fault: the last step is read"),
        (right, "true end", "Healthy: the last true step is read"),
    ):
        network = Network(read=read)
        fit(network, padded, y, epochs=few(share, 25))
        course = states(network, padded)
        head(panel, words, scores(y, predict(network, padded)))
        unit = int(np.argmax(course[:, 9].std(0)))
        panel.plot(np.arange(1, 71), course[::25, :, unit].T, color=PREDICTED, linewidth=1.4, alpha=0.8)
        panel.axvspan(10.5, 70, color=SHADE, zorder=0, linewidth=0)
        step = 70 if read == "last" else 10
        panel.plot(
            np.full(12, step), course[::25, step - 1, unit], "o", color=TRUE, markersize=5, label="what the head reads"
        )
        if panel is left:
            left_over = course[:, [9, -1]].std(0).mean(-1)
        name_axes(panel, "Time step (shaded: padding)", "State of one unit")
    alike(left, right)
    legend(right, loc="upper right", borderaxespad=0.2)
    say(
        figure,
        f"States differ by {number(left_over[0])} before the padding, by {number(left_over[1])} after it",
    )
    return figure


def last_step_forgets(share: float) -> Figure:
    """Draw spread by the length of sequences, for two ways to read them."""
    lengths = (10, 20, 40, 80, 160)
    figure, left, right = pair()
    worst: list[float] = []
    for panel, read, words in (
        (left, "last", "Fault: only the last step is read"),
        (right, "pooled", "Healthy: last, mean and maximum"),
    ):
        found = []
        for steps in lengths:
            X, y = _early_signal(steps)
            network = Network(features=2, read=read)
            fit(network, X, y, epochs=few(share, 25))
            found.append(spread_of(y, predict(network, X)))
        head(panel, words, "the first three steps tell the target")
        panel.plot(lengths, found, "o-", color=PREDICTED, linewidth=2.2)
        panel.set_xscale("log", base=2)
        panel.set_xticks(lengths, [str(steps) for steps in lengths])
        name_axes(panel, "Time steps of a sequence", "Spread")
        panel.set_ylim(0, 1.08)
        worst.append(found[-1])
    alike(left, right)
    say(figure, f"The longer the sequence, the flatter: spread {number(worst[0])} at {lengths[-1]} steps")
    return figure


def over_regularised(share: float) -> Figure:
    """Draw training predictions with much dropout, and with none."""
    X, y = problem(TRAINING)
    shown = []
    for rate in (0.9, 0.0):
        network = Network(between=nn.Dropout(rate))
        decay = torch.optim.AdamW(network.parameters(), lr=1e-2, weight_decay=4.0 if rate else 0.0)
        fit(network, X, y, epochs=few(share, 40), optimizer=decay)
        shown.append((y, predict(network, X)))
    return compare(
        "Squeezed towards the mean, on the training data too",
        "Fault: dropout 0.9, decay 4",
        "Healthy: neither of them",
        shown[0],
        shown[1],
    )
