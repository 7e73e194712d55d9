"""What happens in a module's forward pass, changed from outside: activations, read-outs, padding.

A module's code cannot be rewritten, but what it calls can be given another result. Activations are met by torch's
function mode, whether a layer or the forward method calls them; what recurrent layers return is met by hooks.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from unflat.diagnosis.programs.edits import Edit
from unflat.diagnosis.subjects.torch_trace import first_tensor
from unflat.diagnosis.subjects.torch_units import FUNCTIONS, STACKED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from torch import Tensor

_WITH_STEPS = 3


class Edited(nn.Module):
    """A module whose forward pass is changed as edits say.

    Parameters
    ----------
    module : torch.nn.Module
        A copy of the user's; hooks stay on it.
    edits : collection of Edit
        What to change; those that do not concern the forward pass change nothing here.
    sample : Tensor of shape (n, T, F)
        Some sequences, to see which activations are called.
    padding : float or None
        The value that sequences are padded with at their end.
    """

    def __init__(self, module: nn.Module, edits: Collection[Edit], sample: Tensor, padding: float | None) -> None:
        super().__init__()
        self.module = module
        self._edits = frozenset(edits)
        self._padding = padding
        self._lengths: Tensor | None = None
        self._called = self._activations(sample)
        if {Edit.POOL_STATES, Edit.MASK_PADDING} & self._edits:
            recurrent = [part for part in module.modules() if isinstance(part, STACKED)]
            for part in recurrent[-1:]:
                part.register_forward_hook(self._read_out)

    def forward(self, X: Tensor) -> Tensor:
        """Run the module; give its first output."""
        if Edit.MASK_PADDING in self._edits and self._padding is not None:
            self._lengths = lengths_of(X, self._padding)
        replacements = self._replacements()
        # The mode looks at every call of torch's: it is entered only where it has something to do.
        with _Activations(replacements) if replacements else nullcontext():
            gave = _tensor(self.module(X))
        return gave[:, -1] if Edit.LAST_STATE in self._edits and gave.ndim == _WITH_STEPS else gave

    def _activations(self, sample: Tensor) -> Sequence[str]:
        """Name the activations that one pass calls, in their order."""
        if not {Edit.LINEAR_OUTPUT, Edit.SMOOTH_UNITS} & self._edits:
            return ()
        with _Activations({}) as seen, torch.no_grad():
            self.module(sample)
        called: Sequence[str] = seen.called
        return called

    def _replacements(self) -> dict[int, Callable[[Tensor], Tensor]]:
        found: dict[int, Callable[[Tensor], Tensor]] = {}
        if Edit.SMOOTH_UNITS in self._edits:
            found |= {place: torch.tanh for place, name in enumerate(self._called) if name == "relu"}
        if Edit.LINEAR_OUTPUT in self._edits and self._called:
            found[len(self._called) - 1] = _unchanged
        return found

    def _read_out(self, layer: Any, _args: tuple[Any, ...], gave: Any) -> Any:  # noqa: ANN401 - a hook's signature
        """Put another state in the place of the last one, wherever the module reads it."""
        states, last = gave
        if not isinstance(states, torch.Tensor) or states.ndim != _WITH_STEPS:
            return gave
        steps = states if layer.batch_first else states.swapaxes(0, 1)
        wanted = self._wanted(steps)
        replaced = torch.cat([steps[:, :-1], wanted[:, None]], dim=1)
        hidden, *cell = last if isinstance(last, tuple) else (last,)
        hidden = torch.cat([hidden[:-1], wanted[None]]) if hidden.shape[-1] == wanted.shape[-1] else hidden
        back = replaced if layer.batch_first else replaced.swapaxes(0, 1)
        return back, ((hidden, *cell) if cell else hidden)

    def _wanted(self, steps: Tensor) -> Tensor:
        """Give each sequence's state at its own last step, and with pooling the mean over steps added to it."""
        if self._lengths is None or Edit.MASK_PADDING not in self._edits:
            last = steps[:, -1]
        else:
            last = steps[torch.arange(len(steps), device=steps.device), self._lengths - 1]
        return last + steps.mean(dim=1) if Edit.POOL_STATES in self._edits else last


class _Activations(TorchFunctionMode):
    """Count the activations of one pass, and put others in the place of some.

    Parameters
    ----------
    instead : mapping of int to callable
        What to call instead, by the place in the order of the calls.
    """

    def __init__(self, instead: dict[int, Callable[[Tensor], Tensor]]) -> None:
        super().__init__()
        self.called: list[str] = []
        self._instead = instead

    def __torch_function__(
        self,
        func: Callable[..., Any],
        _types: Any,  # noqa: ANN401 - torch's signature
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - as above
        name = str(getattr(func, "__name__", ""))
        if name not in FUNCTIONS:
            return func(*args, **(kwargs or {}))
        self.called.append(name)
        other = self._instead.get(len(self.called) - 1)
        if other is None:
            return func(*args, **(kwargs or {}))
        return other(args[0] if args else (kwargs or {})["input"])


def lengths_of(X: Tensor, padding: float) -> Tensor:
    """Count the steps of each sequence before its padding; at least one.

    Parameters
    ----------
    X : Tensor of shape (n, T, F)
        Sequences padded at their end.
    padding : float
        The value that fills a padded step, in all features.

    Returns
    -------
    Tensor of shape (n,), int64
        Their lengths.
    """
    is_padding = (X - padding).flatten(2).any(dim=2).logical_not()
    trailing = is_padding.flip(1).long().cumprod(dim=1).sum(dim=1)
    lengths: Tensor = (X.shape[1] - trailing).clamp(min=1)
    return lengths


def _tensor(gave: Any) -> Tensor:  # noqa: ANN401 - whatever a module returns
    found = first_tensor(gave)
    if found is None:
        raise TypeError("it returned no tensor")
    return found


def _unchanged(values: Tensor) -> Tensor:
    return values
