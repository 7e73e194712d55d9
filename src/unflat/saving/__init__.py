"""Saving: the file format, and a fitted model as one file of it."""
