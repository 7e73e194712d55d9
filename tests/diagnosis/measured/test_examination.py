"""What is measured of a model is measured once."""

from __future__ import annotations

import numpy as np

from unflat.diagnosis.measured.examination import Examination, Part
from unflat.diagnosis.references.signal import References, Signal


class Counted:
    """A model that counts how often its layers are looked at."""

    asked = 0

    def layers(self):
        """Give no layers."""
        self.asked += 1
        return ()


def test_beside_other_learners_a_model_is_not_measured_again():
    """Other references take the place of the first; what layers told is kept, and the first stays as it was."""
    y = np.arange(4.0)[:, None]
    part = Part(y[:, None], y[:, None], y, y.shape, y, y.shape)
    first, second = (References(4, (), (Signal(r2),), (None,)) for r2 in (0.1, 0.9))
    model = Counted()
    examination = Examination(model, part, None, None, first, (), None)
    assert examination.layers == ()
    more = examination.beside(second)
    assert more.layers == ()
    assert model.asked == 1
    assert (examination.references, more.references) == (first, second)
