"""Models that return more than a prediction: what was taken for it, what else there is, and how to ask about that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unflat.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CALL = "model(torch.as_tensor(X).float())"
"""How a user calls a torch module with an array."""


@dataclass(frozen=True)
class Outputs:
    """What a torch module returned, where that is several tensors.

    Parameters
    ----------
    kind : str
        What holds them, such as "a tuple of 2".
    taken : str
        Where the one stands that was taken for the prediction, as an index: "[0]".
    shapes : mapping of str to tuple of int
        The shape that each of those has for one sequence which have an axis for sequences first, by where they stand.
    """

    kind: str
    taken: str
    shapes: Mapping[str, tuple[int, ...]]

    @property
    def alike(self) -> str | None:
        """Where another stands that could be the prediction as well; None where there is none."""
        own = self.shapes.get(self.taken)
        return next((place for place, shape in self.shapes.items() if place != self.taken and shape == own), None)

    def remedy(self, fits: Callable[[tuple[int, ...]], bool]) -> str:
        """Say how to give a diagnosis the output that belongs to the targets.

        Parameters
        ----------
        fits : callable
            Whether a prediction of this shape for one sequence fits the targets.
        """
        what = f"The model returns {self.kind}, of which {self.taken} was taken"
        place = next((place for place, shape in self.shapes.items() if fits(shape)), None)
        if place is not None:
            return f"{what}; {place} fits. {_give(CALL + place)}"
        heads, joining = self._joined(fits)
        if heads:
            return f"{what}; the first {heads} together fit. {_give(f'torch.{joining}({CALL}[:{heads}], dim=1)')}"
        return (
            f"{what}, and none of them fits. Give the targets that the model was trained on; where it takes another "
            f"layer to make the prediction, give diagnose(lambda X: layer({CALL}{self.taken}), X, y)."
        )

    def _joined(self, fits: Callable[[tuple[int, ...]], bool]) -> tuple[int, str]:
        """Count the first outputs that fit when they are joined, and say by which function; 0 where none do."""
        columns, rank = 0, None
        for count, (place, shape) in enumerate(self.shapes.items(), 1):
            rank = len(shape) if rank is None else rank
            if place != f"[{count - 1}]" or rank > 1 or len(shape) != rank:
                break
            columns += shape[0] if shape else 1
            if count > 1 and fits((columns,)):
                return count, "cat" if rank else "stack"
        return 0, ""


def _give(prediction: str) -> str:
    return f"Give diagnose(lambda X: {prediction}, X, y), or a module whose forward returns that alone."


def outputs_of(gave: object, sequences: int) -> Outputs | None:
    """Look at what a module returned; None where it is a single tensor.

    Parameters
    ----------
    gave : object
        What it returned.
    sequences : int
        How many sequences it was given.
    """
    found = dict(_tensors(gave, ""))
    if len(found) < 2:  # noqa: PLR2004 - several
        return None
    shapes = {place: shape[1:] for place, shape in found.items() if shape[:1] == (sequences,)}
    size = f" of {len(gave)}" if isinstance(gave, tuple | list) else ""
    return Outputs(f"a {type(gave).__name__}{size}", next(iter(found)), shapes)


def _tensors(value: Any, place: str) -> Iterator[tuple[str, tuple[int, ...]]]:  # noqa: ANN401 - whatever a model returns
    """Give where the tensors stand in what a model returned, as indices, with their shapes."""
    if hasattr(value, "detach"):
        yield place, tuple(value.shape)
    elif isinstance(value, tuple | list):
        for number, item in enumerate(value):
            yield from _tensors(item, f"{place}[{number}]")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _tensors(item, f"{place}[{name!r}]")


def several_outputs(gave: object, call: str = "predict(X)") -> ModelError:
    """Say that what a model returned is no prediction, and how to take the prediction out of it."""
    names = f" with {', '.join(map(repr, gave))}" if isinstance(gave, Mapping) else ""
    place = next(iter(gave), 0) if isinstance(gave, Mapping) else 0
    return ModelError(
        "The model's prediction",
        "one tensor or array",
        f"a {type(gave).__name__}{names}",
        f"Give a function that takes the prediction out of it, as in diagnose(lambda X: {call}[{place!r}], X, y).",
    )
