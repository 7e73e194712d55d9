"""The line that training begins at, against scikit-learn's ridge regression and cross-validation."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import cross_val_predict

from unflat.network.lines.anchor import Anchor
from unflat.network.lines.line import (
    MOST_WIDE,
    PENALTIES,
    choose_line,
    lags_to_try,
    products_to_try,
    richest,
    simplest_as_good,
    terms_to_try,
)  # fmt: skip
from unflat.network.terms import Terms, summary
from unflat.sequences.folds import Fold, folds_of


def data(outputs=1, n=60, width=6, noise=0.3, seed=7):
    """Make what is read of sequences, and targets about a plane through it."""
    random = np.random.default_rng(seed)
    read = random.normal(size=(n, width)).astype(np.float32)
    plane = read @ random.normal(size=(width, outputs)) + 4
    return read, plane + noise * random.normal(size=(n, outputs)), random.uniform(0, 3, size=n)


def dealt(n, apart=1):
    """Hold every sequence out once."""
    return folds_of(np.arange(n), apart, np.random.default_rng(0))


def fitted(read, y, weights=None, columns=None, folds=None):
    """Fit a line that has no choice of what it reads."""
    columns = np.arange(read.shape[1]) if columns is None else columns
    return choose_line(read, y, weights, [(Terms(), columns)], folds or dealt(len(read))).line


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("noise", [1e-6, 0.3, 3.0, 1e4])
def test_line_is_the_ridge_that_cross_validation_chooses(outputs, noise):
    """It equals scikit-learn's ridge with the largest penalty not clearly worse than the best over the same folds."""
    read, y, _ = data(outputs, noise=noise)
    folds = dealt(60)
    splits = [(fold.training, fold.held_out) for fold in folds]
    held_out = [cross_val_predict(Ridge(penalty), read.astype(float), y, cv=splits) for penalty in PENALTIES]
    errors = ((np.reshape(held_out, (len(PENALTIES), 60, outputs)) - y) ** 2).mean(axis=2)
    above = errors - errors[errors.mean(axis=1).argmin()]
    penalty = max(p for p, a in zip(PENALTIES, above, strict=True) if a.mean() <= 0.5 * a.std() / 60**0.5)
    expected = Ridge(penalty).fit(read.astype(float), y)
    line = fitted(read, y, folds=folds)
    np.testing.assert_allclose(line.weight, np.reshape(expected.coef_, (outputs, -1)), rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(line.bias, np.reshape(expected.intercept_, -1), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("outputs", [1, 3])
def test_weights_reach_the_ridge(outputs):
    """The line is one of scikit-learn's weighted ridges, weights counted relative to their mean."""
    read, y, weights = data(outputs)
    line = fitted(read, y, weights)
    fits = [
        Ridge(p).fit(read.astype(float), y, sample_weight=weights / weights.mean()).predict(read) for p in PENALTIES
    ]
    predicted = read @ line.weight.T + line.bias
    assert any(np.allclose(predicted, fit.reshape(-1, outputs), rtol=1e-7) for fit in fits)


def test_sequences_of_weight_zero_do_not_pull():
    """A half that counts nothing may lie anywhere."""
    read, y, _ = data()
    far = np.concatenate([y[:30], y[30:] + 1000])
    weights = np.r_[np.ones(30), np.zeros(30)]
    np.testing.assert_allclose(fitted(read, far, weights).weight, fitted(read, y, weights).weight, rtol=1e-9)


def test_line_reads_more_where_it_tells_more():
    """Of two choices the richer is taken for a target that needs it, and the simpler where the rest is noise."""
    random = np.random.default_rng(3)
    read = random.normal(size=(400, 10)).astype(np.float32)
    choices = [(Terms(4), np.arange(10)), (Terms(), np.array([0, 1, 9]))]
    needs_it = read[:, [5]] + 0.1 * random.normal(size=(400, 1))
    assert choose_line(read, needs_it, None, choices, dealt(400)).terms.lags == 4
    does_not = read[:, [1]] + read[:, [9]] + 0.1 * random.normal(size=(400, 1))
    line = choose_line(read, does_not, None, choices, dealt(400)).line
    assert line.terms.lags == 0
    np.testing.assert_allclose(line.weight, [[0, 1, 1]], atol=0.05)


def all_that_is_tried(x):
    """Give what the richest line reads of sequences of two features, and the columns of each choice."""
    choices = terms_to_try(2, x.shape[1], len(x))
    bounds = (torch.full((2,), -9.0), torch.full((2,), 9.0))
    read = summary(x, None, terms=richest(choices), bounds=bounds).numpy()
    return read, [(terms, terms.columns_among(richest(choices), 2, 0)) for terms in choices]


def test_line_reads_extremes_where_they_tell_more():
    """The sum of a largest and a smallest value needs both; a last value does not."""
    random = np.random.default_rng(3)
    x = torch.from_numpy(random.normal(size=(300, 12, 2))).float()
    read, columns = all_that_is_tried(x)
    highest = (x[:, :, 0].amax(dim=1) + x[:, :, 1].amin(dim=1)).numpy()[:, None].astype(float)
    line = choose_line(read, highest, None, columns, dealt(300)).line
    assert line.terms == Terms(extremes=True)
    np.testing.assert_allclose(line.weight[0], [0, 0, 0, 0, 1, 0, 0, 1], atol=1e-3)
    assert choose_line(read, x[:, -1, :1].double().numpy(), None, columns, dealt(300)).terms == Terms()


def test_line_reads_the_first_step_where_it_tells_more():
    """The first step of long sequences is read without all between it and the last; of two steps there is no third."""
    random = np.random.default_rng(3)
    x = torch.from_numpy(random.normal(size=(300, 40, 2))).float()
    read, columns = all_that_is_tried(x)
    began = (x[:, 0, 0] - 2 * x[:, 0, 1]).numpy()[:, None].astype(float)
    line = choose_line(read, began, None, columns, dealt(300)).line
    assert line.terms == Terms(first=True)
    np.testing.assert_allclose(line.weight[0], [0, 0, 0, 0, 1, -2], atol=1e-3)
    assert not any(terms.first for terms in terms_to_try(2, 2, 300))


def test_windows_next_to_those_learned_from_do_not_choose_the_line():
    """Of overlapping windows of walks, and targets that walk by themselves, neighbours held out praise steep lines."""
    norms = []
    for seed in range(8):
        series, y = np.cumsum(np.random.default_rng(seed).normal(size=(2, 260)), axis=1)
        windows = np.lib.stride_tricks.sliding_window_view(series, 60)[:, ::-1]
        read = np.column_stack([windows[:, 0], windows.mean(axis=1), windows[:, 1:]]).astype(np.float32)
        read = (read - read.mean()) / read.std()
        target = (y[59:] - y[59:].mean())[:, None] / y[59:].std()
        norms.append([np.linalg.norm(fitted(read, target, folds=dealt(len(read), apart)).weight) for apart in (60, 1)])
    kept_apart, by_neighbours = np.mean(norms, axis=0)
    assert kept_apart < 0.7 * by_neighbours


def test_simplest_as_good_is_within_half_an_error_of_the_best():
    """Of four sequences: the second choice is best, the third not clearly worse, the fourth clearly so."""
    best = np.array([1.0, 2.0, 3.0, 4.0])
    # On average 0.25 above, with a deviation of 1.3: an error of 0.65.
    not_clearly = best + np.array([2.0, -1.0, -1.0, 1.0])
    clearly = best + np.array([0.9, 1.1, 1.0, 1.0])
    assert simplest_as_good(np.column_stack([best + 1, best, not_clearly, clearly])) == 2
    assert simplest_as_good(np.column_stack([best, clearly])) == 0
    assert simplest_as_good(np.column_stack([best, best])) == 1


def test_chance_does_not_choose_a_wild_line():
    """Of few sequences and unrelated targets, lines are flatter than those of the least error."""
    steep, least = [], []
    for seed in range(20):
        read, _, _ = data(n=40, width=24, seed=seed)
        y = np.random.default_rng(100 + seed).normal(size=(40, 1))
        steep.append(float(np.linalg.norm(fitted(read, y).weight)))
        least.append(float(np.linalg.norm(RidgeCV(PENALTIES).fit(read, y).coef_)))
    assert np.mean(steep) < 0.8 * np.mean(least)


def test_exact_line_is_found():
    """A target that is one of the columns comes out so."""
    read, _, _ = data()
    line = fitted(read, read[:, [2]].astype(float))
    np.testing.assert_allclose(line.weight, np.eye(6)[[2]], atol=1e-4)


def test_steps_that_are_all_alike_are_not_read():
    """Where the last step tells all exactly, no step before it is read for a difference by rounding."""
    read = np.repeat(np.linspace(-2, 2, 200, dtype=np.float32)[:, None], 8, axis=1)
    choices = [(Terms(6), np.arange(8)), (Terms(), np.arange(2))]
    assert choose_line(read, read[:, :1].astype(float), None, choices, dealt(200)).terms.lags == 0


def test_more_columns_than_sequences_are_no_obstacle():
    """A ridge regression is found where least squares has no single answer."""
    read, y, _ = data(n=20, width=50)
    assert np.isfinite(fitted(read, y).weight).all()


def test_part_that_no_fold_judges_still_counts_in_the_fit():
    """Folds choose the penalty only: the line is fitted to all."""
    read, y, _ = data(noise=1e-6)
    folds = (Fold(np.arange(40), np.arange(40, 50)),)
    np.testing.assert_allclose(fitted(read, y, folds=folds).weight, fitted(read, y).weight, rtol=1e-6)


@given(st.integers(1, 300), st.integers(1, 2000), st.integers(1, 5000))
def test_lags_to_try_fit_into_the_widest_line(features, steps, n):
    """The richest choice comes first, none is the last, and each leaves two sequences for each number."""
    lags = lags_to_try(features, steps, n)
    assert lags[-1] == 0
    assert list(lags) == sorted(set(lags), reverse=True)
    assert lags[0] <= max(steps - 1, 0)
    if lags[0]:
        assert (lags[0] + 2) * features <= min(MOST_WIDE, n / 2)


@given(st.integers(1, 60), st.integers(1, 500), st.integers(1, 5000))
def test_products_to_try_fit_into_their_room(features, steps, n):
    """Those of the most steps that fit come first, then mean products alone; nothing where nothing fits."""
    choices = products_to_try(features, steps, n)
    room = min(512, n // 2)
    assert all(terms.curved and terms.width(features) <= room for terms in choices)
    if choices:
        most = choices[0].products
        assert choices[-1] == Terms(0, moments=True)
        more = Terms(most, moments=True, products=most + 1)
        assert most == steps or more.width(features) > room
    else:
        assert Terms(0, moments=True).width(features) > room


def test_richest_holds_all_choices():
    """The widest of each kind together."""
    assert richest([Terms(9), Terms(2, moments=True, products=3), Terms()]) == Terms(9, moments=True, products=3)
    choices = terms_to_try(1, 30, 5000)
    assert [terms.width(1) for terms in choices] == sorted((t.width(1) for t in choices), reverse=True)
    assert choices[-1] == Terms()


def of_products(target, noise, seed=0, n=600):
    """Choose between a line and products of two columns for a target that is made of them."""
    random = np.random.default_rng(seed)
    steps = random.normal(size=(n, 2)).astype(np.float32)
    read = np.column_stack([steps, steps[:, 0] ** 2, steps[:, 0] * steps[:, 1], steps[:, 1] ** 2])
    y = target(steps)[:, None] + noise * random.normal(size=(n, 1))
    curved = Terms(0, moments=True)
    return choose_line(read, y, None, [(curved, np.arange(5)), (Terms(), np.arange(2))], dealt(n)).line


def test_products_are_read_where_they_tell_more():
    """A target that is a product is found exactly, and no product is read for one that is a sum."""
    line = of_products(lambda steps: steps[:, 0] * steps[:, 1], noise=0.01)
    np.testing.assert_allclose(line.weight, [[0, 0, 0, 1, 0]], atol=0.01)
    assert not of_products(lambda steps: steps.sum(axis=1), noise=0.5).terms.curved


def test_products_that_may_be_better_by_chance_are_not_read():
    """Of twenty targets that are lines under noise, none or one is given products."""
    curved = [of_products(lambda steps: steps[:, 0], noise=2.0, seed=seed).terms.curved for seed in range(20)]
    assert sum(curved) <= 1


def test_products_that_leave_much_are_not_read():
    """Not even where they are clearly better: here they leave half of what a line leaves."""
    assert not of_products(lambda steps: steps[:, 0] * steps[:, 1], noise=1.0).terms.curved


def drifting(n=300, width=40, seed=0):
    """Make a walk of which later values are asked, windows of it, and the map to its last value."""
    random = np.random.default_rng(seed)
    series = np.cumsum(random.normal(size=n + width))
    windows = np.lib.stride_tricks.sliding_window_view(series, width)[:n, ::-1]
    read = np.column_stack([windows[:, 0], windows.mean(axis=1), windows[:, 1:]]).astype(np.float32)
    return read, series[width:, None] + 0.0, Anchor(np.array([[1.0]]), np.array([0.0]))


def test_line_of_a_walk_is_its_last_value():
    """Held back towards the last value, the line of a walk is hardly more than that; towards the mean, it is not."""
    read, y, anchor = drifting()
    choices, folds = [(Terms(39), np.arange(41)), (Terms(), np.arange(2))], dealt(300, 40)
    distances = [
        np.linalg.norm(line.weight[0] - np.eye(line.weight.shape[1])[0])
        for line in (choose_line(read, y, None, choices, folds, anchor=given).line for given in (anchor, None))
    ]
    assert distances[0] < 0.1
    assert distances[0] < 0.5 * distances[1]


def test_last_value_that_is_far_off_is_not_what_a_line_is_held_to():
    """Where targets have nothing to do with it, the line is the one that is held back towards the mean."""
    read, y, _ = data(noise=3.0)
    choices, folds = [(Terms(), np.arange(6))], dealt(60)
    wrong = Anchor(np.array([[-2.0, 5.0]]), np.array([1.0]))
    held = choose_line(read, y - y.mean(), None, choices, folds, anchor=wrong).line
    alone = choose_line(read, y - y.mean(), None, choices, folds).line
    np.testing.assert_allclose(held.weight, alone.weight, rtol=1e-9)


def test_a_choice_is_fitted_to_some_of_the_sequences():
    """Fitted to those that it was chosen on, it is the line; fitted to others, scikit-learn's ridge of that penalty."""
    read, y, _ = data(outputs=2, noise=1.0)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, size=60)
    choice = choose_line(read, y, weights, [(Terms(), np.arange(6))], dealt(60))
    np.testing.assert_allclose(choice.fitted_to(read, y, weights).weight, choice.line.weight, rtol=1e-9)
    few = slice(0, 25)
    counts = weights[few] * 25 / weights[few].sum()
    ridge = Ridge(choice.penalty).fit(read[few].astype(float), y[few], sample_weight=counts)
    line = choice.fitted_to(read[few], y[few], weights[few])
    np.testing.assert_allclose(line.weight, ridge.coef_, rtol=1e-6)
    np.testing.assert_allclose(line.bias, ridge.intercept_, rtol=1e-6)


def test_line_part_of_the_way_from_an_anchor_predicts_in_between():
    """A quarter of the way predictions are three quarters the anchor's; each output goes a share of its own."""
    read, y, _ = data(outputs=2)
    line, anchor = fitted(read, y), Anchor(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([3.0, -1.0]))
    share = np.array([0.25, 0.9])
    between = share * line.predict(read) + (1 - share) * anchor.predict(read)
    np.testing.assert_allclose(line.nearer_to(anchor, share).predict(read), between, rtol=1e-12)
