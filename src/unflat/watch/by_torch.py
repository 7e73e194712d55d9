"""A watch in a loop of PyTorch's users: one call after each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, SupportsFloat

from unflat.diagnosis.subjects.keeping import kept_module
from unflat.diagnosis.subjects.module import TorchSubject
from unflat.diagnosis.subjects.optimizers import ADAPTIVE
from unflat.errors import ConfigurationError
from unflat.watch.rate import SeenRate
from unflat.watch.records import Course

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from unflat.watch.observer import Observer


class ModuleInTraining(TorchSubject):
    """A module while it is trained."""

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - whatever the module takes
        """Predict without dropout, and leave the module in its mode."""
        with kept_module(self._module):
            self._module.eval()
            return super().predict(X)


class TorchEvents:
    """What a user's own loop calls."""

    _observer: Observer
    _stop: bool
    _module: nn.Module | None
    _optimizer: Any
    _objective: Any
    _planned: int | None

    _done = 0
    _running = False
    _last: tuple[int | None, SupportsFloat | None] = (None, None)

    def __enter__(self) -> Self:
        """See the module before its first step."""
        self._begin()
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Look for the last time; after an error, only let the module go."""
        if error is None:
            self.close()
        else:
            self._running = False
            self._observer.leave()

    def step(self, loss: SupportsFloat | None = None, *, epoch: int | None = None) -> bool:
        """Look on after a step of the optimizer; most calls do nothing but count.

        Parameters
        ----------
        loss : tensor of one value, float or None
            The loss of the step; it is read only where it is written down.
        epoch : int or None
            The epoch, from 1.

        Returns
        -------
        bool
            Whether to end the training: only where `stop=True` and it is failing.

        Raises
        ------
        ConfigurationError
            If the watch was made without a module.
        """
        if not self._running:
            self._begin()
        self._done += 1
        self._last = (epoch, _detached(loss))
        self._observer.after(self._done, *self._last)
        return self._stop and self._observer.failing

    def close(self) -> None:
        """Look for the last time; a `with` block does it by itself."""
        if self._running:
            self._running = False
            self._observer.end(self._done, *self._last)
            self._last = (None, None)

    def _begin(self) -> None:
        if self._module is None:
            raise ConfigurationError(
                "Watch", "model", "the torch.nn.Module that is trained", None,
                "Give it with its optimizer: Watch(X, y, model=module, optimizer=optimizer).",
            )  # fmt: skip
        subject = ModuleInTraining(self._module, self._objective, self._optimizer)
        settings = subject.settings()
        rate = None if settings is None else settings.learning_rate
        adaptive = settings is not None and settings.optimizer in ADAPTIVE
        course = Course(self._planned, rate, adaptive)
        self._observer.begin(subject, course, SeenRate(course, self._rate_of_loop, planned=self._is_scheduled()))
        self._done, self._running = 0, True

    def _groups(self) -> list[dict[str, Any]]:
        return getattr(self._optimizer, "param_groups", [])

    def _rate_of_loop(self) -> float | None:
        return max((float(group["lr"]) for group in self._groups() if "lr" in group), default=None)

    def _is_scheduled(self) -> bool:
        """Whether a schedule of torch's has left the rate there that it rises to."""
        return any("initial_lr" in group or "max_lr" in group for group in self._groups())


def _detached(loss: Any) -> SupportsFloat | None:  # noqa: ANN401 - a tensor or a number
    value: SupportsFloat | None = loss.detach() if hasattr(loss, "detach") else loss
    return value
