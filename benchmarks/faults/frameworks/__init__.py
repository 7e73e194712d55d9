"""How a program is trained, and its model asked, in each framework."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.faults.program import Prepared, Program, Trained

    from unflat.diagnosis import Diagnosis


def train(program: Program, prepared: Prepared) -> Trained:
    """Train a program's model; a framework is imported when it is first used."""
    trained: Trained = _of(program).train(program, prepared)
    return trained


def diagnose(program: Program, prepared: Prepared, trained: Trained) -> Diagnosis:
    """Ask for a diagnosis as the author of the program would, with what is at hand."""
    diagnosis: Diagnosis = _of(program).diagnosed(program, prepared, trained)
    return diagnosis


def _of(program: Program) -> Any:  # noqa: ANN401 - a module
    return import_module(f"benchmarks.faults.frameworks.with_{program.framework}")
