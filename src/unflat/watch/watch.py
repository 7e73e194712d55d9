"""The public face of a watch: one object for three kinds of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unflat.config import AtLeast, Interval, TrueOrFalse
from unflat.errors import ConfigurationError
from unflat.watch.by_estimator import EstimatorEvents
from unflat.watch.by_keras import KerasEvents
from unflat.watch.by_torch import TorchEvents
from unflat.watch.observer import Observer
from unflat.watch.sample import choose
from unflat.watch.wording import seen, table

if TYPE_CHECKING:
    from torch import nn

    from unflat.watch.records import Likely, Record

_FEWEST = 10


class Watch(EstimatorEvents, KerasEvents, TorchEvents):
    """Looks on while a model is trained, and warns once if it is going flat or fails in another way.

    It asks the model about the same few sequences again and again, without dropout, and compares spread and error
    with what simple learners find in them. It never touches weights, rate, mode or random state, and it measures what
    it costs and looks less often where that is more than its share, but always at the end. What a healthy training
    looks like, flat at first, is not called a collapse; see `unflat.watch.collapse` for when it is.

    With `LSTMRegressor(callbacks=[Watch(X, y)])` and `keras_model.fit(X, y, callbacks=[Watch(X, y)])` nothing else is
    to be done. A loop of PyTorch is watched by ``with Watch(X, y, model=module, optimizer=optimizer, steps=...) as
    watch:``, in which each step of the optimizer is followed by ``watch.step(loss)``.

    Parameters
    ----------
    X : array, tensor or frame of shape (n, T, F) or (n, T), list of arrays, or Windows
        Training sequences, as the training gets them: scaled, if they are scaled by hand. Windows bring the known and
        static columns that stand beside them.
    y : array-like of shape (n,) or (n, k), or None
        Their targets, likewise; None with windows, which hold theirs.
    model : torch.nn.Module, optional
        What is trained, in a loop of PyTorch.
    optimizer : torch.optim.Optimizer, optional
        What it is trained with, for the reach and for causes in the rate.
    loss : torch.nn.Module, callable or str, optional
        Likewise, for causes in the loss.
    steps : int, optional
        Steps that such a loop is going to make in all. Without them, a flat training is judged after 1,000 steps, and
        the reach is not known.
    stop : bool
        Whether to end a training that fails: `fit` returns early, `step` returns True.
    sequences : int
        Sequences that the model is asked about, at the most.
    share : float
        Share of the training time that may be spent; the last look, at the end, is taken whatever it costs.

    Attributes
    ----------
    records : tuple of Record
        What was seen, look by look, in the last training; of several networks of one fit in the first that fails, or
        else in the last.
    cause : str or None
        The likely cause, where the training fails and one was found: one of `unflat.diagnosis.CAUSE_IDS`.
    failing : bool
        Whether it fails.
    stopped : bool
        Whether the watch ended it.
    seconds : float
        What watching has cost, by its own account.

    Raises
    ------
    ConfigurationError
        If a parameter is outside what it may be.
    InputError
        If sequences or targets cannot be used; its subclasses say why.

    Warns
    -----
    CollapseWarning
        In training, at most once, however many networks one fit trains; it carries step, epoch, spread, cause and page.
    DataWarning
        Likewise, where the training learns from other data than X and y, such as scaled ones: nothing is said of it
        then, nor is it ended.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from unflat import CollapseWarning, Watch, recipes
    >>> X, y = recipes.generate_data(start=1, num_sample=500)
    >>> watch = Watch(X[:, :, None], y, stop=True, share=1.0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     _ = recipes.article(callbacks=[watch], random_state=0).fit(X[:, :, None], y)
    >>> watch.cause, watch.stopped
    ('target_scale', True)
    """

    def __init__(
        self,
        X: Any,  # noqa: ANN401 - whatever a model takes
        y: Any = None,  # noqa: ANN401 - array-like
        *,
        model: nn.Module | None = None,
        optimizer: Any = None,  # noqa: ANN401 - torch's optimizers, and what is built like them
        loss: Any = None,  # noqa: ANN401 - a name, or a function
        steps: int | None = None,
        stop: bool = False,
        sequences: int = 128,
        share: float = 0.03,
    ) -> None:
        _check("stop", TrueOrFalse(), stop)
        _check("sequences", AtLeast(_FEWEST), sequences)
        _check("share", Interval(0, 1), share)
        if steps is not None:
            _check("steps", AtLeast(1), steps)
        self._observer = Observer(choose(X, y, sequences), share)
        self._stop = stop
        self._module, self._optimizer, self._objective, self._planned = model, optimizer, loss, steps

    @property
    def records(self) -> tuple[Record, ...]:
        """What was seen, look by look."""
        return self._observer.records

    @property
    def failing(self) -> bool:
        """Whether the training fails."""
        return self._observer.failing

    @property
    def stopped(self) -> bool:
        """Whether the watch ended it."""
        return self._stop and self.failing

    @property
    def cause(self) -> str | None:
        """The likely cause of its failing."""
        likely: Likely | None = self._observer.likely
        return None if likely is None else likely.cause

    @property
    def seconds(self) -> float:
        """What watching has cost."""
        return self._observer.pace.spent

    def __repr__(self) -> str:
        return f"<Watch: {len(self.records)} looks at the last training>"

    def __str__(self) -> str:
        observer = self._observer
        if not observer.records:
            return "Watch: no training was seen yet."
        finding = observer.finding
        if finding is not None:
            said = seen(finding, observer.deviation[finding.output])
        elif observer.records[-1].step:
            said = "nothing that calls for a warning."
        else:
            said = "too short a training for a look at it within the share of its time. Give share=1.0."
        cause = "" if observer.likely is None else f"\nLikely cause: {observer.likely.cause}. {observer.likely.cure}"
        return f"Watch: {said}{cause}\n\n{table(observer.records)}\n\n{observer.cost()}"


def _check(name: str, constraint: AtLeast | Interval | TrueOrFalse, value: object) -> None:
    if not constraint.admits(value):
        raise ConfigurationError("Watch", name, str(constraint), value)
