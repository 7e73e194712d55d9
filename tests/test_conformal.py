import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.conformal import ENOUGH_OF_A_GROUP, MOST_SCORES, Calibration, Ranked, labels
from unflat.errors import CoverageWarning

COVERAGES = st.floats(0.01, 0.999)


def scores_of(seed, n, outputs=1):
    """Draw scores as they are: not negative, skewed."""
    return np.random.default_rng(seed).exponential(size=(n, outputs))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 200), COVERAGES)
def test_quantile_is_the_one_of_the_theorem(seed, n, coverage):
    """It is the ceil((n + 1) · coverage)-th smallest score, and infinite where there are not so many."""
    scores = scores_of(seed, n)[:, 0]
    k = math.ceil((n + 1) * coverage - 1e-6)
    expected = np.sort(scores)[k - 1] if k <= n else math.inf
    assert Ranked.of(scores, None).quantile(coverage) == expected


@pytest.mark.parametrize(("coverage", "needed"), [(0.9, 9), (0.95, 19), (0.8, 4), (0.5, 1)])
def test_too_few_scores_give_infinity(coverage, needed):
    """Below ceil(1 / alpha) - 1 scores no finite bound keeps the promise; at that number the largest score does."""
    scores = scores_of(0, needed)
    assert Calibration.of(scores, None, None).quantiles(coverage, 1, None).item() == scores.max()
    if needed > 1:
        assert np.isinf(Calibration.of(scores[1:], None, None).quantiles(coverage, 1, None)).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 120), st.tuples(COVERAGES, COVERAGES), st.booleans(), st.booleans())
def test_quantiles_rise_with_the_coverage(seed, n, coverages, weighted, grouped):
    """More coverage never means less, with weights, for a known group, a small one and one that is not known."""
    random = np.random.default_rng(seed)
    weights = random.uniform(0, 1, n) + 1e-3 if weighted else None
    groups = random.choice(["a", "b", "c"], n, p=[0.7, 0.25, 0.05]) if grouped else None
    calibration = Calibration.of(scores_of(seed, n, 2), weights, groups)
    asked = np.array(["a", "b", "c", "new"])
    low, high = (calibration.quantiles(c, 4, asked) for c in sorted(coverages))
    assert (low <= high).all()


def test_coverage_over_many_draws_is_the_one_asked_for():
    """With 19 scores exchangeable with the next one, 0.9 covers k / (n + 1) = 18 / 20 of the time, not less."""
    random = np.random.default_rng(0)
    draws = random.exponential(size=(4000, 20))
    hits = [Ranked.of(row[:-1], None).quantile(0.9) >= row[-1] for row in draws]
    assert np.mean(hits) == pytest.approx(18 / 20, abs=0.015)


def test_equal_weights_are_no_weights_and_a_weight_of_zero_is_no_sequence():
    """The two extremes of weighing."""
    scores = scores_of(0, 50)
    plain = Calibration.of(scores, None, None).quantiles(0.9, 1, None)
    assert Calibration.of(scores, np.full(50, 3.0), None).quantiles(0.9, 1, None) == plain
    padded = np.vstack([scores, [[1e9]]])
    weights = np.append(np.full(50, 3.0), 0.0)
    assert Calibration.of(padded, weights, None).quantiles(0.9, 1, None) == plain


def test_uneven_weights_count_as_fewer_sequences():
    """Of 100 scores that one outweighs, the promise is what little evidence is left allows (Kish 1965)."""
    weights = np.append(np.full(99, 1e-3), 1.0)
    calibration = Calibration.of(scores_of(0, 100), weights, None)
    units = weights.sum() ** 2 / np.square(weights).sum()
    assert calibration.most == pytest.approx(units / (units + 1))
    assert np.isinf(calibration.quantiles(0.9, 1, None)).all()


def test_a_group_with_enough_scores_has_its_own_quantile():
    """A noisy group gets wide bounds, a quiet one narrow bounds; what is not known gets those of all groups."""
    quiet, noisy = scores_of(0, 100), 10 * scores_of(1, 100)
    calibration = Calibration.of(np.vstack([quiet, noisy]), None, np.repeat(["quiet", "noisy"], 100))
    own = calibration.quantiles(0.9, 3, np.array(["noisy", "quiet", "noisy"]))[:, 0]
    alone = [Ranked.of(s[:, 0], None).quantile(0.9) for s in (noisy, quiet, noisy)]
    assert own.tolist() == alone
    assert calibration.quantiles(0.5, 1, np.array(["new"])) == calibration.quantiles(0.5, 1, None)


FORMS = {
    "whole": np.array([12, 7]),
    "float": np.array([12.0, 7.0], dtype=np.float32),
    "text": np.array(["12", "7"]),
    "objects": np.array([12, 7], dtype=object),
    "floats as objects": np.array([12.0, 7.0], dtype=object),
}


@pytest.mark.parametrize("known", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("asked", FORMS.values(), ids=FORMS)
def test_a_group_is_known_whatever_type_holds_its_label(known, asked):
    """7 is 7.0, "7" and "7.0", and so what is found does not hang on how a table came."""
    groups = labels(np.repeat(known, 30))
    calibration = Calibration.of(scores_of(0, 60), None, groups)
    assert calibration.places(labels(asked)).tolist() == calibration.places(groups[[0, 30]]).tolist()
    assert sorted(calibration.places(labels(asked))) == [0, 1]


DAYS = np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]")


@pytest.mark.parametrize(
    "forms",
    [
        [np.array([True, False]), np.array([1, 0]), np.array([1.0, 0.0]), np.array(["1", "0"]),
         np.array(["True", "False"]), np.array([True, False], dtype=object)],
        [DAYS, DAYS.astype("datetime64[ns]"), DAYS.astype("datetime64[h]"), DAYS.astype(str), DAYS.astype(object),
         DAYS.astype("datetime64[s]").astype(object)],
    ],
    ids=["yes or no", "days"],
)  # fmt: skip
def test_yes_or_no_and_days_are_known_whatever_type_holds_them(forms):
    """True is 1, and a day is its midnight, in any unit."""
    for known in forms:
        calibration = Calibration.of(scores_of(0, 60), None, labels(np.repeat(known, 30)))
        expected = calibration.places(labels(known)).tolist()
        assert sorted(expected) == [0, 1]
        assert [calibration.places(labels(asked)).tolist() for asked in forms] == [expected] * len(forms)


def test_labels_that_differ_as_text_are_two():
    """Where "7" and "7.0" are groups of their own, each is its own."""
    calibration = Calibration.of(scores_of(0, 60), None, np.repeat(["7", "7.0"], 30))
    assert calibration.places(np.array(["7.0", "7", "7.5"])).tolist() == [1, 0, 2]


def test_a_small_group_gets_the_pooled_quantile():
    """One score fewer than enough, and the group has none of its own."""
    scores = scores_of(0, 200)
    groups = np.repeat([0, 1], [200 - ENOUGH_OF_A_GROUP + 1, ENOUGH_OF_A_GROUP - 1])
    calibration = Calibration.of(scores, None, groups)
    assert calibration.quantiles(0.5, 1, np.array([1])) == calibration.quantiles(0.5, 1, None)
    assert calibration.lacking(np.array([0, 1]))
    assert not calibration.lacking(np.array([0, 0]))


def test_new_groups_are_covered_as_often_as_asked():
    """Groups count alike: over draws of 20 groups with sizes and levels of their own, a new one is covered at 0.9.

    Sequences pooled alike would leave a new group to the largest groups' levels.
    """
    random = np.random.default_rng(0)
    hits = []
    for _ in range(1500):
        levels, sizes = random.exponential(size=21), random.integers(1, 30, 21)
        scores = random.exponential(size=sizes[:-1].sum()) * np.repeat(levels[:-1], sizes[:-1])
        calibration = Calibration.of(scores[:, None], None, np.repeat(np.arange(20), sizes[:-1]))
        hits.append(levels[-1] * random.exponential() <= calibration.quantiles(0.9, 1, None).item())
    assert 0.88 <= np.mean(hits) <= 0.97


def test_few_groups_promise_little_and_give_their_largest_score():
    """Three groups cannot promise 0.9 to a fourth: the bound is their largest score, and the promise is 3 / 4."""
    scores = scores_of(0, 90)
    calibration = Calibration.of(scores, None, np.repeat([1, 2, 3], 30))
    assert calibration.most == pytest.approx(0.75)
    assert calibration.quantiles(0.9, 1, None).item() == scores.max()


def test_a_group_that_cannot_promise_what_is_asked_says_so():
    """Thirty scores promise 30 / 31 to their own group: for more, the bound is the largest score, with a warning."""
    calibration = Calibration.of(scores_of(0, 90), None, np.repeat(["a", "b", "c"], 30))
    told = "takes at least 99 calibration sequences of a group, and group 'b' has 30, .* can promise 0.968"
    with pytest.warns(CoverageWarning, match=told):
        own = calibration.asked(0.99, 1, np.array(["b"]))
    assert own.item() == calibration.scores.max()
    with pytest.warns(CoverageWarning, match="group 'a' has 30 .one of 2 such groups., so it"):
        calibration.asked(0.99, 2, np.array(["a", "c"]))
    assert np.isfinite(calibration.asked(0.96, 2, np.array(["a", "c"]))).all()


def test_large_calibrations_are_thinned_evenly():
    """Of more scores than are kept, every so-manieth is, whatever its size."""
    calibration = Calibration.of(np.arange(4.0 * MOST_SCORES)[:, None], None, None)
    assert len(calibration) == MOST_SCORES
    assert calibration.quantiles(0.5, 1, None).item() == pytest.approx(2 * MOST_SCORES, rel=1e-3)


def test_a_score_that_is_no_number_is_infinite():
    """A target that a logarithmic scale cannot take lies outside of every bound."""
    calibration = Calibration.of(np.array([[0.5], [np.nan], [1.0]]), None, None)
    assert calibration.quantiles(0.75, 1, None).item() == math.inf
    assert calibration.quantiles(0.5, 1, None).item() == 1.0


@pytest.mark.parametrize("labels", [["a", "b"], [3, 7], None])
def test_numbers_come_back_from_a_file(labels):
    """What is written is what is read, with groups and weights and without."""
    groups = None if labels is None else np.repeat(labels, 25)
    weights = np.random.default_rng(1).uniform(0.5, 1, 50)
    before = Calibration.of(scores_of(0, 50, 2), weights, groups)
    after = Calibration.from_saved(before.to_arrays(), before.labels)
    asked = None if labels is None else np.array([labels[0], labels[1]])
    assert np.array_equal(before.quantiles(0.8, 2, asked), after.quantiles(0.8, 2, asked))
