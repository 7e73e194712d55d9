"""The version, in one place that is free to import."""

__version__ = "0.1.0"
