"""What a user is shown: the `result` as plain data, and its faces.

Lines in a `terminal` and a `page` in a notebook say it in the same words (`wording`); a `picture` draws it.
"""

from unflat.diagnosis.shown.result import Diagnosis

__all__ = ["Diagnosis"]
