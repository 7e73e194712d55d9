"""Models under examination: one adapter for each framework, behind one interface."""

from unflat.diagnosis.subjects.base import (
    Gates,
    Gradients,
    Layer,
    LayerKind,
    Relearned,
    Settings,
    Subject,
    TargetScale,
    last_activated,
    output_activation,
)
from unflat.diagnosis.subjects.recognise import subject_of

__all__ = [
    "Gates",
    "Gradients",
    "Layer",
    "LayerKind",
    "Relearned",
    "Settings",
    "Subject",
    "TargetScale",
    "last_activated",
    "output_activation",
    "subject_of",
]
