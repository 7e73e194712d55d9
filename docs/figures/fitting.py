"""Pictures of the fifth station: other data than those of training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from drawing import alike, by_epoch, compare, head, number, pair, say, scores
from sklearn.linear_model import RidgeCV
from training import TRAINING, Network, few, fit, predict, problem

from unflat.style import PREDICTED, SHADE, TRUE, legend, name_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray


def extrapolation(share: float) -> Figure:
    """Draw a rising series, and predictions of its part beyond what was trained on."""
    series = _rising()
    X = np.lib.stride_tricks.sliding_window_view(series, 11)[:, :10, None].copy()
    y = series[10:, None]
    n = len(y) // 2
    network, beside = Network(features=1), Network(features=1)
    line = RidgeCV().fit(X[:n, -1], y[:n])
    rest = (y - line.predict(X[:, -1]).reshape(y.shape)).astype(np.float32)
    fit(network, X[:n], y[:n], epochs=few(share, 60))
    fit(beside, X[:n], rest[:n], epochs=few(share, 60))
    answers = predict(network, X), predict(beside, X) + line.predict(X[:, -1]).ravel()
    figure, left, right = pair()
    say(figure, "The series goes on; the LSTM stays where it was trained")
    for panel, answer, words in (
        (left, answers[0], "Fault: an LSTM alone"), (right, answers[1], "Healthy: beside a straight line"),
    ):  # fmt: skip
        head(panel, words, f"in the shaded part: {scores(y[n:], answer[n:])}")
        panel.axvspan(n, len(y), color=SHADE, zorder=0, linewidth=0)
        panel.plot(y, color=TRUE, linewidth=2.6, label="true")
        panel.plot(answer, color=PREDICTED, linewidth=1.4, label="predicted")
        name_axes(panel, "Time (shaded: not trained on)", "Target")
    alike(left, right)
    legend(left, loc="upper left")
    return figure


def _rising() -> NDArray[np.float32]:
    time = np.arange(370)
    noise = 0.05 * np.random.default_rng(4).normal(size=len(time))
    series = 0.03 * time + 0.4 * np.sin(time / 6) + noise
    first = series[:180]
    return ((series - first.mean()) / first.std()).astype(np.float32)


def overfit(share: float) -> Figure:
    """Draw the loss in training and on held-out data, of a network too large for its data and of one that is not."""
    X, y = problem(steps=20, noise=0.8)
    figure, left, right = pair()
    courses: list[list[float]] = []
    for panel, units, sequences, words in (
        (left, 64, 80, "Fault: 64 units, 80 sequences"),
        (right, 8, 300, "Healthy: 8 units, 300 sequences"),
    ):
        network, held_out = Network(units=units), []
        losses = fit(
            network, X[:sequences], y[:sequences], epochs=few(share, 100), rate=5e-3,
            on_epoch=lambda network=network, held_out=held_out: held_out.append(
                np.mean((predict(network, X[TRAINING:]) - y[TRAINING:, 0]) ** 2)
            ),
        )  # fmt: skip
        by_epoch(panel, losses, TRUE, "training")
        by_epoch(panel, held_out, PREDICTED, "held out")
        head(panel, words, f"held out: {scores(y[TRAINING:], predict(network, X[TRAINING:]))}")
        panel.set_ylim(bottom=0)
        courses.append(held_out)
    alike(left, right)
    legend(left, loc="best")
    best = int(np.argmin(courses[0]))
    say(
        figure,
        f"Held-out loss: {number(courses[0][best])} after {best + 1} epochs, {number(courses[0][-1])} in the end",
    )
    return figure


def no_signal(share: float) -> Figure:
    """Draw held-out predictions where nothing is to be learned, and where a little is."""
    X, _ = problem(2000)
    random = np.random.default_rng(5)
    noise = random.normal(size=(2000, 1)).astype(np.float32)
    signal = X[:, -1, :1] / X[:, -1, :1].std()
    shown = []
    for weight in (0.0, 0.5):
        y = (weight * signal + np.sqrt(1 - weight**2) * noise).astype(np.float32)
        network = Network(units=8)
        fit(network, X[:1500], y[:1500], epochs=few(share, 6), rate=3e-3, batch=64)
        shown.append((y[1500:], predict(network, X[1500:])))
    return compare(
        "Nothing to learn: flat is right. A weak signal: spread about √R²",
        "No signal",
        "Weak signal: a quarter of the variance",
        shown[0],
        shown[1],
    )
