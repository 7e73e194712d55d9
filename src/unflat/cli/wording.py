"""Messages that are for callers in Python too, in the words of the command line."""

from __future__ import annotations

import re

_PARAMETER = re.compile(
    r"\b(?P<named>\w+)=(?: of [a-z]+_\w+)?(?=[\s.,;)]|$)"
    r"|The parameter '(?P<subject>\w+)' of \w+(?=:)"
    r"|\bleave '(?P<left>\w+)' out"
)
"""A parameter as messages name it, with the function that it is one of."""

_IN_WORDS = {"named": "{}", "subject": "The option {}", "left": "leave {} out"}

_OTHERWISE = {"coverage": "interval", "length": "window", "units": "unit"}
"""Options that are called otherwise than the parameter."""

_CALLS = {
    "unflat.diagnose(model, X, y)": "unflat diagnose RUN --data FILE",
    ", or in text= of read_table": "",
    ", or give read_table(path, names=[...])": "",
    "a smaller horizon or gap, or other shares; with many short series, by='group'.": (
        "a smaller horizon, or other shares; with many short series, --split group."
    ),
    "Split by='time', choose": "Give --split time, choose",
    "Call model.calibrate(X, y) with sequences that the model has not learned from.": (
        "Train it so that it holds something out, without --validation-share 0."
    ),
    "Call model.calibrate(X, y) with more.": "Train it with a larger --validation-share.",
    "Call model.calibrate(X, y, groups=groups) with more.": "Train it with a larger --validation-share.",
}
"""What calls of Python are on the command line."""

_LABELS = re.compile(r"; if these are labels, name [\w ]+ in labels=")


def option_of(name: str) -> str:
    """Give the option that a parameter of this name has."""
    return f"--{name.replace('_', '-')}"


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
    if "labels" not in options:  # what was numbers in training is no label now
        message = _LABELS.sub("", message)

    def option(found: re.Match[str]) -> str:
        kind = found.lastgroup or ""
        names = (found[kind], _OTHERWISE.get(found[kind], ""))
        name = next((name for name in names if name in options), None)
        return found[0] if name is None else _IN_WORDS[kind].format(option_of(name))

    return _PARAMETER.sub(option, message)
