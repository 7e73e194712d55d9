import numpy as np
import pytest

from unflat.diagnosis.causes.fit import _LINE_CODE, extrapolation, no_signal, overfit
from unflat.diagnosis.references.signal import References, Signal
from unflat.diagnosis.subjects.base import Layer

RANDOM = np.random.default_rng(0)
Y = RANDOM.normal(size=200)
X = np.repeat(Y[:, None, None], 4, axis=1)
NEW = RANDOM.normal(size=100)
NEW_X = np.repeat(NEW[:, None, None], 4, axis=1)


def test_learned_by_heart_is_a_gap_of_r2(fake):
    """Without error in training, and with nothing right on held-out data that others explain."""
    cause = overfit(fake(Y, Y, X=X, held_out=(NEW_X, NEW, NEW[::-1])))
    assert cause.id == "overfit"
    r2 = 1 - np.mean((NEW - NEW[::-1]) ** 2) / NEW.var()
    assert [evidence.value for evidence in cause.evidence] == pytest.approx([1, r2, 0.9])


def test_good_held_out_predictions_are_no_cause(fake):
    """Nor is a model that learned nothing in training either."""
    assert overfit(fake(Y, Y, X=X, held_out=(NEW_X, NEW, NEW * 0.9))) is None
    assert overfit(fake(Y, Y * 0, X=X, held_out=(NEW_X, NEW, NEW * 0))) is None


def test_held_out_data_that_nobody_explains_may_be_missed(fake, reached):
    """What is expected of held-out data is what other learners reach there."""
    hard = reached(0.9, held_out_r2=0.02)
    almost = NEW * 0.01
    assert overfit(fake(Y, Y, X=X, held_out=(NEW_X, NEW, almost), references=hard)) is None
    assert overfit(fake(Y, Y, X=X, held_out=(NEW_X, NEW, almost))) is not None


def test_data_beyond_the_training_range_are_counted(fake):
    """Of held-out targets at the training range's end and beyond, 60 of 100 lie outside."""
    new = np.linspace(Y.max() - 4, Y.max() + 6, 100)
    new_X = np.repeat(new[:, None, None], 4, axis=1)
    cause = extrapolation(fake(Y, Y, X=X, held_out=(new_X, new, np.full(100, Y.max()))))
    assert cause.id == "extrapolation"
    assert cause.evidence[0].value == pytest.approx(0.6)
    assert cause.evidence[1].value == pytest.approx(0.6)


def test_what_stands_already_is_not_advised(fake):
    """Beside a straight line, the feature that counts onward is named, to be left out; or differences are advised."""
    counting = np.stack([X[..., 0], np.arange(200.0)[:, None] + np.zeros((200, 4))], axis=2)
    later = np.stack([NEW_X[..., 0], np.arange(200.0, 300)[:, None] + np.zeros((100, 4))], axis=2)
    line = (Layer("head", "dense", 1), Layer("skip", "line", 1))
    given = {"held_out": (later, NEW, NEW * 0 + 9), "framework": "unflat"}
    cause = extrapolation(fake(Y, Y, X=counting, shown_layers=line, **given))
    assert cause.evidence[1].what == "share of held-out values of feature 1 outside the training range"
    assert "leave out columns that only count onward" in cause.cure.words
    assert "numpy.delete(X, 1, axis=2)" in cause.cure.code
    assert "skip=True" in extrapolation(fake(Y, Y, X=counting, **given)).cure.code
    higher = {"held_out": (NEW_X, NEW + 20, NEW), "framework": "unflat"}
    assert "y - X[:, -1, 0]" in extrapolation(fake(Y, Y, X=X, shown_layers=line, **higher)).cure.code


def test_targets_at_a_ceiling_are_the_end_of_the_range(fake):
    """Held-out targets that are all the highest of training lie at its end; where as many did in training, inside."""
    capped = np.minimum(Y, np.quantile(Y, 0.95))
    ceiling = np.full(100, capped.max())
    cause = extrapolation(fake(capped, capped, X=X, held_out=(NEW_X, ceiling, ceiling - 1)))
    assert cause.id == "extrapolation"
    assert cause.evidence[0].value == pytest.approx(0.95, abs=0.01)
    low = np.minimum(Y, np.quantile(Y, 0.3))
    ceiling = np.full(100, low.max())
    assert extrapolation(fake(low, low, X=X, held_out=(NEW_X, ceiling, ceiling - 1))) is None


def test_bad_predictions_inside_the_range_are_not_extrapolated(fake):
    """Held-out data like those of training ask nothing new."""
    assert extrapolation(fake(Y, Y, X=X, held_out=(NEW_X, NEW, NEW[::-1]))) is None


def test_trend_beyond_training_flattens_a_real_network(trained, net):
    """A network that follows a line from -1 to 1 stays there for 2 to 3."""
    line = np.concatenate([np.linspace(-1, 1, 300), np.linspace(2, 3, 100)])
    sequences = (line[:, None, None] + np.zeros((400, 6, 1))).astype(np.float32)
    examination = trained(net(features=1), sequences, line[:, None].astype(np.float32), epochs=40)
    assert extrapolation(examination).evidence[0].value == 1


def test_noise_is_named_where_nobody_finds_anything(fake, nothing):
    """A flat model of noise is right; evidence is what others found."""
    cause = no_signal(fake(Y, Y * 0, X=X, references=nothing))
    assert cause.id == "no_signal"
    assert [evidence.value for evidence in cause.evidence] == pytest.approx([-0.01, 0])


def test_signal_that_anybody_finds_is_a_signal(fake, nothing):
    """Other learners beyond chance, or the model itself on held-out data, show that there is one."""
    assert no_signal(fake(Y, Y * 0, X=X)) is None
    assert no_signal(fake(Y, Y, X=X, held_out=(NEW_X, NEW, NEW), references=nothing)) is None


def test_nothing_is_said_where_nobody_looked(fake):
    """Too few sequences for any learner are no proof of noise."""
    unexamined = References(5, (), (Signal(),), (None,))
    assert no_signal(fake(Y, Y * 0, X=X, references=unexamined)) is None


def test_network_of_noise_is_excused(trained, net, problem):
    """Trained on a target that has nothing to do with its sequences, a real network is rightly flat."""
    sequences, _ = problem
    noise = np.random.default_rng(1).normal(size=(400, 1)).astype(np.float32)
    assert no_signal(trained(net(), sequences, noise, epochs=3)) is not None


@pytest.mark.parametrize("shape", [(200, 4), (200, 4, 1)])
def test_the_cures_line_is_of_the_last_step(shape):
    """What is advised runs on tables as on sequences, and leaves nothing of a trend."""
    names = {"X": np.arange(800.0).reshape(shape), "y": np.arange(200.0)}
    exec(_LINE_CODE["sklearn"], names)  # noqa: S102 - the code under test
    assert np.abs(names["rest"]).max() < 1e-3
