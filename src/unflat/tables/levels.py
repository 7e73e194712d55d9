"""Names of columns that stand in several levels, as pandas has them, made into one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def joined_names(names: Sequence[Sequence[object]]) -> list[str]:
    """Join the levels of each name, leaving out those that are the same for all.

    Parameters
    ----------
    names : sequence of sequence of object
        For each column its name on every level, empty where a level says nothing of it.

    Returns
    -------
    list of str
        As in "Close", where all columns are of one share, and "Close_AAPL", where they are of several.
    """
    texts = [[str(part).strip() for part in parts] for parts in names]
    levels = [[part for part in level if part] for level in zip(*texts, strict=True)]
    telling = [len(set(level)) > 1 for level in levels]
    if not any(telling):
        telling = [True, *telling[1:]]
    return ["_".join(part for part, tells in zip(parts, telling, strict=True) if part and tells) for parts in texts]
