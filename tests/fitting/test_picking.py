"""Lines that pick: what they learn from, what they know nothing of, and what they bring to a fit."""

import numpy as np
import pytest
import torch

from unflat import LSTMRegressor, load
from unflat.config import NetworkConfig, ScalingConfig
from unflat.dataset import as_dataset
from unflat.fitting.picking import NOTHING_PICKED, picks_of
from unflat.fitting.preparing import prepare
from unflat.network.lines.reading import Reader
from unflat.parting import Parting, parted


def few(n=80, seed=0):
    """Make sequences of eight features, and a target that one product of them in the last step makes."""
    random = np.random.default_rng(seed)
    X = random.normal(5, 2, size=(n, 6, 8))
    return X, 300 + 40 * (X[:, -1, 2] - 5) * (X[:, -1, 6] - 5) + random.normal(size=n)


def prepared(parting, **network):
    """Make a predictor before its first step."""
    config = NetworkConfig(units=(3,), **network)
    return prepare(parting, config, ScalingConfig(), torch.Generator().manual_seed(0)).predictor


def test_each_part_has_a_line_that_knows_nothing_of_what_it_holds_out():
    """Targets that a part holds out change the lines of all others, and leave its own as it is."""
    X, y = few()
    parting = parted(as_dataset(X, y), None, "auto", np.random.RandomState(0), 5)
    predictor = prepared(parting)
    before = picks_of(predictor, parting, "mse")
    held_out = np.setdiff1d(np.arange(80), parting.parts[2].places)
    y[held_out] += 0.01  # so little that it is stopped at the same move
    moved = parted(as_dataset(X, y), None, "auto", np.random.RandomState(0), 5)
    after = picks_of(predictor, moved, "mse")
    assert len(before.lines) == 5
    np.testing.assert_array_equal(after.lines[2].weight, before.lines[2].weight)
    assert not np.array_equal(after.lines[3].weight, before.lines[3].weight)


def test_errors_are_those_on_what_each_part_holds_out():
    """They are scaled targets less what a part's line predicts; the product is found."""
    X, y = few()
    parting = parted(as_dataset(X, y), None, "auto", np.random.RandomState(0), 5)
    predictor = prepared(parting)
    picks = picks_of(predictor, parting, "mse")
    reader = Reader(predictor.inputs, None, picks.bounds)
    for part, line, errors in zip(parting.parts, picks.lines, picks.errors, strict=True):
        predicted = line.predict(reader.read(part.held_out.sequences, line.terms))
        scaled = predictor.target(torch.from_numpy(part.held_out.y)).numpy()
        np.testing.assert_allclose(errors.numpy(), scaled - predicted, atol=1e-5)
    assert float(torch.cat(picks.errors).square().mean()) < 0.05
    assert len({line.terms for line in picks.lines}) == 1
    assert all(line.terms.products for line in picks.lines)


@pytest.mark.parametrize("case", ["nothing held out", "no skip", "another loss"])
def test_where_nobody_can_vouch_for_it_nothing_is_picked(case):
    """Without held-out sequences, without a skip to hold it, or where errors are no squares."""
    X, y = few()
    data = as_dataset(X, y)
    parting = Parting.alike(data) if case == "nothing held out" else Parting.alike(data, data.take(np.arange(20)))
    predictor = prepared(parting, skip=case != "no skip")
    assert picks_of(predictor, parting, "mae" if case == "another loss" else "mse") is NOTHING_PICKED


@pytest.mark.parametrize("members", [1, 5])
def test_a_fit_finds_the_product_that_few_sequences_show(members, tmp_path):
    """Of 80 sequences most is explained, where a network alone explains little; streams and files predict the same."""
    X, y = few()
    new, true = few(300, seed=1)
    given = {"units": (4,), "epochs": 3, "random_state": 0}
    model = LSTMRegressor(n_members=members, **given).fit(X, y)
    assert model.score(new, true) > 0.9
    assert all(member.skip.terms.products for member in model.predictor_.network.members)
    assert model.predictor_.network.config.products == model.predictor_.network.members[0].skip.terms.products
    model.save(tmp_path / "model.unflat")
    np.testing.assert_array_equal(load(tmp_path / "model.unflat").predict(new), model.predict(new))
    stream = model.stream(streams=len(new))
    for step in range(6):
        told = stream.feed(new[:, step])
    np.testing.assert_allclose(told, model.predict(new), rtol=1e-4)


def test_held_out_figures_of_a_fit_promise_no_more_than_new_sequences_show():
    """What is picked knows nothing of what it is judged by: on average the R2 of both agree, though most is noise."""
    new, clean = few(2000, seed=99)
    noisy = clean + np.random.default_rng(6).normal(0, 240, size=2000)
    promised, shown = [], []
    for seed in range(6):
        X, y = few(120, seed)
        y += np.random.default_rng(seed).normal(0, 240, size=120)
        model = LSTMRegressor(units=(4,), epochs=3, random_state=0).fit(X, y)
        promised.append(model.held_out_.outputs[0].r2)
        shown.append(model.score(new, noisy))
    assert np.mean(promised) == pytest.approx(np.mean(shown), abs=0.07)
