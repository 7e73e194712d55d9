"""A program as plain values: its data, how they are scaled by hand, the network, its training, what is asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Framework = Literal["keras", "torch", "sklearn", "unflat"]
FRAMEWORKS: tuple[Framework, ...] = ("keras", "torch", "sklearn", "unflat")


@dataclass(frozen=True, eq=False)
class Pairs:
    """Sequences (n, T, F) and their targets (n,)."""

    X: Array
    y: Array

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True, eq=False)
class Sets:
    """What is trained on, and what is held out."""

    training: Pairs
    held_out: Pairs

    def changed(self, change: Callable[[Pairs], Pairs]) -> Sets:
        """Change both parts alike."""
        return Sets(change(self.training), change(self.held_out))


@dataclass(frozen=True)
class Scaling:
    """How data are scaled before the network sees them: "standard", "none", and what operators add to these."""

    inputs: str = "standard"
    target: str = "standard"


@dataclass(frozen=True)
class Network:
    """Layers, first to last.

    Parameters
    ----------
    cell : {"lstm", "gru"}
        The recurrent cell.
    units : tuple of int
        Units of each recurrent layer; empty for a perceptron.
    dense : tuple of int
        Units of each dense layer after them, before the last one of one unit.
    dense_activation, head : str
        What these give, and what the last one gives.
    dropout : float
        Between layers.
    norm : float or None
        Share that batch statistics keep of what they were at each step; None without such a layer.
    every_step : bool
        Whether the last recurrent layer passes on all steps, and the head predicts for each.
    readout : {"last", "all"}
        Of our own network: the last state alone, or with mean and maximum.
    skip : bool
        Of our own network: a straight line beside it.
    bidirectional : bool
        Whether the recurrent layers read in both directions.
    filters : int
        Filters of a convolution over three steps before the recurrence; 0 for none.
    weights_deviation : float or None
        Deviation of the initial weights of the recurrent layers; None for the framework's own.
    dense_bias : float
        Initial bias of the dense layers.
    frozen : {"", "recurrent", "all"}
        What is not trained.
    penalty : float
        Square penalty on the recurrent layers' weights.
    """

    cell: str = "lstm"
    units: tuple[int, ...] = (24,)
    dense: tuple[int, ...] = ()
    dense_activation: str = "relu"
    head: str = "linear"
    dropout: float = 0.0
    norm: float | None = None
    every_step: bool = False
    readout: str = "last"
    skip: bool = False
    bidirectional: bool = False
    filters: int = 0
    weights_deviation: float | None = None
    dense_bias: float = 0.0
    frozen: str = ""
    penalty: float = 0.0


@dataclass(frozen=True)
class Training:
    """How it is trained.

    Parameters
    ----------
    optimizer : {"adam", "sgd", "adamw"}
        Its name.
    rate : float
        Learning rate.
    epochs, batch : int
        Passes over the data, and sequences in a step.
    clip : float or None
        Largest norm of a gradient.
    decay : float
        Weight decay.
    broadcast : bool
        Whether predictions (B, 1) are held against targets (B,).
    patience : int or None
        Epochs without a lower loss on held-out data after which the best weights are taken; None trains to the end.
    left_in_training_mode : bool
        Whether the network is still in training mode when it is asked.
    """

    optimizer: str = "adam"
    rate: float = 5e-3
    epochs: int = 30
    batch: int = 32
    clip: float | None = None
    decay: float = 0.0
    broadcast: bool = False
    patience: int | None = None
    left_in_training_mode: bool = False


Edit = Callable[["Prepared"], "Prepared"]


@dataclass(frozen=True, eq=False)
class Program:
    """One program.

    Parameters
    ----------
    framework : str
        What it is written with.
    set_name : str
        Its data set.
    style : {0, 1}
        Which of the two ways of writing it: the first has targets (n,) and a loss by name, the second targets (n, 1)
        and the framework's own loss; of scikit-learn, the second scales within the model.
    seed : int
        Seeds weights and order.
    data : Sets
        Raw data.
    scaling, network, training : Scaling, Network, Training
        The rest of the program.
    scaled : tuple of callable
        What is done to scaled data before training.
    asked : tuple of callable
        What is done to data between training and diagnosis.
    raw_given : bool
        Whether the diagnosis is told the data as they were before scaling.
    sound : float
        R² on held-out data that the program must reach to count as healthy.
    """

    framework: Framework
    set_name: str
    style: int
    seed: int
    data: Sets
    scaling: Scaling = field(default_factory=Scaling)
    network: Network = field(default_factory=Network)
    training: Training = field(default_factory=Training)
    scaled: tuple[Edit, ...] = ()
    asked: tuple[Edit, ...] = ()
    raw_given: bool = False
    sound: float = 0.0

    @property
    def by_hand(self) -> bool:
        """Whether data are scaled before the model rather than within it."""
        return self.framework in {"keras", "torch"} or (self.framework == "sklearn" and self.style == 0)

    @property
    def recurrent(self) -> bool:
        """Whether it has recurrent layers."""
        return self.framework != "sklearn"

    def with_network(self, **changes: Any) -> Program:  # noqa: ANN401 - fields of different types
        """Change fields of the network."""
        return replace(self, network=replace(self.network, **changes))

    def with_training(self, **changes: Any) -> Program:  # noqa: ANN401 - as above
        """Change fields of the training."""
        return replace(self, training=replace(self.training, **changes))

    def with_scaling(self, **changes: str) -> Program:
        """Change how data are scaled."""
        return replace(self, scaling=replace(self.scaling, **changes))


@dataclass(frozen=True, eq=False)
class Prepared:
    """Data as the model gets them, and as they were before they were scaled."""

    data: Sets
    raw: Pairs

    def changed(self, change: Callable[[Pairs], Pairs]) -> Prepared:
        """Change both parts alike."""
        return replace(self, data=self.data.changed(change))


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained model, and what else its author has at hand."""

    model: Any
    history: Any = None
    loss: Any = None
    optimizer: Any = None
