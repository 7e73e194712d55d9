"""Predictions in raw units against scale, network and unscale by hand; batches, padding and restoring."""

import copy
from contextlib import nullcontext

import numpy as np
import pytest
import torch

from unflat.config import NetworkConfig
from unflat.network import Network, Predictor, predict_all
from unflat.scaling.scales import fit_input_scaling, fit_target_scaler
from unflat.sequences import Sequences, as_sequences

CONFIGS = [
    NetworkConfig(units=(4,)),
    NetworkConfig("gru", (4, 3), bidirectional=True, readout=("attention", "mean"), skip=False),
    NetworkConfig("lstm", (3, 5), bidirectional=True, readout=("last", "mean", "max", "attention")),
]


def table(n=40, seed=0):
    """Make ragged sequences of a large number, a small one with gaps, and a category."""
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 12, size=n)
    rows = np.column_stack(
        [
            1.7e9 + random.normal(size=lengths.sum()),
            1e-12 * random.normal(5, 2, size=lengths.sum()),
            random.integers(0, 3, size=lengths.sum()),
        ]
    )
    rows[random.random(len(rows)) < 0.2, 1] = np.nan
    return Sequences(rows, np.cumsum(lengths) - lengths, lengths, categorical=(2,))


def make(config=CONFIGS[0], sequences=None, target="standard", outputs=2):
    """Make a predictor with distinct weights, its scales fitted on the sequences."""
    sequences = sequences or table()
    inputs, _ = fit_input_scaling(sequences, "standard")
    y = np.exp(np.random.default_rng(1).normal(7, 1, size=(len(sequences), outputs)))
    scaler = fit_target_scaler(y, target, [f"y{i}" for i in range(outputs)])
    generator = torch.Generator().manual_seed(2)
    network = Network(config, features=inputs.width, outputs=outputs, generator=generator)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.uniform_(-0.9, 0.9, generator=generator)
    return Predictor(inputs, network, scaler)


def one_by_one(predictor, sequences):
    """Predict for each sequence alone."""
    parts = [
        sequences.rows[start : start + length]
        for start, length in zip(sequences.starts, sequences.lengths, strict=True)
    ]
    return np.concatenate([predictor(torch.from_numpy(part)[None]).detach().numpy() for part in parts])


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("target", ["standard", "log"])
def test_raw_units_in_and_out_equal_each_step_by_hand(config, target):
    """The prediction is scale, network and unscale worked out apart, in float64, from NumPy's own moments."""
    random = np.random.default_rng(3)
    X, y = random.normal([1.7e9, 1e-9], [30.0, 1e-12], size=(50, 6, 2)), np.exp(random.normal(9, 1, size=(50, 1)))
    sequences = as_sequences(X)
    inputs, _ = fit_input_scaling(sequences, "standard")
    network = Network(config, features=2, outputs=1, generator=torch.Generator().manual_seed(4))
    predictor = Predictor(inputs, network, fit_target_scaler(y, target, ["y"]))
    with torch.no_grad():
        network.head.weight.uniform_(-1, 1, generator=torch.Generator().manual_seed(5))

    scaled = (X - X.mean(axis=(0, 1))) / X.std(axis=(0, 1))
    through = copy.deepcopy(network).double()(torch.from_numpy(scaled)).detach().numpy()
    v = np.log(y) if target == "log" else y
    expected = through * v.std() + v.mean()
    expected = np.exp(expected) if target == "log" else expected
    predicted = predict_all(predictor, sequences)
    assert predicted.dtype == np.float64
    np.testing.assert_allclose(predicted, expected, rtol=0, atol=1e-5 * y.std())


@pytest.mark.parametrize("config", CONFIGS)
def test_missing_values_after_the_end_are_padding(config):
    """A batch padded with NaN, or with numbers, predicts what each sequence alone does."""
    sequences, predictor = table(), make(config)
    lengths = torch.from_numpy(sequences.lengths)
    padded = torch.from_numpy(sequences.dense())
    expected, tolerance = one_by_one(predictor, sequences), 1e-5 * float(predictor.target.scale.min())
    for filler in (np.nan, -1e12, 1e300):
        ends = torch.arange(padded.shape[1]) >= lengths[:, None]
        filled = padded.masked_fill(ends[..., None], filler)
        np.testing.assert_allclose(predictor(filled, lengths).detach(), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("steps", [1, 11, 37, 100, 10_000])
@pytest.mark.parametrize("config", CONFIGS)
def test_predictions_do_not_depend_on_how_they_are_batched(config, steps, monkeypatch):
    """Whatever number of steps is predicted together, each sequence gets its own prediction, in order."""
    monkeypatch.setattr("unflat.network.predictor.sequences_together", lambda longest: max(1, steps // longest))
    sequences, predictor = table(), make(config)
    found = predict_all(predictor, sequences)
    assert found.shape == (40, 2)
    assert len(np.unique(found[:, 0])) == 40
    tolerance = 1e-5 * float(predictor.target.scale.min())
    np.testing.assert_allclose(found, one_by_one(predictor, sequences), rtol=0, atol=tolerance)


@pytest.mark.parametrize("steps", [1, 24, 37, 10_000])
def test_no_more_steps_are_predicted_together_than_fit(steps, monkeypatch):
    """A batch, padding included, has at most the steps that memory is meant for, unless one sequence has more."""
    monkeypatch.setattr("unflat.network.predictor.sequences_together", lambda longest: max(1, steps // longest))
    sequences, predictor, seen = table(), make(), []
    predictor.register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0].shape[:2]))
    predict_all(predictor, sequences)
    assert sum(count for count, _ in seen) == len(sequences)
    assert max(count * length for count, length in seen) <= max(steps, sequences.longest)
    assert (len(seen) == 1) == (steps == 10_000)


@pytest.mark.parametrize("steps", [1, 20, 10_000])
def test_equally_long_overlapping_windows_are_predicted_in_order(steps, monkeypatch):
    """Windows of one series, not sorted and some twice, are each predicted as they are alone."""
    monkeypatch.setattr("unflat.network.predictor.sequences_together", lambda longest: max(1, steps // longest))
    rows = np.random.default_rng(6).normal(100, 3, size=(30, 2))
    starts = np.array([25, 0, 7, 8, 7, 3], dtype=np.int32)
    windows = Sequences(rows, starts, np.broadcast_to(np.int64(5), starts.shape))
    predictor = make(sequences=windows)
    found = predict_all(predictor, windows)
    tolerance = 1e-5 * float(predictor.target.scale.min())
    np.testing.assert_allclose(found, one_by_one(predictor, windows), rtol=0, atol=tolerance)
    assert len(np.unique(found.round(3)[:, 0])) == 5


def test_no_sequences_give_no_predictions():
    """An empty selection is predicted as no rows of the right width."""
    assert predict_all(make(), table().take(np.zeros(0, dtype=int))).shape == (0, 2)


def test_predicting_keeps_no_graph_and_no_randomness(global_states):
    """Predictions of a network with dropout repeat to the bit, and no global generator is drawn from."""
    predictor, before = make(NetworkConfig(units=(3,), dropout=0.5)), global_states()
    np.testing.assert_array_equal(predict_all(predictor, table()), predict_all(predictor, table()))
    assert global_states() == before
    assert all(p.grad is None for p in predictor.parameters())


@pytest.mark.parametrize("config", [*CONFIGS, NetworkConfig(units=(3,), embedded=((3, 3),))])
@pytest.mark.parametrize("target", ["standard", "log"])
def test_restored_predictor_is_the_same_to_the_bit(config, target, global_states):
    """From its configuration and its numbers a predictor comes back whole: numbers, predictions, what is trained."""
    sequences, predictor = table(), make(config, target=target)
    state, before = copy.deepcopy(predictor.state_dict()), global_states()
    restored = Predictor.restore(config, state, logarithmic=target == "log")
    assert global_states() == before
    assert restored.state_dict().keys() == state.keys()
    for name, value in restored.state_dict().items():
        assert value.dtype == state[name].dtype
        assert torch.equal(value, state[name])
    np.testing.assert_array_equal(predict_all(restored, sequences), predict_all(predictor, sequences))
    trained = [[name for name, p in m.named_parameters() if p.requires_grad] for m in (restored, predictor)]
    assert trained[0] == trained[1]


def test_limits_come_back():
    """Limits are among the numbers of a predictor."""
    predictor = make(CONFIGS[0])
    predictor.target.highest.fill_(float(np.median(predict_all(predictor, table()))))
    state = copy.deepcopy(predictor.state_dict())
    restored = Predictor.restore(CONFIGS[0], state, logarithmic=False)
    np.testing.assert_array_equal(predict_all(restored, table()), predict_all(predictor, table()))


@pytest.mark.parametrize("target", ["standard", "log"])
def test_held_predictions_come_back(target):
    """Scaled predictions stay between the ends, states are as they were."""
    predictor = make(CONFIGS[0], target=target)
    free = predict_all(predictor, table())
    scaled = predictor.target(torch.from_numpy(free))
    ends = [(float(column.quantile(0.2)), float(column.quantile(0.7))) for column in scaled.T]
    predictor.hold.set_ends(ends)
    held = predict_all(predictor, table())
    expected = predictor.target.inverse(scaled.clamp(*torch.tensor(ends, dtype=torch.float64).T)).numpy()
    np.testing.assert_allclose(held, expected, rtol=1e-5)
    assert predictor.beyond == "held"
    state = copy.deepcopy(predictor.state_dict())
    restored = Predictor.restore(CONFIGS[0], state, logarithmic=target == "log")
    np.testing.assert_array_equal(predict_all(restored, table()), held)
    predictor.hold.release()
    np.testing.assert_array_equal(predict_all(predictor, table()), free)


def test_restored_predictor_owns_its_numbers():
    """Changing the numbers that a predictor was restored from does not change it."""
    predictor = make()
    state = predictor.state_dict()
    restored = Predictor.restore(CONFIGS[0], state, logarithmic=False)
    before = predict_all(restored, table())
    with torch.no_grad():
        for value in state.values():
            value.zero_()
    np.testing.assert_array_equal(predict_all(restored, table()), before)


def test_restore_refuses_numbers_of_another_network():
    """Numbers that do not fit the configuration are an error, not a guess."""
    with pytest.raises(RuntimeError, match="size mismatch"):
        Predictor.restore(NetworkConfig(units=(5,)), make().state_dict(), logarithmic=False)


def test_device_is_that_of_the_network():
    """The predictor says where its network computes; its scales stay where float64 is."""
    predictor = make()
    assert predictor.device == torch.device("cpu")
    predictor.network.to("meta")
    assert predictor.device == torch.device("meta")
    assert predictor.target.center.device == torch.device("cpu")


@pytest.mark.parametrize(("steps", "times"), [(24, 1), (10_000, 0)])
def test_memory_is_kept_from_batch_to_batch(steps, times, monkeypatch):
    """What one batch lets go of, the next takes; where one batch is all, nothing of the process is changed."""
    kept = []
    monkeypatch.setattr("unflat.network.predictor.memory_kept", lambda: kept.append(1) or nullcontext())
    monkeypatch.setattr("unflat.network.predictor.sequences_together", lambda longest: max(1, steps // longest))
    predict_all(make(CONFIGS[0]), table())
    assert len(kept) == times
