"""Faults at the output: what it can give, in which shape, in which mode, and what is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.faults.operators.mutation import Mutation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.faults.program import Program

_OPEN = ("keras", "torch")
"""Frameworks in which layers are one's own; the others leave no room for these faults."""


def output_range(program: Program) -> Iterator[Mutation]:
    """End on an activation that cannot give the targets."""
    if program.framework in _OPEN:
        for head in ("sigmoid", "relu", "tanh", "softmax"):
            yield Mutation(head, program.with_network(head=head), program)


def loss_broadcast(program: Program) -> Iterator[Mutation]:
    """Hold predictions (B, 1) against targets (B,); Keras's `fit`, scikit-learn and our estimator are immune."""
    if program.framework == "torch":
        yield Mutation("(B, 1) against (B,)", program.with_training(broadcast=True), program)


def sequences_returned(program: Program) -> Iterator[Mutation]:
    """Let the last recurrent layer pass on all steps, and hold each step's prediction against the target."""
    if program.framework in _OPEN:
        yield Mutation("a prediction for each step", program.with_network(every_step=True), program)


def stale_mode(program: Program) -> Iterator[Mutation]:
    """Let a norm's statistics hardly follow; or leave dropout on."""
    if program.framework not in _OPEN:
        return
    yield Mutation("statistics of norms", program.with_network(norm=0.9999), program.with_network(norm=0.9))
    if program.framework == "torch":
        twin = program.with_network(dropout=0.5)
        yield Mutation("dropout left on", twin.with_training(left_in_training_mode=True), twin)


def frozen_parameters(program: Program) -> Iterator[Mutation]:
    """Freeze recurrent layers that were never trained; or give the optimizer another network's parameters."""
    if program.framework in _OPEN:
        yield Mutation("recurrent layers", program.with_network(frozen="recurrent"), program)
    if program.framework == "torch":
        yield Mutation("another network's in the optimizer", program.with_network(frozen="all"), program)
