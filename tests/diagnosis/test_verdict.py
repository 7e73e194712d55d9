"""What is seen of a model: each rule on predictions made to meet it, and beside it on healthy ones."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.diagnosis import verdict as verdict_module
from unflat.diagnosis.material.past import Past
from unflat.diagnosis.measured.examination import Examination, Part
from unflat.diagnosis.measured.standing import FLAT_SHARE, errors_needed, figures_of
from unflat.diagnosis.records import Cause, Cure
from unflat.diagnosis.references.signal import Reference, References, Signal
from unflat.diagnosis.subjects import subject_of
from unflat.diagnosis.verdict import judge

N = 1000
GENERATOR = np.random.default_rng(7)
TRUTH = GENERATOR.normal(size=N)
OTHER = GENERATOR.normal(size=N)
Y = TRUTH
STRONG = Signal(0.9, 0.9, "ridge", 0.002)
WEAK = Signal(0.04, 0.04, "ridge", 0.002)
NONE = Signal(-0.01, -0.02, "ridge", 0.6)
WEAKER = Signal(0.36, 0.15, "ridge", 0.002)
UNKNOWN = Signal()


def part(y, prediction, values=None):
    """Make a part of targets and predictions."""
    y, prediction = (np.asarray(a, dtype=float).reshape(len(a), -1) for a in (y, prediction))
    values = np.zeros((len(y), 4, 1)) if values is None else values
    return Part(values, values, y, y.shape, prediction, prediction.shape)


def judged(y, prediction, signal=STRONG, *, held_out=None, past=None, values=None):
    """Judge predictions where other learners found a signal."""
    training = part(y, prediction, values)
    outputs = training.y.shape[1]
    signals = signal if isinstance(signal, tuple) else (signal,) * outputs
    references = References(N, (), signals, (past,) * outputs)
    return judge(Examination(subject_of(len), training, held_out, None, references, (), None))


@pytest.mark.parametrize(
    ("prediction", "verdict"),
    [
        (0.95 * TRUTH, "healthy"),
        (0.9 * TRUTH + 0.2 * OTHER, "healthy"),
        (0 * TRUTH, "flat"),
        (0.1 * TRUTH, "flat"),
        (0.15 * OTHER + 0.05, "flat"),
        (OTHER, "failing"),
        (0.4 * OTHER, "failing"),
        (0.6 * TRUTH, "healthy"),
        (0.35 * TRUTH, "failing"),
        (0.5 * OTHER + 0.28 * TRUTH, "failing"),
        (1000 * TRUTH, "failing"),
        (TRUTH + 3, "failing"),
        (1e300 * TRUTH, "failing"),
        (np.where(OTHER > 2, np.nan, TRUTH), "diverged"),
        (np.full(N, -np.inf), "diverged"),
    ],
)
def test_predictions_of_a_strong_signal(prediction, verdict):
    """Where other learners explain 90 %, predictions are flat, failing or healthy by what they make of it."""
    assert judged(Y, prediction).verdict == verdict


def test_a_weak_signal_weakly_learned_is_healthy():
    """Predictions of a fifth of the targets' deviation are what a signal of 4 % calls for; a constant is flat still."""
    y = 0.2 * TRUTH + OTHER
    assert judged(y, 0.2 * TRUTH, WEAK).verdict == "healthy"
    assert judged(y, 0.08 * TRUTH, WEAK).verdict == "healthy"
    assert judged(y, 0 * TRUTH, WEAK).verdict == "flat"


def test_a_weak_signal_fails_where_much_is_lost():
    """Where 4 % can be had, a model worse than the mean by a little may be so by chance; by a lot it fails."""
    y = 0.2 * TRUTH + OTHER
    unrelated = np.random.default_rng(0).normal(size=N)
    assert judged(y, 0.2 * unrelated, WEAK).verdict == "healthy"
    assert judged(y, 0.6 * unrelated, WEAK).verdict == "failing"


def test_without_a_signal_flat_is_right():
    """A constant at the mean, and noise learned by heart, are all that can be had."""
    assert judged(Y, 0 * TRUTH + 0.02, NONE).verdict == "no_signal"
    assert judged(Y, 0.7 * OTHER, NONE).verdict == "no_signal"


def test_without_a_signal_a_wrong_level_is_wrong():
    """A constant far beside the mean is flat, and predictions in other units fail, whatever there is to learn."""
    assert judged(Y, 0 * TRUTH + 3, NONE).verdict == "flat"
    assert judged(Y, 20 * OTHER, NONE).verdict == "failing"


def test_a_model_may_find_what_other_learners_do_not():
    """A model that surely explains something is healthy, whatever others find, with a small spread too."""
    assert judged(Y, 0.8 * TRUTH, NONE).verdict == "healthy"
    assert judged(Y, 0.09 * TRUTH, NONE).verdict == "healthy"


def test_where_nobody_looked_the_verdict_is_less_sure():
    """On data too few for other learners a constant counts as flat, at half the confidence at most."""
    judgement = judged(Y[:8], 0 * Y[:8], UNKNOWN)
    assert judgement.verdict == "flat"
    assert judgement.confidence <= 0.5
    assert judged(Y[:8], 0.9 * Y[:8], UNKNOWN).verdict == "healthy"


def test_the_verdict_is_about_held_out_data():
    """What fits its training data and is flat beyond is flat."""
    judgement = judged(Y, 0.95 * TRUTH, held_out=part(Y[:300], 0 * Y[:300]))
    assert judgement.part == "held-out"
    assert judgement.verdict == "flat"
    assert judgement.outputs[0].n == 300


def test_a_constant_held_out_target_is_judged_in_training():
    """On held-out targets that are all the same nothing can be seen, so training data decide."""
    assert judged(Y, 0 * TRUTH, held_out=part([5.0] * 9, [1.0] * 9)).verdict == "flat"


def test_a_constant_target_has_no_signal():
    """There is nothing to learn, surely."""
    judgement = judged(np.ones(N), OTHER, UNKNOWN)
    assert judgement.verdict == "no_signal"
    assert judgement.confidence == 1
    assert isnan(judgement.outputs[0].spread)


def walk():
    """Make windows of a random walk and what follows each."""
    series = np.cumsum(np.random.default_rng(3).normal(size=N + 5))
    return np.lib.stride_tricks.sliding_window_view(series, 4)[:N, :, None], series[4 : N + 4]


@pytest.mark.parametrize("offset", [0.0, 0.2])
def test_repeating_the_last_value_is_seen_through(offset):
    """R² near 1 is nothing where the last value has it, too."""
    values, y = walk()
    judgement = judged(y, values[:, -1, 0] + offset, past=Past(0, 1.0, 1), values=values)
    assert judgement.verdict == "copies_last"
    assert judgement.outputs[0].r2 > 0.9
    assert judgement.outputs[0].last_value_skill == pytest.approx(-(offset**2), abs=0.03)


def test_what_beats_the_last_value_does_not_repeat_it():
    """A forecast that knows a part of the change is healthy; so is any where no past is surely known."""
    values, y = walk()
    last = values[:, -1, 0]
    assert judged(y, last + 0.3 * (y - last), past=Past(0, 1.0, 1), values=values).verdict == "healthy"
    assert judged(y, last, past=Past(0, 0.5), values=values).verdict == "healthy"
    assert judged(y, last, values=values).verdict == "healthy"


def test_the_worst_output_decides():
    """One flat output cannot hide behind healthy ones; one without a signal does not spoil them."""
    y, prediction = np.column_stack([TRUTH, OTHER]), np.column_stack([TRUTH, 0 * OTHER])
    judgement = judged(y, prediction)
    assert [output.verdict for output in judgement.outputs] == ["healthy", "flat"]
    assert (judgement.verdict, judgement.decisive) == ("flat", 1)
    assert judged(y, prediction, (STRONG, NONE)).verdict == "healthy"


def test_sequences_without_a_target_are_left_out():
    """A missing or infinite target does not make a healthy model fail."""
    y = Y.copy()
    y[3], y[4] = np.nan, np.inf
    judgement = judged(y, 0.95 * TRUTH)
    assert judgement.verdict == "healthy"
    assert judgement.outputs[0].n == N - 2


def test_confidence_grows_with_the_margin():
    """The flatter, the surer; the nearer to the border, the less."""
    sure = [judged(Y, share * TRUTH).confidence for share in (0.23, 0.15, 0.05, 0.0)]
    assert sure == sorted(sure)
    assert 0.5 < sure[0] < 0.7
    assert sure[-1] > 0.99


def test_confidence_that_nothing_is_there_grows_with_the_data():
    """Few sequences hide a signal; nobody is sure then that there is none."""
    few = replace(References(20, (), (NONE,), (None,)))
    many = replace(few, n=1500)
    training = part(Y, 0 * TRUTH)
    sure = [
        judge(Examination(subject_of(len), training, None, None, each, (), None)).confidence for each in (few, many)
    ]
    assert sure[0] < 0.3
    assert sure[1] > 0.95


def test_the_spread_to_be_expected_is_the_root_of_what_others_explain():
    """A calibrated fit has a spread of √R²; flat begins at a quarter of it."""
    output = judged(Y, TRUTH).outputs[0]
    assert output.healthy_spread == pytest.approx(0.9**0.5)
    assert output.flat_below == pytest.approx(FLAT_SHARE * 0.9**0.5)
    assert isnan(judged(Y, TRUTH, NONE).outputs[0].healthy_spread)


@given(st.floats(-1e6, 1e6), st.floats(1e-9, 1e9), st.sampled_from([0.0, 0.1, 0.5, 0.95]))
@settings(max_examples=30, deadline=None)
def test_units_change_no_verdict(offset, unit, share):
    """The same predictions in other units are judged the same, with the same confidence."""
    offset *= unit
    first = judged(Y, share * TRUTH)
    other = judged(offset + unit * Y, offset + unit * share * TRUTH)
    assert other.verdict == first.verdict
    assert other.confidence == pytest.approx(first.confidence, abs=1e-3)
    assert other.outputs[0].r2 == pytest.approx(first.outputs[0].r2, abs=1e-3)


@given(st.integers(2, 60), st.sampled_from([STRONG, WEAK, NONE, UNKNOWN]), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_any_numbers_get_a_verdict(n, signal, seed):
    """Whatever the predictions, there is a verdict, and a confidence between 0 and 1."""
    generator = np.random.default_rng(seed)
    y = generator.choice([0.0, 1.0, 1e12, -3.5, nan], size=n)
    prediction = generator.choice([0.0, 1.0, -1e200, 5.0], size=n)
    judgement = judged(y, prediction, signal)
    assert 0 <= judgement.confidence <= 1


def test_leaving_three_times_as_much_fails_where_nearly_all_can_be_explained():
    """Half of 0.98 is no measure: R² 0.8 leaves ten times as much as others, and 0.9 is less than a tenth short."""
    best = Signal(0.98, 0.98, "ridge", 0.002)
    assert judged(Y, TRUTH + np.sqrt(0.2) * OTHER, best).verdict == "failing"
    assert judged(Y, TRUTH + np.sqrt(0.1) * OTHER, best).verdict == "healthy"


def test_a_few_errors_beyond_measure_do_not_hide_many_large_ones():
    """One error of a million has a mean that says nothing; that all others are worse than the mean's says enough."""
    prediction = 2 * OTHER
    prediction[0] = 1e6
    assert judged(Y, prediction).verdict == "failing"
    single = TRUTH.copy()
    single[0] = 1e6
    assert judged(Y, single).verdict == "healthy"


def test_few_sequences_need_larger_differences():
    """Three deviations of a normal value are nearly four of twelve values, and six of five."""
    assert errors_needed(12) == pytest.approx(3.85, abs=0.01)
    assert errors_needed(5) == pytest.approx(6.62, abs=0.01)
    assert errors_needed(10**6) == pytest.approx(3.0, abs=1e-3)


def test_what_falls_short_in_training_too_needs_no_certainty_on_held_out_data():
    """Twenty held-out sequences prove little by themselves; with a thousand of training they do."""
    prediction = TRUTH + np.sqrt(0.35) * OTHER
    few = part(Y[:20], prediction[:20])
    assert judged(Y, prediction, held_out=few).verdict == "failing"
    assert judged(Y, 0.98 * TRUTH, held_out=few).verdict == "healthy"


def test_sequences_paired_with_others_targets_are_no_lack_of_signal():
    """Targets out of order hide in training a signal that held-out pairs have; that is no rightful flatness."""
    values = GENERATOR.normal(size=(400, 4, 1))
    y = values[:, -1, 0] + values[:, 0, 0]
    held_out = part(y[300:], 0 * y[300:], values[300:])
    wrong = GENERATOR.permutation(y[:300])
    assert judged(wrong, 0 * wrong, NONE, held_out=held_out, values=values[:300]).verdict == "flat"
    unrelated = part(OTHER[:100], 0 * OTHER[:100], values[300:])
    assert judged(wrong, 0 * wrong, NONE, held_out=unrelated, values=values[:300]).verdict == "no_signal"


@pytest.mark.parametrize(("share", "verdict"), [(0.3, "healthy"), (0.1, "failing")])
def test_little_beyond_the_border_is_no_failure_by_itself(share, verdict):
    """Where others have 0.2, less than half fails: 0.09 is that by chance alone, 0.02 is that surely."""
    y, noise = np.sqrt(0.2) * TRUTH + np.sqrt(0.8) * OTHER, 0.12 * np.random.default_rng(1).normal(size=N)
    learner = np.sqrt(0.2) * TRUTH[:, None]
    found = Reference("ridge", *(np.array([value]) for value in (0.2, 0.2, 0.001)), learner, learner)
    references = References(N, (found,), (Signal(0.2, 0.2, "ridge", 0.002),), (None,))
    held_out = part(y, share * learner[:, 0] + noise)
    training = part(y, learner[:, 0])
    assert judge(Examination(subject_of(len), training, held_out, None, references, (), None)).verdict == verdict


def test_flat_is_said_of_few_sequences_only_beyond_chance():
    """Seven predictions that go with their targets, a fifth of their spread, may be shrunk; a fiftieth is flat."""
    y = np.linspace(-1, 1, 7)
    for prediction, verdict in ((0.2 * y, "healthy"), (0.02 * y, "flat")):
        assert judged(TRUTH, 0.9 * TRUTH, held_out=part(y, prediction)).verdict == verdict


def test_who_finds_nothing_either_proves_no_fault(blamed):
    """Predictions worse than the mean, of targets that nobody can tell, have learned noise: that is no lack."""
    blamed("too_few_updates", 0.8)
    y, prediction = OTHER[:120], 0.4 * TRUTH[:120]
    within = Reference("ridge", *(np.array([-0.01]),) * 3, held_out_prediction=np.zeros((120, 1)))
    references = References(N, (), (NONE,), (None,), within=within)
    examination = Examination(subject_of(len), part(y, prediction), part(y, prediction), None, references, (), None)
    assert judge(examination).verdict == "no_signal"


def test_predictions_for_every_step_are_all_judged():
    """A model whose last step alone is right fails by the others; one that is right at each is healthy."""

    def verdict(predict):
        values = np.zeros((N, 4, 1))
        training = Part(values, values, Y[:, None], (N, 1), Y[:, None], (N, 4, 1))
        references = References(N, (), (STRONG,), (None,))
        return judge(Examination(subject_of(predict), training, None, None, references, (), None)).verdict

    only_last = np.stack([OTHER, OTHER, OTHER, TRUTH], axis=1)[..., None]
    assert verdict(lambda _: only_last) == "failing"
    assert verdict(lambda _: np.repeat(TRUTH[:, None, None], 4, axis=1)) == "healthy"


def beside(prediction, other, *, within=None, n=N, signal=STRONG):
    """Judge held-out predictions beside those of another learner, and perhaps of one of the held-out part."""
    y = (TRUTH + 0.3 * OTHER)[:n]
    scores = (np.array([value]) for value in (0.9, 0.9, 0.001))
    learner = Reference("ridge", *scores, y[:, None], other[:n, None])
    inside = None if within is None else replace(learner, held_out_prediction=within[:n, None])
    references = References(n, (learner,), (signal,), (None,), within=inside)
    return judge(Examination(subject_of(len), part(y, y), part(y, prediction[:n]), None, references, (), None))


@pytest.fixture
def blamed(monkeypatch):
    """Let the rules name one cause, with some confidence."""

    def blame(cause, confidence):
        found = Cause(cause, "why", (), Cure("do", "code"), confidence)
        monkeypatch.setattr(verdict_module, "find_causes", lambda _: (found,))

    return blame


@pytest.mark.parametrize(
    ("cause", "confidence", "verdict"),
    [("rate_too_high", 0.9, "failing"), ("rate_too_high", 0.5, "healthy"), ("overfit", 0.9, "healthy")],
)
def test_a_model_behind_others_fails_if_a_rule_says_why(blamed, cause, confidence, verdict):
    """R² 0.7 where others have 0.9 is a fault where one is proven; not for a guess, nor for the lack's own name."""
    blamed(cause, confidence)
    judgement = beside(0.55 * TRUTH, TRUTH)
    assert judgement.verdict == verdict
    if verdict == "failing":
        assert judgement.confidence == pytest.approx(confidence, rel=0.01)


def test_a_model_as_good_as_others_is_healthy_whatever_rules_say(blamed):
    """Without a lack there is no cause; few sequences show none."""
    blamed("rate_too_high", 0.9)
    assert beside(0.9 * TRUTH, TRUTH).verdict == "healthy"
    assert beside(0.55 * TRUTH, TRUTH, n=25).verdict == "healthy"


def test_held_out_data_elsewhere_are_judged_by_what_is_in_them(blamed):
    """Where others, too, learned nothing that holds there, a learner of the held-out part says what was to be found."""
    nobody = -TRUTH
    assert beside(0.55 * TRUTH, nobody, within=TRUTH).verdict == "healthy"
    blamed("extrapolation", 0.85)
    assert beside(0.55 * TRUTH, nobody, within=TRUTH).verdict == "failing"
    assert beside(0.55 * TRUTH, nobody).verdict == "healthy"


def test_differences_are_taken_sequence_by_sequence():
    """What is hard for both says nothing of either: errors that both make do not blur how far one is behind."""
    hard = np.where(np.arange(N) % 10 == 0, 3.0, 0.0) * np.sign(OTHER)
    y = TRUTH + hard
    learner = Reference("ridge", *(np.array([value]) for value in (0.5, 0.5, 0.001)), y[:, None], TRUTH[:, None])
    references = References(N, (learner,), (Signal(0.5, 0.5, "ridge", 0.002),), (None,))
    examination = Examination(subject_of(len), part(y, y), part(y, 0.4 * TRUTH), None, references, (), None)
    figures = figures_of(examination, 0)
    paired, as_it_is = figures.behind
    assert as_it_is.width == pytest.approx((np.mean((y - 0.4 * TRUTH) ** 2) - np.mean(hard**2)) / np.var(y))
    assert paired.error < figures.error_of_rest


def noisy(share, prediction=None):
    """Give targets of which a share of the variance is noise, and judge predictions beside those without noise."""
    y = np.sqrt(1 - share) * TRUTH + np.sqrt(share) * OTHER
    other = np.sqrt(1 - share) * TRUTH
    return y, other if prediction is None else prediction


@pytest.mark.parametrize(
    ("left", "verdict"),
    [(0.06, "healthy"), (0.09, "healthy"), (0.12, "failing")],
)
def test_leaving_twice_as_much_matters_where_little_is_left(blamed, left, verdict):
    """Where others leave 5 %, 5 % more is a loss that a proven cause explains; 4 % more is not."""
    blamed("padding_unmasked", 0.9)
    y, other = noisy(0.05)
    third = np.random.default_rng(5).normal(size=N)
    prediction = other + np.sqrt(left - 0.05) * third
    scores = (np.array([value]) for value in (0.95, 0.95, 0.001))
    learner = Reference("ridge", *scores, y[:, None], other[:, None])
    references = References(N, (learner,), (Signal(0.95, 0.95, "ridge", 0.002),), (None,))
    found = judge(Examination(subject_of(len), part(y, y), part(y, prediction), None, references, (), None))
    assert found.verdict == verdict


def test_many_sequences_prove_what_few_show(blamed):
    """A loss that 40 held-out sequences leave in doubt, and that training shows surely, is one."""
    blamed("too_few_updates", 0.8)
    y, other, n = TRUTH + 0.8 * OTHER, TRUTH, 40
    scores = (np.array([value]) for value in (0.6, 0.6, 0.001))
    learner = Reference("ridge", *scores, other[:, None], other[:n, None])
    references = References(N, (learner,), (Signal(0.6, 0.6, "ridge", 0.002),), (None,))

    def judged_beside(trained):
        training, held_out = part(y, trained), part(y[:n], 0.5 * TRUTH[:n])
        examination = Examination(subject_of(len), training, held_out, None, references, (), None)
        (paired, _), verdict = figures_of(examination, 0).behind, judge(examination).verdict
        assert 0.1 < paired.width < 2 * paired.error
        return verdict

    assert judged_beside(0.5 * TRUTH) == "failing"
    assert judged_beside(TRUTH) == "healthy"


@pytest.mark.parametrize(("cause", "verdict"), [("padding_unmasked", "failing"), ("no_signal", "healthy")])
def test_what_learners_know_together_is_asked_of_no_model_without_a_fault(blamed, cause, verdict):
    """A model as good as the best learner is healthy, though all together know more; with a proven fault it fails."""
    blamed(cause, 0.9)
    y = (TRUTH + 0.3 * OTHER)[:, None]
    scores = [np.array([value]) for value in (0.6, 0.6, 0.001)]
    one, all_of_them = (Reference("ridge", *scores, y, share * TRUTH[:, None]) for share in (0.45, 1))
    references = References(N, (one,), (Signal(0.6, 0.6, "ridge", 0.002),), (None,), together=all_of_them)
    examination = Examination(subject_of(len), part(y, y), part(y, 0.5 * TRUTH), None, references, (), None)
    figures = figures_of(examination, 0)
    assert figures.behind[1].width < 0
    assert figures.lacking[1].width == pytest.approx(0.25 / 1.09, abs=0.03)
    assert judge(examination).verdict == verdict


@pytest.mark.parametrize(("lost", "verdict"), [(0.03, "healthy"), (0.07, "failing")])
def test_half_a_tenth_matters_beside_a_proven_fault(blamed, lost, verdict):
    """Where others explain half, a model that surely explains 0.07 less fails if a rule proves why; not for 0.03."""
    blamed("padding_unmasked", 0.9)
    y, other = noisy(0.5)
    worse = other + np.sqrt(lost) * np.random.default_rng(5).normal(size=N)
    scores = (np.array([value]) for value in (0.5, 0.5, 0.001))
    learner = Reference("ridge", *scores, y[:, None], other[:, None])
    references = References(N, (learner,), (Signal(0.5, 0.5, "ridge", 0.002),), (None,))
    examination = Examination(subject_of(len), part(y, y), part(y, worse), None, references, (), None)
    assert judge(examination).verdict == verdict


def test_what_a_models_own_states_tell_is_asked_of_it_where_a_fault_is_proven(blamed, monkeypatch):
    """No other learner does better, but a line through the model's own states does: training left that lying."""
    y, other = noisy(0.5, 0.5 * TRUTH)
    scores = tuple(np.array([value]) for value in (0.3, 0.3, 0.001))
    learner = Reference("ridge", *scores, other[:, None], other[:, None])
    own = Reference("own", *scores, np.sqrt(0.5) * TRUTH[:600, None], np.sqrt(0.5) * TRUTH[:600, None])
    references = References(N, (learner,), (Signal(0.3, 0.3, "ridge", 0.002),), (None,))
    examination = Examination(subject_of(len), part(y, y), part(y, 0.4 * TRUTH), None, references, (), None)
    blamed("too_few_updates", 0.8)
    assert judge(replace(examination)).verdict == "healthy"
    monkeypatch.setattr(Examination, "own", own)
    assert figures_of(examination, 0).lacking[2].n == 600
    assert judge(examination).verdict == "failing"


def test_targets_that_are_one_number_are_judged_in_the_training_parts_variance(blamed):
    """Of a ceiling, predictions that lie a deviation below it lose all that others explain; at the ceiling, nothing."""
    blamed("extrapolation", 0.85)
    training, ceiling = part(TRUTH, TRUTH), np.full(100, 2 * TRUTH.std())

    def verdict(prediction):
        held_out, references = part(ceiling, prediction), References(N, (), (STRONG,), (None,))
        return judge(Examination(subject_of(len), training, held_out, None, references, (), None)).verdict

    assert verdict(ceiling - TRUTH.std()) == "failing"
    assert verdict(ceiling - 0.1 * TRUTH.std()) == "healthy"


def test_the_slope_is_that_of_least_squares_whose_error_allows_for_unequal_noise():
    """Noise that grows with predictions makes the slope less sure than equal noise would."""
    prediction = OTHER[:, None]
    noise = np.random.default_rng(2).normal(size=(N, 1)) * np.abs(prediction)
    y = 0.5 * prediction + noise
    references = References(N, (), (STRONG,), (None,))
    figures = figures_of(Examination(subject_of(len), part(y, prediction), None, None, references, (), None), 0)
    expected = np.polyfit(prediction[:, 0], y[:, 0], 1)[0]
    assert figures.slope == pytest.approx(expected)
    equal = np.std(y - 0.5 * prediction) / np.std(prediction) / np.sqrt(N)
    assert figures.slope_error > 1.3 * equal
    assert figures.too_wide == pytest.approx((1 - figures.slope) / figures.slope_error)
    gained = np.var(prediction - y) - np.var(expected * prediction - y)
    assert gained > 0.05 * np.var(y)
    little = figures_of(Examination(subject_of(len), part(y, prediction * 0.6), None, None, references, (), None), 0)
    assert little.too_wide == 0


def test_predictions_that_differ_more_than_they_know_are_overfit(blamed):
    """Where noise was learned by heart, and half as large predictions explain more, that is the fault."""
    blamed("overfit", 0.7)
    y = 0.6 * TRUTH + 0.8 * OTHER
    wide = 0.6 * TRUTH + 0.5 * np.random.default_rng(8).normal(size=N)
    scores = (np.array([value]) for value in (0.36, 0.36, 0.001))
    references = References(N, (Reference("ridge", *scores, y[:, None], wide[:, None]),), (WEAKER,), (None,))
    for trained, verdict in ((y, "failing"), (0.6 * TRUTH, "healthy")):
        found = judge(Examination(subject_of(len), part(y, trained), part(y, wide), None, references, (), None))
        assert found.verdict == verdict


def test_noise_learned_by_heart_is_a_fault(blamed):
    """Explaining all of the training data, where others explain 0.9, may be luck; where 0.5, it is overfit."""
    blamed("overfit", 0.7)
    assert beside(0.55 * TRUTH, TRUTH).verdict == "healthy"
    assert beside(0.55 * TRUTH, TRUTH, signal=Signal(0.5, 0.5, "ridge", 0.002)).verdict == "failing"


@pytest.mark.parametrize(("cause", "verdict"), [("padding_unmasked", "failing"), ("overfit", "healthy")])
def test_what_is_read_off_the_same_errors_is_no_second_sign(blamed, cause, verdict):
    """A loss of more than two standard errors is one beside a fault that is seen elsewhere, and not beside itself."""
    blamed(cause, 0.7)
    n = 300
    y, other = (values[:n] for values in noisy(0.5))
    scores = (np.array([value]) for value in (0.5, 0.5, 0.001))
    learner = Reference("ridge", *scores, None, other[:, None])
    references = References(n, (learner,), (Signal(0.5, 0.5, "ridge", 0.002),), (None,))
    worse = 0.6 * other  # no wider than it knows, which would be a sign of its own
    examination = Examination(subject_of(len), part(y, y), part(y, worse), None, references, (), None)
    gap = figures_of(examination, 0).behind[0]
    assert gap.width > 0.05
    assert 2 < gap.width / gap.error < 3
    assert judge(examination).verdict == verdict
