"""A subject whose inside may fail to be looked at: what was to be seen is then named, and the diagnosis goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from unflat.diagnosis.records import NotExamined
from unflat.diagnosis.subjects.base import Subject
from unflat.errors import ModelFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from unflat.diagnosis.subjects.base import Gates, Gradients, Layer, Relearned, Scaling, Settings
    from unflat.diagnosis.subjects.outputs import Outputs

Seen = TypeVar("Seen")


class CarefulSubject(Subject):
    """A subject that is sure to predict only.

    Where the model's code raises while its inside is looked at, there is nothing to be seen, and that is told among
    what was not examined. Errors of predictions are raised as they are.

    Parameters
    ----------
    subject : Subject
        What is looked at.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._failed: dict[str, str] = {}
        self.framework = subject.framework

    @property
    def name(self) -> str:
        """What to call the model."""
        return self._subject.name

    @property
    def not_examined(self) -> tuple[NotExamined, ...]:
        """What the subject cannot show, and what failed so far."""
        failed = (
            NotExamined(what, f"the model predicts, but here it raised {why}") for what, why in self._failed.items()
        )
        return (*self._subject.not_examined, *failed)

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - whatever the model takes
        """Predict as the model does."""
        return self._subject.predict(X)

    def outputs(self) -> Outputs | None:
        """Give what the model returned at last, where that was several."""
        return self._subject.outputs()

    def layers(self) -> tuple[Layer, ...] | None:
        """Give the layers, from input to output."""
        return self._subject.layers()

    def settings(self) -> Settings | None:
        """Give how the model was trained."""
        return self._subject.settings()

    def activations(self, X: Any) -> Mapping[str, NDArray[Any]] | None:  # noqa: ANN401 - as `predict`
        """Give what each layer passes on."""
        return self._tried("activations", lambda: self._subject.activations(X))

    def gates(self, X: Any) -> Mapping[str, Gates] | None:  # noqa: ANN401 - as `predict`
        """Give the gates of each recurrent layer."""
        return self._tried("gates", lambda: self._subject.gates(X))

    def gradients(self, X: Any, y: NDArray[Any]) -> Gradients | None:  # noqa: ANN401 - as `predict`
        """Give the gradients of the loss."""
        return self._tried("gradients", lambda: self._subject.gradients(X, y))

    def layer_inputs(self, X: Any) -> Mapping[str, NDArray[Any]] | None:  # noqa: ANN401 - as `predict`
        """Give what each layer reads."""
        return self._tried("what layers read", lambda: self._subject.layer_inputs(X))

    def target_scale(self) -> Scaling | None:
        """Give the scale that is part of the model."""
        return self._subject.target_scale()

    def relearned(self, X: Any, y: NDArray[Any]) -> Relearned | None:  # noqa: ANN401 - as `predict`
        """Give what copies explain of targets as given, and standardized."""
        return self._tried("whether the target's scale matters", lambda: self._subject.relearned(X, y))

    def loss_of(self, prediction: NDArray[Any], y: NDArray[Any]) -> float | None:
        """Give the model's own loss of predictions."""
        return self._tried("the model's own loss", lambda: self._subject.loss_of(prediction, y))

    def loss_curve(self) -> tuple[float, ...]:
        """Give the training loss by epoch."""
        return self._subject.loss_curve()

    def parameters_named(self, parameter: str) -> tuple[str, ...]:
        """Give the names by which the model takes a parameter."""
        return self._subject.parameters_named(parameter)

    def gives_other_in_training(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Give how far predictions move with the batch's statistics."""
        return self._tried("norms in training mode", lambda: self._subject.gives_other_in_training(X))

    def gives_other_in_evaluation(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Give how far predictions are from those in evaluation mode."""
        return self._tried("predictions in evaluation mode", lambda: self._subject.gives_other_in_evaluation(X))

    def draws(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Give how far two predictions of the same sequences are apart."""
        return self._tried("whether predictions are drawn", lambda: self._subject.draws(X))

    def mixes_sequences(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Give how far predictions move in other company."""
        return self._tried("whether sequences of a batch mix", lambda: self._subject.mixes_sequences(X))

    def _tried(self, what: str, look: Callable[[], Seen | None]) -> Seen | None:
        try:
            return look()
        except ModelFailedError as error:
            self._failed.setdefault(what, error.received)
            return None
