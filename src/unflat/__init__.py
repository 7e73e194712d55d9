"""Sequence regression with LSTMs that does not go flat."""

__version__ = "0.1.0"
