"""An LSTM layer that computes with the compiled kernel wherever it can, and is torch's in everything else."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from unflat.network.kernel import library
from unflat.network.kernel.choice import chosen
from unflat.network.kernel.library import Pass

_NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
_FEWEST_ROWS = 4
_LEAST_WORK = 500_000
"""A share of fewer sequences, or of fewer products, is not worth waking a thread for."""

_ROWS_IN_CACHE = 128
"""Sequences of a share in prediction: what two of their steps need stays near the processor, and whichever thread is
free takes the next share, so that none waits for a slower one. Training has a share for each thread, since the sums of
their gradients cost something."""


class LSTM(nn.LSTM):
    """One LSTM layer, forward, batch first: `torch.nn.LSTM` with the same parameters, names and results.

    The kernel computes float32 on processors, up to rounding as torch does; everything else is left to torch: other
    devices and types, autocast, initial states, tracing and compiling. Its gradients cannot be differentiated again.
    """

    def forward(
        self,
        input: Any,  # noqa: A002, ANN401 - torch's own signature, which takes packed sequences too
        hx: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Any, tuple[Tensor, Tensor]]:
        """Read sequences (B, T, features); arguments and results are those of `torch.nn.LSTM`."""
        kind = chosen()
        if kind is None or hx is not None or not self._suits(input):
            return super().forward(input, hx)
        weights = Weights(*(getattr(self, name) for name in _NAMES))
        if not all(_is_plain(weight) and weight.is_contiguous() for weight in weights):
            return super().forward(input, hx)
        time_first = input.transpose(0, 1)
        if torch.is_grad_enabled() and (input.requires_grad or any(weight.requires_grad for weight in weights)):
            states, memory = _Taped.apply(kind, time_first, *weights)  # type: ignore[no-untyped-call]  # torch's own
        else:
            states, memory, _ = read(kind, time_first.contiguous(), weights, keep=False)
        return states.transpose(0, 1), (states[-1:], memory[None])

    def _suits(self, x: object) -> bool:
        """Whether the kernel computes this, if the weights are plain: see the class."""
        return (
            type(x) is Tensor
            and x.ndim == 3  # noqa: PLR2004 - a batch of sequences
            and x.shape[2] == self.input_size
            and x.numel() > 0
            and _is_plain(x)
            and self.num_layers == 1
            and self.batch_first
            and self.bias
            and not self.bidirectional
            and not self.proj_size
            and not torch.is_autocast_enabled("cpu")
            and not torch._C._get_tracing_state()  # noqa: SLF001 - what torch.jit.is_tracing asks, without types
            and not torch.compiler.is_compiling()
        )


class Weights(NamedTuple):
    """A layer's parameters, as torch has them."""

    weight_input: Tensor
    weight_hidden: Tensor
    bias_input: Tensor
    bias_hidden: Tensor


def read(kind: int, x: Tensor, weights: Weights, *, keep: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Read sequences.

    Parameters
    ----------
    kind : int
        The instructions to use.
    x : Tensor of shape (T, B, features), float32, contiguous
        The sequences.
    weights : Weights
        Of the layer.
    keep : bool
        Whether to keep what the gradients need.

    Returns
    -------
    states : Tensor of shape (T, B, units)
        h after each step.
    memory : Tensor of shape (B, units)
        c after the last.
    tape : Tensor
        What the gradients need, in the kernel's own order.
    """
    of = _pass(kind, x, weights)
    if not keep:
        of.taped = min(2, of.steps)
        of.shares = max(of.threads, of.batch // _ROWS_IN_CACHE)
    taped, packed, _, _ = library.sizes(of)
    states, memory = x.new_empty(of.steps, of.batch, of.units), x.new_empty(of.batch, of.units)
    tape, work = x.new_empty(taped), x.new_empty(packed)
    of.states, of.memory, of.tape, of.packed = (part.data_ptr() for part in (states, memory, tape, work))
    library.forward(of)
    return states, memory, tape


class _Taped(torch.autograd.Function):
    """A pass whose gates are kept for its gradients."""

    @staticmethod
    def forward(ctx: Any, kind: int, time_first: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401 - torch's own context
        x = time_first.contiguous()
        states, memory, tape = read(kind, x, Weights(*weights), keep=True)
        ctx.kind = kind
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, *weights, states, tape)
        return states, memory

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_states: Tensor | None, grad_memory: Tensor | None) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - torch's own context
        x, *weights, states, tape = ctx.saved_tensors
        needs = ctx.needs_input_grad[1:]
        if grad_states is None and grad_memory is None:
            return (None,) * (1 + len(needs))
        of = _pass(ctx.kind, x, Weights(*weights))
        # Held by this name until the pass is over.
        incoming = [None if grad is None else grad.contiguous() for grad in (grad_states, grad_memory)]
        of.grad_states, of.grad_memory = (None if grad is None else grad.data_ptr() for grad in incoming)
        of.states, of.tape = states.data_ptr(), tape.data_ptr()
        grads = _gradients(of, x, Weights(*weights), of_x=needs[0])
        return (None, *(grad if need else None for grad, need in zip(grads, needs, strict=True)))


def _gradients(of: Pass, x: Tensor, weights: Weights, *, of_x: bool) -> tuple[Tensor | None, ...]:
    """Give the gradients of the input, if it is asked for, and of the four weights."""
    _, _, packed, scratch = library.sizes(of)
    grad_x = torch.empty_like(x) if of_x else None
    grads = [torch.empty_like(weight) for weight in weights[:3]]
    work = x.new_empty(packed + scratch)
    of.packed, of.scratch = work.data_ptr(), work[packed:].data_ptr()
    of.grad_x = None if grad_x is None else grad_x.data_ptr()
    of.grad_weight_input, of.grad_weight_hidden, of.grad_bias = (grad.data_ptr() for grad in grads)
    library.backward(of)
    return grad_x, *grads, grads[2]  # both biases have the same


def _pass(kind: int, x: Tensor, weights: Weights) -> Pass:
    """Begin the description of a pass: its sizes, its shares and what it reads."""
    steps, batch, features = x.shape
    units = weights.weight_hidden.shape[1]
    work = steps * batch * 4 * units * (features + units)
    threads = max(1, min(torch.get_num_threads(), batch // _FEWEST_ROWS, work // _LEAST_WORK))
    of = Pass(batch, steps, features, units, threads, threads, steps, kind)
    of.x = x.data_ptr()
    of.weight_input, of.weight_hidden, of.bias_input, of.bias_hidden = (weight.data_ptr() for weight in weights)
    return of


def _is_plain(x: Tensor) -> bool:
    return x.dtype == torch.float32 and x.device.type == "cpu" and x.layout == torch.strided
