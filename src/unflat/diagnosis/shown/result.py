"""What a diagnosis found, as plain data that shows itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import isfinite, isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.diagnosis.shown.page import page
from unflat.diagnosis.shown.picture import picture
from unflat.diagnosis.shown.terminal import report

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from unflat.diagnosis.material import Losses
    from unflat.diagnosis.proof import Proof
    from unflat.diagnosis.records import Cause, Framework, NotExamined, Verdict
    from unflat.diagnosis.references import References
    from unflat.diagnosis.verdict import Judgement
    from unflat.metrics import Assessment


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis:
    """What is seen of a model, why, and what cures it. Print it to read it.

    As the last value of a notebook's cell it shows itself as HTML: the text of `print`, its figures in tables, in the
    notebook's own colours, light or dark, with a style that touches nothing else on the page.

    Parameters
    ----------
    model : str
        What was diagnosed.
    framework : {"unflat", "keras", "torch", "sklearn", "function"}
        What it was made with.
    targets : tuple of k str
        Names of the outputs.
    judgement : Judgement
        The verdict on each output, and the figures that it rests on.
    causes : tuple of Cause
        What explains it, most likely first; empty for a healthy model.
    training : Assessment
        Scores, spread, and skill against the baselines on the training part.
    held_out : Assessment or None
        The same on the held-out part.
    references : References
        What other learners reach on the same data.
    losses : Losses
        By epoch, where they are known.
    not_examined : tuple of NotExamined
        What could not be looked at, and why.
    y, prediction : ndarray of shape (n, k), float64
        Targets and predictions of the part that the verdict is about.
    proof : Proof or None
        What came of trying the cures; None where that was not asked for, or there is nothing to cure.
    """

    model: str
    framework: Framework
    targets: tuple[str, ...]
    judgement: Judgement
    causes: tuple[Cause, ...]
    training: Assessment
    held_out: Assessment | None
    references: References
    losses: Losses
    not_examined: tuple[NotExamined, ...]
    y: NDArray[np.float64]
    prediction: NDArray[np.float64]
    proof: Proof | None = None

    @property
    def verdict(self) -> Verdict:
        """What is seen: "healthy", "flat", "failing", "diverged", "no_signal" or "copies_last"."""
        return self.judgement.verdict

    @property
    def confidence(self) -> float:
        """How sure the verdict is, from 0 to 1."""
        return self.judgement.confidence

    @property
    def healthy(self) -> bool:
        """Whether there is nothing to cure."""
        return self.verdict == "healthy"

    @property
    def judged(self) -> Assessment:
        """Scores of the part that the verdict is about: the held-out one where there is one."""
        return self.training if self.held_out is None else self.held_out

    @property
    def spread(self) -> tuple[float, ...]:
        """Deviation of the predictions over that of the targets on that part, of each output."""
        return tuple(scores.spread for scores in self.judged.outputs)

    @property
    def r2(self) -> tuple[float, ...]:
        """Share of the variance explained on that part, of each output."""
        return tuple(scores.r2 for scores in self.judged.outputs)

    def to_dict(self) -> dict[str, Any]:
        """Turn into plain values that JSON can hold; the targets and predictions themselves are left out.

        Returns
        -------
        dict
            nan is None, and the infinities are the texts 'inf' and '-inf', since JSON has none of them.
        """
        values = {
            "model": self.model,
            "framework": self.framework,
            "verdict": self.verdict,
            "confidence": self.confidence,
            "part": self.judgement.part,
            "targets": self.targets,
            "outputs": [asdict(output) for output in self.judgement.outputs],
            "causes": [asdict(cause) | {"page": cause.page} for cause in self.causes],
            "training": self.training.to_dict(),
            "held_out": None if self.held_out is None else self.held_out.to_dict(),
            "references": _references(self.references),
            "losses": self.losses._asdict(),
            "not_examined": [asdict(item) for item in self.not_examined],
            "proof": None if self.proof is None else asdict(self.proof) | {"proven": self.proof.proven},
        }
        plain: dict[str, Any] = _plain(values)
        return plain

    def to_json(self) -> str:
        """Write what `to_dict` gives as JSON.

        Returns
        -------
        str
            One document, indented.
        """
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)

    def plot(self) -> Figure:
        """Draw predictions against the truth, the loss by epoch where it is known, and the first cause's evidence.

        Returns
        -------
        matplotlib.figure.Figure
            Apart from any window: save it with `savefig`; a notebook shows it.
        """
        return picture(self)

    def __repr__(self) -> str:
        first = f", {self.causes[0].id}" if self.causes else ""
        return f"<Diagnosis of {self.model}: {self.verdict}{first}>"

    def __str__(self) -> str:
        return report(self)

    def _repr_html_(self) -> str:
        """Write it as HTML, which a notebook shows."""
        return page(self)


_OF_LEARNER = ("name", "r2", "held_out_r2", "p_value")


def _references(references: References) -> dict[str, Any]:
    return {
        "n": references.n,
        "learners": [{name: getattr(learner, name) for name in _OF_LEARNER} for learner in references.learners],
        "signal": [asdict(signal) | {"beyond_chance": signal.beyond_chance} for signal in references.signal],
        "past": [None if past is None else asdict(past) for past in references.past],
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - what JSON holds has no narrower type
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if not isinstance(value, float) or isfinite(value):
        return value
    return None if isnan(value) else str(value)
