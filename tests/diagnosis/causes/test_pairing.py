import numpy as np
import pytest

from unflat.diagnosis.causes.pairing import misaligned_pairs, trained_on_other_pairs


def series(n=400, T=12):
    """Cut windows of a noisy wave in order, each with the value that follows."""
    random = np.random.default_rng(0)
    time = np.arange(n + T)
    wave = np.sin(time / 7) + 0.5 * np.sin(time / 3.1) + 0.1 * random.normal(size=len(time))
    X = np.stack([wave[i : i + T] for i in range(n)])[:, :, None].astype(np.float32)
    return X, wave[T:, None].astype(np.float32)


def independent(n=400):
    """Draw sequences that share nothing, each with a target that hangs on its ends."""
    X = np.random.default_rng(1).normal(size=(n, 6, 2)).astype(np.float32)
    return X, (X[:, -1, :1] + X[:, 0, 1:]) / np.float32(np.sqrt(2))


def test_rightly_paired_data_are_no_cause(trained, net):
    """Neither windows of a series nor sequences that share nothing are suspected."""
    for X, y in (series(), independent()):
        assert misaligned_pairs(trained(net(features=X.shape[2]), X, y, epochs=1)) is None


def test_windows_of_noise_are_not_called_misaligned(trained, net):
    """The next window of an unpredictable series holds this one's target: that is how windows are, and no fault."""
    noise = np.random.default_rng(4).normal(size=412).astype(np.float32)
    X = np.lib.stride_tricks.sliding_window_view(noise, 12)[:400, :, None].copy()
    y = noise[12:, None]
    assert np.array_equal(X[1:, -1, 0], y[:-1, 0])
    assert misaligned_pairs(trained(net(features=1), X, y, epochs=1)) is None


def test_targets_of_a_series_in_another_order_are_found_by_their_values(trained, net):
    """Shuffled targets all stand in the series, and no two at the same distance from their windows."""
    X, y = series()
    y = y[np.random.default_rng(2).permutation(len(y))]
    cause = misaligned_pairs(trained(net(features=1), X, y, epochs=1))
    assert cause.id == "misaligned_pairs"
    assert cause.evidence[0].value < 0.05
    assert cause.evidence[1].value > 0.5


def test_shifted_targets_are_found_with_their_shift(trained, net):
    """Targets of the sequence two places on give the whole signal when they are put back by two."""
    X, y = independent()
    cause = misaligned_pairs(trained(net(features=2), X[2:], y[:-2], epochs=1))
    assert "shifted by -2" in cause.evidence[0].what or "shifted by 2" in cause.evidence[0].what
    assert cause.evidence[0].value > 0.9
    assert cause.evidence[1].value < 0.1


def test_training_pairs_without_the_signal_of_held_out_pairs_are_found(trained, net):
    """Pairs shuffled for training only betray themselves beside held-out ones."""
    X, y = independent()
    shuffled = y[:300][np.random.default_rng(3).permutation(300)]
    given = ((X[:300], shuffled), (X[300:], y[300:]))
    cause = misaligned_pairs(trained(net(features=2), X, y, epochs=1, given=given))
    assert cause.evidence[1].value > 0.9
    assert cause.evidence[0].value < 0.1


def test_a_target_in_another_order_than_the_raw_one_is_found(trained, net):
    """Scaling changes no order: where sorting alone makes a line of the two, one was shuffled."""
    X, y = independent()
    order = np.random.default_rng(4).permutation(len(y))
    examination = trained(net(features=2), X, y[order], epochs=1, raw=(3 * X + 5, 100 * y + 7))
    cause = misaligned_pairs(examination)
    assert cause.evidence[0].value < 0.1
    assert cause.confidence == pytest.approx(0.95)


def test_the_raw_order_is_no_cause_where_it_is_the_same(trained, net):
    """A target that is the raw one on another scale is in its place."""
    X, y = independent()
    assert misaligned_pairs(trained(net(features=2), X, y, epochs=1, raw=(3 * X + 5, 100 * y + 7))) is None


def test_sorting_finds_sequences_that_were_targets_all_along(fake, nothing):
    """Sequences that hold ten times their target, shuffled, are one line with it when both are sorted."""
    random = np.random.default_rng(5)
    y = random.normal(size=400) ** 3
    X = np.repeat(10 * random.permutation(y)[:, None, None], 3, axis=1) + 1
    cause = misaligned_pairs(fake(y, np.zeros(400), X=X, references=nothing))
    assert cause.evidence[0].value == pytest.approx(1, abs=1e-5)
    assert misaligned_pairs(fake(random.normal(size=400), np.zeros(400), X=X, references=nothing)) is None


def test_noise_is_no_pairing(trained, net):
    """Where there is no signal in any order, nothing says that pairs are wrong."""
    random = np.random.default_rng(6)
    X = random.normal(size=(400, 6, 2)).astype(np.float32)
    assert (
        misaligned_pairs(trained(net(features=2), X, random.normal(size=(400, 1)).astype(np.float32), epochs=1)) is None
    )


def test_outliers_do_not_hide_the_signal_of_training_pairs(trained, net, problem):
    """A few extreme targets in training data make held-out pairs look better, but ranks are not fooled."""
    X, y = problem
    y[:3] *= 3000
    assert misaligned_pairs(trained(net(), X, y / y.std(), epochs=1)) is None


def test_sorted_targets_of_sequences_in_time_are_found(fake, reached):
    """A trend lets learners tell sorted targets from sequences, which tells them nothing of held-out ones."""
    random = np.random.default_rng(0)
    X, new = random.normal(size=(300, 4, 1)), random.normal(size=(200, 4, 1))
    y, y_new = X[:, -1, 0], new[:, -1, 0]
    references = reached(0.6, held_out_r2=-1.0)
    held_out = (new, y_new, 0 * y_new)
    cause = misaligned_pairs(fake(np.sort(y), 0 * y, X=X, held_out=held_out, references=references))
    assert cause.id == "misaligned_pairs"
    assert cause.evidence[1].value == -1.0
    assert misaligned_pairs(fake(y, 0 * y, X=X, held_out=held_out, references=references)) is None
    in_order = (np.sort(new, axis=0), np.sort(y_new), 0 * y_new)
    assert misaligned_pairs(fake(np.sort(y), 0 * y, X=X, held_out=in_order, references=references)) is None


def test_few_sequences_are_not_called_shifted(fake, nothing):
    """Of 36 sequences of noise, the best of ten pairings tells something by chance; that is no finding."""
    for seed in range(20):
        random = np.random.default_rng(seed)
        X, y = random.normal(size=(36, 6, 2)), random.normal(size=36)
        assert misaligned_pairs(fake(y, 0 * y, X=X, references=nothing)) is None


def test_shuffled_targets_without_a_straight_line_are_found(trained, net):
    """A product has no straight line; the learners' table, which holds products, tells it among held-out pairs."""
    random = np.random.default_rng(9)
    X = random.normal(size=(480, 6, 2)).astype(np.float32)
    y = (X[..., 0] * X[..., 1]).mean(axis=1, keepdims=True)
    y /= y.std()
    n = 360
    given = ((X[:n], y[:n][random.permutation(n)]), (X[n:], y[n:]))
    cause = misaligned_pairs(trained(net(features=2), X, y, epochs=1, given=given))
    assert cause.id == "misaligned_pairs"
    assert cause.evidence[1].value > 0.8
    assert misaligned_pairs(trained(net(features=2), X, y, epochs=1)) is None


def test_a_shift_is_found_where_neighbours_tell_something_of_each_other(fake, reached):
    """Five samples of each engine in order: the next one's target goes with a sequence, but not as its own does."""
    random = np.random.default_rng(10)
    age = np.sort(random.uniform(0, 1, (80, 5)), axis=1) + 2 * random.uniform(size=(80, 1))
    X = np.repeat(age.reshape(-1, 1, 1), 4, axis=1) + 0.01 * random.normal(size=(400, 4, 1))
    y = -age.ravel()
    shifted = fake(np.roll(y, -1), 0 * y, X=X, references=reached(0.5))
    assert "-1" in misaligned_pairs(shifted).evidence[0].what
    assert misaligned_pairs(fake(np.roll(y, -1), 0 * y, X=X, references=reached(0.9))) is None  # as paired, all is told
    assert misaligned_pairs(fake(y, 0 * y, X=X, references=reached(0.9))) is None


def test_shuffled_targets_that_hang_on_squares_are_found(trained, net):
    """How much series of noise swing shows in squares alone: held-out pairs tell it, and shuffled ones do not."""
    random = np.random.default_rng(11)
    X = random.normal(size=(480, 12, 1)).astype(np.float32)
    y = np.sqrt((X[..., 0] ** 2) @ 0.7 ** np.arange(12)[::-1])[:, None]
    y = ((y - y.mean()) / y.std()).astype(np.float32)
    given = ((X[:360], y[:360][random.permutation(360)]), (X[360:], y[360:]))
    assert misaligned_pairs(trained(net(features=1), X, y, epochs=1, given=given)).evidence[1].value > 0.5
    assert misaligned_pairs(trained(net(features=1), X, y, epochs=1)) is None


def test_a_shift_that_halves_the_error_is_found_where_much_is_explained_already(fake, reached):
    """Where pairs as they are leave 0.35, those of neighbours need explain half of that; 0.2 more is asked of less."""
    random = np.random.default_rng(12)
    level = np.repeat(random.normal(size=200), 2)
    own = 0.8 * level + 0.6 * random.normal(size=400)
    X = np.repeat(own[:, None, None], 4, axis=1) + 0.34 * random.normal(size=(400, 1, 1))
    shifted = fake(np.roll(own, -1), 0 * own, X=X, references=reached(0.67))
    cause = misaligned_pairs(shifted)
    assert "-1" in cause.evidence[0].what
    assert 0.67 + 0.15 < cause.evidence[0].value < 0.67 + 0.2
    assert misaligned_pairs(fake(np.roll(own, -1), 0 * own, X=X, references=reached(0.8))) is None


def test_a_training_that_rests_where_its_pairs_would_not_let_it_saw_others(trained, net, problem):
    """Targets that say nothing hold a network at the mean; the pairs given afterwards pull it away, and say so.

    One that learned from them, or had a rate too low to get anywhere, is not suspected.
    """
    X, y = problem
    given = ((X[:300], y[:300]), (X[300:], y[300:]))
    cause = trained_on_other_pairs(trained(net(), X, 0 * y, epochs=40, given=given))
    assert cause.id == "misaligned_pairs"
    pull, by_chance = (evidence.value for evidence in cause.evidence[:2])
    assert pull > 3 * by_chance
    assert trained_on_other_pairs(trained(net(), X, y, epochs=40)) is None
    assert trained_on_other_pairs(trained(net(), X, 0 * y, epochs=40, rate=1e-5, given=given)) is None


def test_pairs_that_are_wrong_themselves_are_not_named_twice(trained, net, problem):
    """Where shuffled targets were given, a training that rests at their mean did right by them."""
    X, y = problem
    shuffled = np.random.default_rng(0).permutation(y[:300])
    given = ((X[:300], shuffled), (X[300:], y[300:]))
    assert trained_on_other_pairs(trained(net(), X, 0 * y, epochs=40, given=given)) is None
