import ast
import importlib
import pkgutil
import warnings

import numpy as np
import pytest

from unflat.diagnosis import causes
from unflat.diagnosis.causes import TIERS, find_causes
from unflat.diagnosis.measured.examination import Examination, Part
from unflat.diagnosis.records import CAUSE_IDS, Cause, Cure
from unflat.diagnosis.subjects.regressor import RegressorSubject
from unflat.errors import FitWarning
from unflat.estimator import LSTMRegressor


def finding(name, confidence):
    """Make a rule that always finds the same."""
    return lambda _: Cause(name, "Because.", (), Cure("Change it."), confidence)


def test_there_is_a_rule_for_every_cause():
    """Rules are named as what they find, and none is missing; one more asks for wrong pairs that only training saw."""
    assert sorted(rule.__name__ for tier in TIERS for rule in tier) == sorted([*CAUSE_IDS, "trained_on_other_pairs"])


def test_doubt_multiplies_the_confidence_of_later_tiers(monkeypatch, fake):
    """After 0.6 and 0.5 in the first tier the second keeps 0.4 of its own, and the third 0.4 · 0.5 of it."""
    tiers = (
        (finding("target_scale", 0.5), finding("input_scale", 0.6)),
        (finding("dead_units", 0.5),),
        (finding("overfit", 0.9), finding("no_signal", 0.4)),
    )
    monkeypatch.setattr(causes, "TIERS", tiers)
    found = find_causes(fake(np.zeros(10), np.zeros(10)))
    assert [(cause.id, cause.confidence) for cause in found] == [
        ("input_scale", 0.6),
        ("target_scale", 0.5),
        ("dead_units", pytest.approx(0.2)),
        ("overfit", pytest.approx(0.18)),
    ]


def test_rules_are_not_asked_once_all_is_explained(monkeypatch, fake):
    """A certain cause leaves no doubt for later tiers."""

    def never(_):
        pytest.fail("it was asked")

    monkeypatch.setattr(causes, "TIERS", ((finding("constant_target", 1.0),), (never,)))
    assert len(find_causes(fake(np.zeros(10), np.zeros(10)))) == 1


def test_equal_confidence_keeps_both(monkeypatch, fake):
    """Two explanations that fit equally are both named, in the order of their rules."""
    monkeypatch.setattr(causes, "TIERS", ((finding("rate_too_low", 0.7), finding("too_few_updates", 0.7)),))
    found = find_causes(fake(np.zeros(10), np.zeros(10)))
    assert [cause.id for cause in found] == ["rate_too_low", "too_few_updates"]


def test_healthy_network_gets_no_cause(trained, net, problem):
    """No rule speaks of a model that does as well as others."""
    examination = trained(net(), *problem)
    assert examination.held_out.r2[0] > 0.9
    assert not any(rule(examination) for tier in TIERS for rule in tier)
    assert find_causes(examination) == ()


def test_unscaled_target_comes_before_unscaled_inputs(trained, net, problem):
    """Both raw, as in the document: the target first, then the inputs, and nothing that follows from them."""
    X, y = problem
    found = find_causes(trained(net(), X * 3000 + 20_000, y * 1000 + 5000))
    assert [cause.id for cause in found] == ["target_scale", "input_scale"]


def test_every_code_parses():
    """Every piece of advice is Python."""
    modules = [
        importlib.import_module(f"{causes.__name__}.{item.name}") for item in pkgutil.iter_modules(causes.__path__)
    ]
    tables = [(n, t) for m in modules for n, t in vars(m).items() if n.endswith("_CODE") and isinstance(t, dict)]
    assert len(tables) > 20
    for name, table in tables:
        for framework, code in table.items():
            assert ast.parse(code), (name, framework)


@pytest.mark.parametrize("scales", ["standard", "none"])
def test_own_estimator_is_judged_by_what_its_network_sees(reached, scales):
    """Raw data at 2,000 ± 500 are scaled inside; without those scales and the skip they are the cause."""
    random = np.random.default_rng(0)
    X = random.normal(3000, 500, size=(200, 6, 2))
    y = X[:, -1, 0] - 1000
    model = LSTMRegressor(
        units=(4,), epochs=45, learning_rate=1e-5, skip=False, scale_inputs=scales, scale_target=scales,
        validation_fraction=0.0,
        schedule="constant", batch_size=32, progress=False, random_state=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)  # of what is to be diagnosed
        model.fit(X, y)
    subject = RegressorSubject(model)
    found = find_causes(_examined(subject, X, y, reached(1.0)))
    expected = {"standard": {"rate_too_low"}, "none": {"target_scale", "input_scale"}}[scales]
    assert {cause.id for cause in found} == expected


def _examined(subject, X, y, references):
    prediction = subject.predict(X)
    part = Part(X, X, y[:, None], y.shape, prediction[:, None], prediction.shape)
    return Examination(subject, part, None, None, references, (), subject.settings())
