"""Messages that are for callers in Python too, in the words of the command line."""

from __future__ import annotations

import re

_PARAMETER = re.compile(r"\b(\w+)=(?=[\s.,;)]|$)")

_CALLS = {"unflat.diagnose(model, X, y)": "unflat diagnose RUN --data FILE"}
"""Commands that do what a call does."""


def in_options(message: str, options: set[str]) -> str:
    """Name commands and options where a message names calls and parameters, as in "leave it out with x=".

    Parameters
    ----------
    message : str
        The message.
    options : set of str
        Parameters that the command has an option for.

    Returns
    -------
    str
        The same, "--x" in place of "x=". A parameter with its value is code, and stays.
    """
    for call, command in _CALLS.items():
        message = message.replace(call, command)
    return _PARAMETER.sub(lambda found: f"--{found[1]}" if found[1] in options else found[0], message)
