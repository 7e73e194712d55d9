"""A module and a training loop."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from benchmarks.faults.frameworks.asking import ask
from benchmarks.faults.program import Trained
from torch import Tensor, nn

if TYPE_CHECKING:
    from benchmarks.faults.program import Network, Pairs, Prepared, Program

    from unflat.diagnosis import Diagnosis

_ACTIVATIONS = {
    "linear": nn.Identity, "relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "softplus": nn.Softplus,
}  # fmt: skip


class Net(nn.Module):
    """A convolution perhaps, recurrent layers, the last state, dense layers, one number."""

    def __init__(self, network: Network, features: int) -> None:
        super().__init__()
        cell = {"lstm": nn.LSTM, "gru": nn.GRU}[network.cell]
        units, ways = network.units[-1], 1 + network.bidirectional
        self.filters = nn.Conv1d(features, network.filters, 3, padding=1) if network.filters else None
        self.recurrent = cell(
            network.filters or features, units, len(network.units), batch_first=True, bidirectional=ways > 1
        )
        units *= ways
        self.every_step = network.every_step
        parts: list[nn.Module] = []
        if network.norm is not None:
            parts.append(nn.BatchNorm1d(units, momentum=1 - network.norm))
        for width in network.dense:
            parts += [nn.Linear(units, width), _ACTIVATIONS[network.dense_activation]()]
            nn.init.constant_(parts[-2].bias, network.dense_bias) if network.dense_bias else None
            units = width
        if network.dropout:
            parts.append(nn.Dropout(network.dropout))
        parts.append(nn.Linear(units, 1))
        if network.head == "softmax":
            parts.append(nn.Softmax(dim=-1))
        elif network.head != "linear":
            parts.append(_ACTIVATIONS[network.head]())
        self.head = nn.Sequential(*parts)
        if network.weights_deviation is not None:
            for name, parameter in self.recurrent.named_parameters():
                if "weight" in name:
                    nn.init.normal_(parameter, std=network.weights_deviation)

    def forward(self, x: Tensor) -> Tensor:
        """Predict: (n, T, F) to (n, 1)."""
        if self.filters is not None:
            x = torch.relu(self.filters(x.transpose(1, 2))).transpose(1, 2)
        states, _ = self.recurrent(x)
        prediction: Tensor = self.head(states if self.every_step else states[:, -1])
        return prediction


def train(program: Program, prepared: Prepared) -> Trained:
    """Run the loop that is in every tutorial."""
    torch.manual_seed(program.seed)
    torch.set_num_threads(1)
    net = Net(program.network, prepared.data.training.X.shape[2])
    optimizer = _optimizer(program, net)
    x, y = _tensors(prepared.data.training, column=program.style == 1)
    x_new, y_new = _tensors(prepared.data.held_out, column=program.style == 1)
    losses: list[float] = []
    best, kept, waited = np.inf, None, 0
    for _ in range(program.training.epochs):
        losses.append(_epoch(program, net, optimizer, x, y))
        if program.training.patience is None:
            continue
        net.eval()
        with torch.no_grad():
            error = float(_loss(program, net(x_new), y_new))
        waited += 1
        if error < best:
            best, kept, waited = error, copy.deepcopy(net.state_dict()), 0
        if waited > program.training.patience:
            break
    if kept is not None:
        net.load_state_dict(kept)
    net.train(program.training.left_in_training_mode)
    return Trained(net, losses, "mse" if program.style == 0 else nn.MSELoss(), optimizer)


def diagnosed(program: Program, prepared: Prepared, trained: Trained) -> Diagnosis:
    """Ask about the module, with its optimizer."""
    return ask(program, prepared, trained, column=program.style == 1 and not program.training.broadcast)


def _epoch(program: Program, net: Net, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> float:
    net.train()
    total = 0.0
    for index in torch.randperm(len(x)).split(program.training.batch):
        optimizer.zero_grad()
        loss = _loss(program, net(x[index]), y[index])
        loss.backward()
        if program.training.clip is not None:
            torch.nn.utils.clip_grad_norm_(net.parameters(), program.training.clip)
        optimizer.step()
        total += float(loss.detach()) * len(index)
    return total / len(x)


def _loss(program: Program, prediction: Tensor, y: Tensor) -> Tensor:
    """Square the errors; in the first way of writing it predictions are squeezed, in the second targets are (n, 1)."""
    if program.network.every_step:
        return torch.mean((prediction - y.reshape(-1, 1, 1)) ** 2)
    if program.training.broadcast:
        return torch.mean((prediction - y.reshape(-1)) ** 2)
    if program.style == 0:
        return torch.mean((prediction.squeeze(-1) - y) ** 2)
    return nn.functional.mse_loss(prediction, y)


def _optimizer(program: Program, net: Net) -> torch.optim.Optimizer:
    training, held = program.training, net
    parameters: Any = held.parameters()
    if program.network.frozen == "recurrent":
        for parameter in net.recurrent.parameters():
            parameter.requires_grad_(False)  # noqa: FBT003 - torch's own way
        parameters = [p for p in net.parameters() if p.requires_grad]
    elif program.network.frozen == "all":  # made before the network was made anew
        parameters = copy.deepcopy(net).parameters()
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
    return kinds[training.optimizer](parameters, lr=training.rate, weight_decay=training.decay)


def _tensors(pairs: Pairs, *, column: bool) -> tuple[Tensor, Tensor]:
    x, y = (torch.from_numpy(values.astype(np.float32)) for values in (pairs.X, pairs.y))
    return x, y[:, None] if column else y
