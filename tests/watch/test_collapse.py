"""The judgement, on looks that are made up."""

import pytest

from unflat.diagnosis.references.signal import Signal
from unflat.watch.collapse import Scene, judge
from unflat.watch.records import Course

STRONG, WEAK, CHANCE = Signal(0.9, p_value=0.005), Signal(0.15, p_value=0.005), Signal(0.9, p_value=0.2)


def scene(signal=STRONG, steps=100, deviation=1.0):
    """Make a training of so many steps on a target with such a signal."""
    return Scene(Course(steps), (deviation,), lambda: (signal,))


def kind(looks, of, *, final=False):
    """Judge and give the kind of failure."""
    finding = judge(looks, of, final=final)
    return None if finding is None else finding.kind


def test_nothing_is_judged_before_the_first_step(look):
    """Whatever a network predicts before it was trained, it is not failing yet."""
    assert judge([look(0, finite=False, offset=(1e6,), reach=1.0)], scene()) is None


def test_predictions_that_are_not_numbers_are_judged_at_once(look):
    """One look suffices, in the first step too."""
    assert kind([look(0), look(1, finite=False)], scene()) == "not_finite"


def test_a_single_infinite_loss_is_an_overflow(look):
    """A loss that is no number counts from the second time in a row on."""
    nan = float("nan")
    assert kind([look(0), look(1, loss=nan)], scene()) is None
    assert kind([look(0), look(1, loss=nan), look(2, loss=nan)], scene()) == "not_finite"


@pytest.mark.parametrize(
    ("offset", "reach", "failing"),
    [(-100.0, 30.0, True), (-100.0, 34.0, False), (100.0, 30.0, True), (1.5, 0.0, True), (0.9, 0.0, False)],
)
def test_a_mean_that_cannot_be_reached(look, offset, reach, failing):
    """Three times the reach must bring the predictions' mean to within a deviation of the targets'."""
    looks = [look(0), look(5, error=offset**2, offset=(offset,), reach=reach)]
    assert kind(looks, scene(CHANCE)) == ("out_of_reach" if failing else None)


def test_reach_is_measured_in_the_targets_deviation(look):
    """The same reach is little for a target that varies by thousands."""
    looks = [look(0), look(5, reach=3.0)]
    assert kind(looks, scene(deviation=1.0)) is None
    assert kind(looks, scene(deviation=1000.0)) == "out_of_reach"


def test_a_spread_out_of_reach_needs_something_to_learn(look):
    """Where nothing is to be learned, predictions of no spread are right."""
    looks = [look(0), look(5, reach=3.0)]
    for signal in (WEAK, CHANCE):
        assert kind(looks, scene(signal, deviation=1000.0)) is None


def test_reach_is_not_judged_in_the_first_steps(look):
    """A rate may rise at first."""
    assert kind([look(0), look(4, offset=(-100.0,), reach=1.0)], scene()) is None


def test_a_dead_layer_is_judged_at_the_second_look(look):
    """Zeros for all sequences and one number as the prediction, twice, are enough, whatever there is to learn."""
    dead = [look(0), look(1, spread=0.0, dead=1.0), look(2, spread=0.0, dead=1.0)]
    assert kind(dead, scene(CHANCE)) == "dead"
    assert kind(dead[:2], scene(CHANCE)) is None
    assert kind([look(0), look(1, spread=0.5, dead=1.0), look(2, spread=0.5, dead=1.0)], scene(CHANCE)) is None


def test_what_was_learned_and_is_gone(look):
    """Three looks no better than the mean after one that explained a third are a collapse, also early."""
    learned = [look(0), look(5, error=0.6, spread=0.7)]
    assert kind([*learned, look(6), look(7), look(8)], scene(CHANCE)) == "lost"
    assert kind([*learned, look(6), look(7)], scene(CHANCE)) is None
    assert kind([*learned, look(6), look(7, error=0.9), look(8)], scene(CHANCE)) is None


def test_flat_is_healthy_in_the_first_half(look):
    """A network that begins flat has half of the steps to learn, and is judged in the second half."""
    looks = [look(step) for step in range(0, 50, 2)]
    assert kind(looks, scene()) is None
    assert kind([*looks, look(50)], scene()) == "stuck"


@pytest.mark.parametrize("signal", [WEAK, CHANCE])
def test_flat_is_right_where_others_find_little(look, signal):
    """Weak signals, and what may be chance, blame nobody, at the end either."""
    looks = [look(step) for step in range(0, 101, 2)]
    assert kind(looks, scene(signal), final=True) is None


def test_what_still_gets_better_is_given_time(look):
    """A falling error or a growing spread; at the end too, where a part was learned, since it was only too short."""
    falling = [look(step, error=1 - step / 800) for step in range(0, 71, 2)]
    growing = [look(step, spread=1.1 ** (step / 2) / 1000) for step in range(0, 71, 2)]
    assert kind(falling, scene()) is None
    assert kind(growing, scene()) is None
    assert kind(falling, scene(), final=True) is None
    assert kind(growing, scene(), final=True) == "stuck"


@pytest.mark.parametrize(
    ("first", "last", "failing"),
    [
        ((0.95, 0.13), (0.80, 0.22), False),  # learns
        ((1.09, 0.16), (1.04, 0.15), False),  # has begun to
        ((1.09, 0.05), (1.00, 0.01), True),  # came to the mean, and is flat there
        ((1.00, 0.01), (1.00, 0.02), True),
        ((0.80, 0.22), (0.80, 0.22), True),
    ],
)
def test_a_short_training_is_held_against_its_beginning(look, first, last, failing):
    """Where its end is the only look at it, what was learned since the first step says whether it still learned."""
    looks = [look(0, error=first[0], spread=first[1]), look(30, error=last[0], spread=last[1])]
    assert kind(looks, scene(steps=30), final=True) == ("stuck" if failing else None)


def test_reach_is_not_judged_when_no_step_is_left(look):
    """It is nil then, whatever was learned."""
    looks = [look(0, error=1.0, spread=0.02, reach=3.0), look(100, error=0.9, spread=0.05, reach=0.0)]
    assert kind(looks, scene(), final=True) is None


def test_few_looks_prove_nothing(look):
    """In the course of a training three looks must agree; at its end one is enough."""
    looks = [look(0), look(80)]
    assert kind(looks, scene()) is None
    assert kind(looks, scene(), final=True) == "stuck"


def test_a_training_that_explains_a_part_is_not_stuck(look):
    """A quarter of what others explain is a beginning."""
    assert kind([look(step, error=0.75) for step in range(0, 101, 2)], scene(), final=True) is None


def test_far_worse_than_the_mean_needs_no_signal(look):
    """Not even noise that was learned by heart gives four times the mean's error."""
    assert kind([look(step, error=5.0) for step in range(0, 61, 2)], scene(CHANCE)) == "worse"
    assert kind([look(step, error=3.0) for step in range(0, 61, 2)], scene(CHANCE)) is None


def test_without_a_plan_a_thousand_steps_are_given(look):
    """Where the number of steps is not known, a flat training is judged from the thousandth on."""
    looks = [look(step) for step in range(0, 1000, 50)]
    assert kind(looks, scene(steps=None)) is None
    assert kind([*looks, look(1000)], scene(steps=None)) == "stuck"


def test_a_constant_target_is_nobodys_fault(look):
    """Figures that are not defined raise nothing."""
    nan = float("nan")
    looks = [look(step, error=nan, spread=nan, offset=(nan,), reach=1.0) for step in range(0, 101, 2)]
    assert kind(looks, scene(Signal(), deviation=0.0), final=True) is None
