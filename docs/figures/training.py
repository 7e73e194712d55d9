"""Small networks that are really trained, as people train them, from fixed weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TRAINING = 300
"""Sequences to train on; the rest of a problem is held out."""


class Network(nn.Module):
    """An LSTM and a linear head, with something between or behind them.

    Parameters
    ----------
    features, units, layers : int
        Features of a step, units of each layer, and how many layers.
    read : {"last", "pooled", "each", "true end"}
        What the head reads: the last state; the last, their mean and their maximum; each state; the state at the last
        step that is not all zeros.
    between, behind : Module or None
        What stands before the head, and after it.
    """

    def __init__(
        self,
        *,
        features: int = 3,
        units: int = 16,
        layers: int = 1,
        read: Literal["last", "pooled", "each", "true end"] = "last",
        between: nn.Module | None = None,
        behind: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.read = read
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.lstm = nn.LSTM(features, units, layers, batch_first=True)
            self.between = between or nn.Identity()
            self.head = nn.Linear(units * (3 if read == "pooled" else 1), 1)
            self.behind = behind or nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predict (B, 1) from (B, T, F), or (B, T, 1) if each state is read."""
        states, _ = self.lstm(x)
        result: torch.Tensor = self.behind(self.head(self.between(self._summary(states, x))))
        return result

    def _summary(self, states: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        if self.read == "each":
            return states
        if self.read == "pooled":
            return torch.cat([states[:, -1], states.mean(1), states.amax(1)], dim=-1)
        if self.read == "true end":
            return states[torch.arange(len(x)), last_true_step(x)]
        return states[:, -1]


def last_true_step(x: torch.Tensor) -> torch.Tensor:
    """Find the last step of each sequence (B, T, F) that is not all zeros."""
    steps = torch.arange(x.shape[1])
    return torch.where(x.abs().sum(-1) > 0, steps, 0).amax(1)


def problem(n: int = 400, steps: int = 10, noise: float = 0.1) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Make smooth sequences of three features, and a target of mean 0 and deviation 1 that they tell.

    Parameters
    ----------
    n, steps : int
        How many sequences, and how long.
    noise : float
        Deviation of what they do not tell; the rest has one of about 1.

    Returns
    -------
    X : ndarray of shape (n, steps, 3), float32
        Each feature has mean 0 and deviation 1.
    y : ndarray of shape (n, 1), float32
        The targets.
    """
    random = np.random.default_rng(0)
    X = np.cumsum(random.normal(size=(n, steps, 3)), axis=1)
    X = (X - X.mean((0, 1))) / X.std((0, 1))
    y = X[:, -1, :1] + 0.5 * np.tanh(2 * X[:, :, 1].mean(1, keepdims=True)) + noise * random.normal(size=(n, 1))
    return X.astype(np.float32), ((y - y.mean()) / y.std()).astype(np.float32)


def few(share: float, epochs: int) -> int:
    """Give a share of epochs, at least one: with a small share a picture is made to see that it can be made."""
    return max(1, round(share * epochs))


def _mean_square(prediction: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (prediction - y).square().mean()


def fit(
    network: nn.Module,
    X: NDArray[np.float32],
    y: NDArray[np.float32],
    *,
    epochs: int,
    rate: float = 1e-2,
    batch: int = 32,
    optimizer: torch.optim.Optimizer | None = None,
    clip: float | None = None,
    on_step: Callable[[float], None] | None = None,
    on_epoch: Callable[[], None] | None = None,
) -> list[float]:
    """Train by mean squared error, the plain way, and leave the network in evaluation mode.

    Parameters
    ----------
    network : Module
        Is changed.
    X, y : ndarray of shape (n, T, F) and (n, 1) or (n,)
        As the network and the loss get them.
    epochs, batch : int
        Passes, and sequences of a step.
    rate : float
        Of Adam, if there is no other optimizer.
    optimizer : torch.optim.Optimizer or None
        In place of Adam.
    clip : float or None
        Largest norm of the gradient.
    on_step, on_epoch : callable or None
        Called with the loss after each gradient, before the step; and after each pass.

    Returns
    -------
    list of float
        The mean loss of each epoch.
    """
    optimizer = optimizer or torch.optim.Adam(network.parameters(), lr=rate)
    inputs, targets, losses = torch.from_numpy(X), torch.from_numpy(y), []
    with torch.random.fork_rng():
        torch.manual_seed(0)  # dropout draws from the global generator, which is put back after
        for _ in range(epochs):
            network.train()
            total = 0.0
            for index in torch.randperm(len(inputs)).split(batch):
                optimizer.zero_grad()
                loss = _mean_square(network(inputs[index]), targets[index])
                loss.backward()
                total += loss.item() * len(index)
                if on_step is not None:
                    on_step(loss.item())
                if clip is not None:
                    nn.utils.clip_grad_norm_(network.parameters(), clip)
                optimizer.step()
            network.eval()
            losses.append(total / len(inputs))
            if on_epoch is not None:
                on_epoch()
    return losses


def predict(network: nn.Module, X: NDArray[np.float32]) -> NDArray[np.float64]:
    """Predict, as the network stands: (n,), or (n, T) if it answers at every step."""
    with torch.no_grad():
        return network(torch.from_numpy(X)).squeeze(-1).double().numpy()


def states(network: Network, X: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give the states of the last layer after each step, (n, T, units)."""
    with torch.no_grad():
        return network.lstm(torch.from_numpy(X))[0].double().numpy()


def gradient_norm(network: nn.Module) -> float:
    """Measure the length of the gradient that stands in a network's weights."""
    squares = [weight.grad.square().sum() for weight in network.parameters() if weight.grad is not None]
    return float(torch.stack(squares).sum().sqrt())
