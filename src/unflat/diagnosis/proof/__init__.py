"""Proof: the cures of the likeliest causes, tried by training again."""

from unflat.diagnosis.proof.bench import Clock
from unflat.diagnosis.proof.proving import prove
from unflat.diagnosis.proof.records import LeftOut, Outcome, Proof, Trial

__all__ = ["Clock", "LeftOut", "Outcome", "Proof", "Trial", "prove"]
