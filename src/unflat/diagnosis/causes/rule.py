"""What a rule is, and how it words a cure for a framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from unflat.diagnosis.records import Cause, Cure

if TYPE_CHECKING:
    from unflat.diagnosis.examination import Examination
    from unflat.diagnosis.records import Framework

Rule = Callable[["Examination"], Cause | None]
"""From what was measured to one cause, or to nothing."""

Code = Mapping["Framework", str]
"""The same change in each framework; one that is left out has no code for it."""


def cure_for(examination: Examination, words: str, code: Code) -> Cure:
    """Word a cure for the framework of the model that was examined.

    Parameters
    ----------
    examination : Examination
        What was measured.
    words : str
        The change, as an instruction.
    code : mapping of str to str
        The change in each framework.

    Returns
    -------
    Cure
        Without code where the framework has none.
    """
    return Cure(words, code.get(examination.subject.framework, ""))
