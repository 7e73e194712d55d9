"""The guide's pages on causes, as they come with the package."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from unflat.errors import ConfigurationError

Language = Literal["en", "zh"]

INSTALLED = Path(__file__).with_name("pages")
"""Where a wheel has the pages; a checkout has them in docs/causes alone."""

_CHECKOUT = Path(__file__).parents[3] / "docs" / "causes"

_ENDINGS: dict[Language, str] = {"en": ".md", "zh": ".zh.md"}

_OTHER_LANGUAGE = re.compile(r"^\[(?:中文|English)\]\(.*\)\n\n", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^):]*\.(?:md|png)(?:#[^)]*)?\)")


def page_of(cause: str, language: Language = "en") -> Path:
    """Give the file of the page on a cause.

    Parameters
    ----------
    cause : str
        One of `CAUSE_IDS`.
    language : {"en", "zh"}
        English or Chinese.

    Returns
    -------
    Path
        Its Markdown.
    """
    folder = INSTALLED if INSTALLED.is_dir() else _CHECKOUT
    return folder / f"{cause}{_ENDINGS[language]}"


def explain(cause: str, language: Language = "en") -> str:
    """Read the page on a cause: why it makes a model flat, how the diagnosis tells, and the cure.

    Parameters
    ----------
    cause : str
        One of `CAUSE_IDS`, as a diagnosis names it.
    language : {"en", "zh"}
        English or Chinese.

    Returns
    -------
    str
        Markdown. Links into the rest of the guide are plain words, and so are pictures.

    Raises
    ------
    ConfigurationError
        If there is no page on it.
    """
    path = page_of(cause, language)
    if not path.is_file():
        raise ConfigurationError(
            "unflat explain", "cause", "a cause that a diagnosis names, such as target_scale", cause,
            "Run `unflat explain` alone to see them all.",
        )  # fmt: skip
    text = _OTHER_LANGUAGE.sub("", path.read_text("utf-8"), count=1)
    return _LINK.sub(r"\1", text)


def title_of(cause: str, language: Language = "en") -> str:
    """Give the title of the page on a cause: what is wrong, in a few words.

    Parameters
    ----------
    cause : str
        One of `CAUSE_IDS`.
    language : {"en", "zh"}
        English or Chinese.

    Returns
    -------
    str
        A line.
    """
    return explain(cause, language).partition("\n")[0].removeprefix("# ")
