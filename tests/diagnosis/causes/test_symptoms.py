from dataclasses import replace

import numpy as np
import pytest

from unflat.diagnosis.causes.symptoms import attainable, behind, knows_more, lags, unlearned, varies
from unflat.diagnosis.references.signal import Reference

Y = np.tile([-1.0, 1.0], 200)


def test_attainable_is_what_others_reach_beyond_chance(fake, reached):
    """R² of 0.4 counts if it is no chance; on held-out data no more than they reach there."""
    held_out = (np.zeros((400, 4, 1)), Y, Y)
    sure = fake(Y, Y, held_out=held_out, references=reached(0.4, held_out_r2=0.25))
    assert attainable(sure, sure.training) == pytest.approx([0.4])
    assert attainable(sure, sure.held_out) == pytest.approx([0.25])
    chance = fake(Y, Y, references=reached(0.4, beyond_chance=False))
    assert attainable(chance, chance.training) == pytest.approx([0.0])


@pytest.mark.parametrize(("r2", "expected"), [(0.79, True), (0.81, False)])
def test_behind_is_more_than_a_tenth_of_the_variance(fake, r2, expected):
    """Others reach 0.9, and two standard errors of that, 2 · 2 · √(0.9/400) · 0.1 = 0.02, are less than a tenth."""
    prediction = Y * (1 - np.sqrt(1 - r2))
    examination = fake(Y, prediction)
    assert examination.training.r2 == pytest.approx([r2])
    assert behind(examination, examination.training).tolist() == [expected]


@pytest.mark.parametrize(("r2", "expected"), [(0.27, True), (0.28, False)])
def test_few_samples_widen_what_counts(fake, reached, r2, expected):
    """With 40 samples and R² of 0.5, two standard errors are 2 · 2 · √(0.5/40) · 0.5 = 0.224, more than a tenth."""
    y = np.tile([-1.0, 1.0], 20)
    examination = fake(y, y * (1 - np.sqrt(1 - r2)), references=reached(0.5))
    assert behind(examination, examination.training).tolist() == [expected]


def test_predictions_that_are_no_numbers_are_behind(fake):
    """NaN is never good enough; a constant target cannot be missed."""
    assert unlearned(fake(Y, np.full(400, np.nan)))
    assert not unlearned(fake(np.full(400, 3.0), np.zeros(400)))


def test_what_is_a_little_worse_throughout_lags(fake, reached):
    """Beside others that make the same errors, what 60 sequences lose is surely no chance."""
    random = np.random.default_rng(0)
    y, noise = random.normal(size=(2, 60))
    other = y + 0.3 * noise
    references = reached(0.91)
    learner = Reference("ridge", *(np.array([value]) for value in (0.91, 0.91, 0.001)), other[:, None], None)
    references = replace(references, together=learner)
    worse = fake(y, other * 0.55, references=references)
    assert lags(worse, worse.training).tolist() == [True]
    assert unlearned(worse)
    same = fake(y, other, references=references)
    assert lags(same, same.training).tolist() == [False]


def test_varies_bounds_rounding():
    """Eight eps of the magnitude are rounding; a billionth is not."""
    column = np.full(10, 7.0)
    other = column.copy()
    other[0] += 1e-15
    third = column.copy()
    third[0] += 1e-8
    assert varies(np.column_stack([column, other, third])).tolist() == [False, False, True]


def test_what_is_left_unexplained_counts_where_it_is_asked_closely(fake, reached):
    """R² 0.93 where others have 0.99 leaves seven times as much: no tenth less, but closely it is behind."""
    random = np.random.default_rng(0)
    y, noise = random.normal(size=(2, 1000))
    examination = fake(y, y + np.sqrt(0.07) * noise, references=reached(0.99))
    assert not behind(examination, examination.training).any()
    assert behind(examination, examination.training, closely=True).all()
    assert unlearned(examination)
    near = fake(y, y + np.sqrt(0.03) * noise, references=reached(0.99))
    assert not unlearned(near)


def test_knowing_more_than_others_is_of_training_data(fake, reached):
    """A model that explains 0.9 of its training data where others explain 0.5 knows more; one with 0.3 knows less."""
    random = np.random.default_rng(0)
    others = Y[:, None] + random.normal(size=(400, 1))
    scores = (np.array([value]) for value in (0.5, 0.5, 0.001))
    references = replace(reached(0.5), learners=(Reference("ridge", *scores, others, others),))
    assert knows_more(fake(Y, 0.7 * Y, references=references))
    assert not knows_more(fake(Y, Y + 1.2 * random.normal(size=400), references=references))
    assert not knows_more(fake(Y, Y, references=reached(0.5, beyond_chance=False)))
