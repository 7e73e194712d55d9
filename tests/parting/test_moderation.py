"""How far the validation part vouches for what training led to."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from unflat.parting.moderation import Move, Share, settle, share_of_way


def errors(n, way, noise, seed=0):
    """Make errors before, and those after a step that is right but for its size and for noise."""
    random = np.random.default_rng(seed)
    signal = random.normal(size=(n, 1))
    step = way * (signal + noise * random.normal(size=(n, 1)))
    return torch.from_numpy(signal), torch.from_numpy(signal - step)


def test_clear_gain_goes_all_the_way():
    """What removes all error is kept whole."""
    before, after = errors(500, way=1.0, noise=0.05)
    assert share_of_way(before, after, None, 1).vouched_for > 0.99


def test_step_that_is_too_large_is_taken_back_to_its_size():
    """A step of twice the right length is halved, as least squares has it, less the error of that."""
    before, after = errors(100_000, way=2.0, noise=0.0)
    assert share_of_way(before, after, None, 1).vouched_for.item() == pytest.approx(0.5, abs=1e-6)


def test_share_is_least_squares_less_its_error():
    """Against a regression through the origin of errors on the way, and its error by White's formula."""
    before, after = errors(400, way=0.8, noise=1.5)
    way, start = (before - after).flatten().numpy(), before.flatten().numpy()
    best = way @ start / (way @ way)
    white = np.sqrt(((way * (start - best * way)) ** 2).sum()) / (way @ way)
    assert 0 < best - white < 1
    assert share_of_way(before, after, None, 1).vouched_for.item() == pytest.approx(best - white, rel=1e-9)


def test_step_at_random_is_hardly_taken():
    """Of forty steps that have nothing to do with the errors, most are not taken, and none far."""
    random = np.random.default_rng(0)
    shares = []
    for _ in range(40):
        before, step = torch.from_numpy(random.normal(size=(2, 200, 1)))
        shares.append(share_of_way(before, before - 0.3 * step, None, 1).vouched_for.item())
    assert np.mean(np.array(shares) == 0) > 0.7
    assert max(shares) < 0.8


def test_sequences_that_share_steps_count_as_one():
    """A gain made by one stretch of a series in ten is worth less than by as many independent sequences."""
    before = torch.ones(1000, 1, dtype=torch.float64)
    after = before.clone()
    after[:100] = 0.0
    after[100:] = torch.from_numpy(1.0 + 0.3 * np.random.default_rng(0).normal(size=(900, 1)))
    assert share_of_way(before, after, None, 100).vouched_for < share_of_way(before, after, None, 1).vouched_for - 0.1


def test_weight_of_zero_is_absence():
    """Sequences that count nothing do not vouch."""
    before, after = errors(60, way=1.0, noise=0.5)
    worse = after.clone()
    worse[40:] = 100.0
    weights = torch.cat([torch.ones(40), torch.zeros(20)])
    counted = share_of_way(before[:40], after[:40], None, 1).vouched_for
    torch.testing.assert_close(share_of_way(before, worse, weights, 1).vouched_for, counted)


@pytest.mark.parametrize("after", [torch.full((9, 1), torch.nan), torch.full((9, 1), torch.inf), torch.ones(9, 1)])
def test_without_a_finite_way_there_is_none_to_go(after):
    """Errors that are no numbers, and those that did not change, lead nowhere."""
    assert share_of_way(torch.ones(9, 1), after, None, 1).vouched_for == 0.0


@given(st.integers(1, 30), st.integers(1, 3), st.integers(1, 40), st.integers(0, 99))
def test_share_is_between_nothing_and_all(n, outputs, apart, seed):
    """Whatever the errors."""
    before, after = torch.from_numpy(np.random.default_rng(seed).normal(size=(2, n, outputs)))
    shares = share_of_way(before, after, None, apart).vouched_for
    assert shares.shape == (outputs,)
    assert ((shares >= 0.0) & (shares <= 1.0)).all()


@given(st.integers(1, 30), st.integers(2, 4), st.integers(1, 40), st.integers(0, 99), st.booleans())
def test_outputs_do_not_speak_for_each_other(n, outputs, apart, seed, ends_series):
    """The share of each is what it would be alone, whether another one gains, loses or is no number."""
    before, after = torch.from_numpy(np.random.default_rng(seed).normal(size=(2, n, outputs)))
    after[:, -1] = torch.nan
    together = share_of_way(before, after, None, apart, ends_series=ends_series).vouched_for
    alone = [
        share_of_way(before[:, [i]], after[:, [i]], None, apart, ends_series=ends_series).vouched_for
        for i in range(outputs)
    ]
    torch.testing.assert_close(together, torch.cat(alone))
    assert together[-1] == 0


@pytest.mark.parametrize(
    ("best", "vouched_for", "not_refuted"),
    [(0.7, 0.4, 1.0), (-0.1, 0.0, 0.2), (-0.9, 0.0, 0.0), (1.6, 1.0, 1.0)],
)
def test_doubt_counts_against_going_or_against_staying(best, vouched_for, not_refuted):
    """One standard error is taken off where going must be proven to pay, and added where it must be proven to hurt."""
    share = Share(torch.tensor([best]), torch.tensor([0.3]))
    assert share.vouched_for.item() == pytest.approx(vouched_for, abs=1e-6)
    assert share.not_refuted.item() == pytest.approx(not_refuted, abs=1e-6)


def test_the_end_of_a_series_must_vouch_twice():
    """Two errors are taken off where what is held out is a later stretch of what was trained on."""
    before, after = torch.from_numpy(np.random.default_rng(3).normal(size=(2, 400, 1)))
    usual, later = (
        share_of_way(before, 0.2 * before + 0.8 * after, None, 10, ends_series=ends_series)
        for ends_series in (False, True)
    )
    assert 0.3 < usual.best < 1
    assert usual[:2] == later[:2]
    torch.testing.assert_close(usual.vouched_for - later.vouched_for, usual.error)
    assert usual.not_refuted == later.not_refuted


@pytest.mark.parametrize(("best", "vouched_for"), [(0.7, 0.3), (0.3, 0.0), (1.6, 0.6), (9.0, 0.6)])
def test_a_step_that_is_too_small_is_no_reserve(best, vouched_for):
    """At the end of a series doubt is counted from all of the way, however far beyond it the best share would lie."""
    share = Share(torch.tensor([best]), torch.tensor([0.2]), ends_series=True)
    assert share.vouched_for.item() == pytest.approx(vouched_for, abs=1e-6)


def test_one_target_may_stay_at_its_line_while_another_leaves_it():
    """What training did to a target that the line tells all of is not taken for what it did to the other one."""
    line, trained = torch.from_numpy(np.random.default_rng(2).normal(size=(2, 300, 2)))
    trained = torch.tensor([[1.0, 0.1]]) * line + torch.tensor([[0.5, 0.1]]) * trained
    shares = settle([Move(line, trained, None, None)], 1).share
    assert shares[0] < 0.1
    assert shares[1] > 0.9


def drawn(n, seed=0):
    """Draw what a line, networks that began at it and networks free of it miss, the last of them the least."""
    line, trained, free = np.random.default_rng(seed).normal(size=(3, n, 1)) * [[[1.0]], [[0.6]], [[0.4]]]
    return Move(*map(torch.from_numpy, (line, trained, free)), None)


def test_kinds_of_networks_count_as_far_as_they_are_vouched_for():
    """First the way from one kind to the other is settled, then that from the line to what they come to together."""
    move = drawn(300)
    settled = settle([move], 1)
    assert settled.of_free == share_of_way(move.trained, move.free, None, 1).vouched_for
    assert 0.5 < settled.of_free < 0.8
    both = torch.lerp(move.trained, move.free, settled.of_free)
    assert settled.share == share_of_way(move.line, both, None, 1).vouched_for
    torch.testing.assert_close(settled.errors(move), torch.lerp(move.line, both, settled.share))


def test_a_line_that_picks_counts_as_far_as_it_is_vouched_for():
    """Last the way from what networks come to, to that line is settled; where it is worse, nothing of it is taken."""
    random = np.random.default_rng(4)
    move = drawn(300)._replace(picked=torch.from_numpy(0.3 * random.normal(size=(300, 1))))
    settled, without = settle([move], 1), settle([move._replace(picked=None)], 1)
    assert settled[:2] == without[:2]
    assert without.of_picks == 0
    reached = without.errors(move)
    assert settled.of_picks == share_of_way(reached, move.picked, None, 1).vouched_for
    assert 0.3 < settled.of_picks < 0.9
    torch.testing.assert_close(settled.errors(move), torch.lerp(reached, move.picked, settled.of_picks))
    assert settle([move._replace(picked=reached + random.normal())], 1).of_picks == 0


def test_parts_have_their_say_together():
    """Two parts settle what one part of all of their sequences settles, weights included."""
    weights = torch.from_numpy(np.random.default_rng(1).uniform(0.1, 2, size=80))
    whole = drawn(80)._replace(weights=weights)
    parts = [whole.of(torch.arange(30)), whole.of(torch.arange(30, 80))]
    torch.testing.assert_close(settle(parts, 1), settle([whole], 1))
    assert settle(parts, 1).share != settle([whole._replace(weights=None)], 1).share


def test_networks_that_are_there_of_some_parts_only_are_judged_on_these():
    """A part without networks of the second kind says nothing of them, and keeps those that it has."""
    both, alone = drawn(100), drawn(100, seed=1)._replace(free=None)
    settled = settle([both, alone], 1)
    assert settled.of_free == settle([both], 1).of_free
    half = settled._replace(share=torch.full((1,), 0.5, dtype=torch.float64))
    torch.testing.assert_close(half.errors(alone), torch.lerp(alone.line, alone.trained, 0.5))


def test_networks_that_are_no_numbers_do_not_count():
    """Diverged networks leave the others, and diverged others the line."""
    move = drawn(50)
    nowhere = torch.full_like(move.free, torch.nan)
    settled = settle([move._replace(free=nowhere)], 1)
    assert settled.of_free == 0
    assert torch.isfinite(settled.errors(move._replace(free=nowhere))).all()
    lost = move._replace(trained=nowhere, free=None)
    torch.testing.assert_close(settle([lost], 1).errors(lost), move.line)
