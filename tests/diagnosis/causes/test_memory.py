from dataclasses import replace

import numpy as np
import pytest

from unflat.diagnosis.causes.memory import last_step_forgets, padding_unmasked
from unflat.diagnosis.subjects import Gates, Gradients, Layer

LAST = (Layer("lstm", "recurrent", 5, "tanh", returns_sequences=False), Layer("head", "dense", 1, "linear"))


@pytest.fixture
def early():
    """Long noise, of which only the first five steps of the first feature make the target."""
    X = np.random.default_rng(0).normal(size=(400, 100, 2)).astype(np.float32)
    return X, X[:, :5, 0].mean(1, keepdims=True) * np.float32(np.sqrt(5))


@pytest.fixture
def padded():
    """Sequences of 5 to 15 steps in 60, zeros behind them; the target is what they are on average."""
    random = np.random.default_rng(0)
    lengths = random.integers(5, 16, 400)
    X = np.zeros((400, 60, 2), np.float32)
    for sequence, length in zip(X, lengths, strict=True):
        sequence[:length] = random.normal(size=(length, 2))
    y = X[:, :, :1].sum(1) / np.sqrt(lengths)[:, None]
    return X, (y / y.std()).astype(np.float32), lengths


def test_early_signal_and_late_gradient_make_forgetting(fake, early):
    """A linear learner finds the target in the first three quarters only, and the gradient is in the last."""
    X, y = early
    gradients = Gradients({}, {}, np.where(np.arange(100) < 75, 1e-4, 1.0))
    cause = last_step_forgets(fake(y, y * 0, X=X, shown_layers=LAST, shown_gradients=gradients))
    assert cause.id == "last_step_forgets"
    first, last, gradient = (evidence.value for evidence in cause.evidence)
    assert first > last + 0.1
    assert gradient == pytest.approx(1e-4)
    assert cause.confidence == pytest.approx(0.85)


def test_what_sees_early_steps_does_not_forget_them(fake, early):
    """A read-out over all steps does not forget; a gradient that is largest early makes it the least likely."""
    X, y = early
    gradients = Gradients({}, {}, np.where(np.arange(100) < 75, 1.0, 1e-4))
    assert last_step_forgets(fake(y, y * 0, X=X, shown_layers=LAST, shown_gradients=gradients)).confidence == 0.4
    pooled = (replace(LAST[0], returns_sequences=True), LAST[1])
    assert last_step_forgets(fake(y, y * 0, X=X, shown_layers=pooled)) is None


def test_late_signal_is_not_forgotten(fake, early):
    """The same sequences backwards end with what matters."""
    X, y = early
    assert last_step_forgets(fake(y, y * 0, X=X[:, ::-1], shown_layers=LAST)) is None


def test_real_network_forgets_the_first_of_a_hundred_steps(trained, net, early):
    """Read out at its last step it learns nothing of them, and the gradient says so."""
    X, y = early
    examination = trained(net(features=2), X, y, epochs=5)
    assert last_step_forgets(examination).confidence == pytest.approx(0.85)


def test_padding_is_measured_by_hand(fake, padded):
    """The share of padding is one less the mean length over 60 steps."""
    X, y, lengths = padded
    cause = padding_unmasked(fake(y, y * 0, X=X, shown_layers=LAST))
    assert cause.id == "padding_unmasked"
    assert cause.evidence[0].value == pytest.approx(1 - lengths.mean() / 60)


def test_the_mask_is_of_the_value_that_was_found(fake, padded):
    """A mask of zeros would mask nothing of sequences that are padded with -9."""
    X, y, lengths = padded
    X = np.where((np.arange(60) < lengths[:, None])[:, :, None], X, -9.0)
    cause = padding_unmasked(fake(y, y * 0, X=X, shown_layers=LAST, framework="keras"))
    assert "Masking(mask_value=-9.0)" in cause.cure.code


def test_more_padding_than_sequence_is_believed_of_a_model_that_did_not_learn(fake, padded):
    """Without states to look at, half of the steps or more are reason enough where not even training data are known."""
    X, y, _ = padded
    assert padding_unmasked(fake(y, y * 0, X=X, shown_layers=LAST)).confidence == pytest.approx(0.75)


def test_states_after_padding_are_held_against_those_before(fake, padded):
    """States of deviation 1 up to a sequence's end and 0.1 at the last step keep a tenth."""
    X, y, lengths = padded
    inside = np.arange(60) < lengths[:, None]
    states = (np.tile([-1.0, 1.0], 200)[:, None] * np.where(inside, 1.0, 0.1))[:, :, None]
    shown = {"lstm": Gates({"i": np.full((400, 60, 1), 0.5)}, states)}
    cause = padding_unmasked(fake(y, y * 0, X=X, shown_layers=LAST, shown_gates=shown))
    assert cause.evidence[1].value == pytest.approx(0.1, rel=0.05)
    assert cause.confidence == pytest.approx(0.92)


def test_masked_padding_is_no_cause(fake, padded):
    """Where the gates show nothing for a step it is masked."""
    X, y, lengths = padded
    gate = np.where(np.arange(60) < lengths[:, None], 0.5, np.nan)[:, :, None]
    shown = {"lstm": Gates({"i": gate}, np.zeros((400, 60, 1)))}
    assert padding_unmasked(fake(y, y * 0, X=X, shown_layers=LAST, shown_gates=shown)) is None


def test_zeros_before_a_sequence_are_no_cause(fake, padded):
    """Padding in front is read first, and forgotten first."""
    X, y, _ = padded
    assert padding_unmasked(fake(y, y * 0, X=X[:, ::-1], shown_layers=LAST)) is None


def test_real_network_forgets_sequences_over_their_padding(trained, net, padded):
    """Behind 50 zeros, states are nearly the same for all sequences; pooled over time there is no such cause."""
    X, y, _ = padded
    cause = padding_unmasked(trained(net(features=2), X, y, rate=5e-3, epochs=10))
    assert cause.evidence[1].value < 0.5
    pooled = trained(net(features=2, read="mean"), X, y, rate=2e-2, epochs=60)
    assert pooled.training.r2[0] > 0.5
    assert padding_unmasked(pooled) is None


def test_padding_explains_why_the_end_tells_nothing(fake, padded):
    """Sequences that end on padding have their signal early for that reason; the readout is not blamed beside it."""
    X, y, _ = padded
    assert padding_unmasked(fake(y, y * 0, X=X, shown_layers=LAST)) is not None
    assert last_step_forgets(fake(y, y * 0, X=X, shown_layers=LAST)) is None


def test_a_value_that_data_have_everywhere_is_no_padding(fake, padded):
    """Where every third step of a sequence is a zero, those at its end are dry hours like the others."""
    X, y, _ = padded
    dry = np.random.default_rng(1).random(X.shape[:2]) < 1 / 3
    rain = np.where(dry[:, :, None], np.float32(0), X)
    assert padding_unmasked(fake(y, y * 0, X=rain, shown_layers=LAST)) is None


def test_what_only_early_steps_tell_is_forgotten_also_by_heart(fake):
    """A model that knows its training data, and nothing of others that are told by early steps alone, forgets them."""
    X = np.random.default_rng(0).normal(size=(400, 40, 2))
    y = X[:, 0, 0]
    learned = fake(y, y, X=X, held_out=(X, y, y * 0), shown_layers=LAST)
    assert last_step_forgets(learned).confidence == pytest.approx(0.6)


def test_what_early_squares_tell_may_be_forgotten_as_well(fake):
    """How much a series of noise swung before it lay idle hangs on squares of its early steps alone."""
    X = np.random.default_rng(2).normal(size=(400, 40, 1))
    X[:, 12:] *= 0.01
    y = (X[:, :12] ** 2).sum(axis=1)
    assert last_step_forgets(fake(y, y * 0, X=X, shown_layers=LAST)).confidence == pytest.approx(0.6)
