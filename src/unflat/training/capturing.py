"""A step's work told to a CUDA device once, and then only asked for again.

A step of training is hundreds of small operations. To launch them one by one takes Python longer than the device takes
to compute them, so the device would wait. A graph of them is launched as one (Ng et al., Accelerating PyTorch with CUDA
Graphs, 2021). It reads and writes the same memory every time: a batch is copied into where the first one lay.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

import torch

from unflat.errors import CaptureWarning
from unflat.errors.telling import warn_user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from torch import Tensor

    Values = tuple[Tensor | None, ...]
    Results = tuple[Tensor, ...]
    Shapes = tuple[torch.Size | None, ...]

Input = TypeVar("Input", bound="Values")

_WARM_UP = 3
"""Times that work of a shape is done before it is captured: libraries set themselves up meanwhile, which is no work to
repeat (PyTorch, notes on CUDA semantics)."""


class Recorder(Protocol):
    """What captures work."""

    def aside(self) -> AbstractContextManager[None]:
        """Have work done where it could be captured, while the context lasts."""

    def record(self, work: Callable[[], Results]) -> tuple[Results, Callable[[], None]]:
        """Capture work without doing it: give where its results will be, and what does it."""


class CudaRecorder:
    """Captures what a CUDA device is told to do.

    Parameters
    ----------
    device : torch.device
        The device.
    generator : torch.Generator
        Its generator that the work draws from: each replay draws anew.
    """

    def __init__(self, device: torch.device, generator: torch.Generator) -> None:
        self._generator = generator
        self._device = device
        self._stream = torch.cuda.Stream(device)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Have work done on the stream that is captured from, in its turn among all other work."""
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._stream):
            yield
        torch.cuda.current_stream(self._device).wait_stream(self._stream)

    def record(self, work: Callable[[], Results]) -> tuple[Results, Callable[[], None]]:
        """Capture work without doing it: give where its results will be, and what does it."""
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self._generator)
        # What other threads ask of the device meanwhile, a search beside this one, is none of this work.
        capture = torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local")
        # The outer context puts the stream back, also where the end of a failed capture raises before it would.
        with torch.cuda.device(self._device), torch.cuda.stream(torch.cuda.current_stream(self._device)), capture:
            results = work()
        return results, graph.replay


class Captured(Generic[Input]):
    """Work on batches that leaves gradients, captured for each shape of batch and only asked for from then on.

    Where a device turns out to be unable to capture it, the work is done as told.

    Parameters
    ----------
    work : callable
        Computes the results of a batch, and anew the gradients of the parameters.
    parameters : sequence of Tensor
        Those parameters.
    recorder : Recorder
        Captures it.
    """

    def __init__(self, work: Callable[[Input], Results], parameters: Sequence[Tensor], recorder: Recorder) -> None:
        self._work = work
        self._parameters = parameters
        self._recorder = recorder
        self._done: Counter[Shapes] = Counter()
        self._tapes: dict[Shapes, _Tape] = {}
        self._gave_up = False

    def __call__(self, batch: Input) -> Results:
        """Do the work on a batch.

        Parameters
        ----------
        batch : tuple of (Tensor or None)
            The batch, on the device.

        Returns
        -------
        tuple of Tensor
            The results. They are overwritten the next time, as the gradients are.
        """
        if self._gave_up:
            return self._work(batch)
        shapes = tuple(None if values is None else values.shape for values in batch)
        if shapes not in self._tapes:
            self._done[shapes] += 1
            if self._done[shapes] <= _WARM_UP:
                with self._recorder.aside():
                    return self._work(batch)
            try:
                self._tapes[shapes] = self._captured(batch)
            except RuntimeError as error:
                self._gave_up = True
                warn_user(CaptureWarning(_GAVE_UP.format(str(error).strip())))
                return self._work(batch)
        return self._tapes[shapes].play(batch)

    def _captured(self, batch: Input) -> _Tape:
        kind: Any = type(batch)  # a NamedTuple takes its values side by side
        inputs: Input = kind(*(None if values is None else values.clone() for values in batch))
        results, replay = self._recorder.record(lambda: self._work(inputs))
        return _Tape(inputs, results, replay, self._parameters, [parameter.grad for parameter in self._parameters])


class _Tape(NamedTuple):
    """Captured work: what it reads, what it writes, and what does it."""

    inputs: Values
    results: Results
    replay: Callable[[], None]
    parameters: Sequence[Tensor]
    gradients: Sequence[Tensor | None]

    def play(self, batch: Values) -> Results:
        """Do the work on another batch of the same shapes."""
        for place, values in zip(self.inputs, batch, strict=True):
            if place is not None and values is not None:
                place.copy_(values, non_blocking=True)
        self.replay()
        # Work on a batch of another shape has left its own there.
        for parameter, gradient in zip(self.parameters, self.gradients, strict=True):
            parameter.grad = gradient
        return self.results


_GAVE_UP = (
    "This device cannot capture a step of training as a graph ({}). Steps are told one by one instead: results are the "
    "same, and training takes longer."
)
