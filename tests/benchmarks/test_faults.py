"""The benchmark of injected faults: operators inject what they say, figures count what they say, a run can go on."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the benchmark is no part of the package

from benchmarks import lines
from benchmarks.faults import __main__ as command
from benchmarks.faults import controls, frameworks, plan, rates, report, running, storage, working
from benchmarks.faults.operators import OPERATORS
from benchmarks.faults.preparing import prepare
from benchmarks.faults.program import FRAMEWORKS, Network, Pairs, Program, Sets, Training

from unflat.diagnosis import CAUSE_IDS


def pairs(n, seed, features=3):
    """Draw sequences of 6 steps in units of their own, with a target in another."""
    X = np.random.default_rng(seed).normal(size=(n, 6, features))
    return Pairs(X * 5 + 30, 400 + 70 * X[:, -1, 0])


def program(framework="torch", style=0, sequences=160, **more):
    """Make a small healthy program."""
    perceptron = framework == "sklearn"
    network = Network(units=() if perceptron else (6,), dense=(16,) if perceptron else ())
    training = Training(rate=1e-2, epochs=40, batch=16, decay=1e-4 if perceptron else 0.0)
    sets = Sets(pairs(sequences, 0), pairs(60, 1))
    return Program(framework, "small", style, 0, sets, network=network, training=training, sound=0.3, **more)


def mutations(cause, framework="torch", **more):
    """Give the variants of a fault by their names."""
    return {mutation.variant: mutation for mutation in OPERATORS[cause](program(framework, **more))}


def test_every_cause_has_an_operator_and_every_operator_a_program():
    """Each cause is injected, in at least one framework, and no two variants have one name."""
    assert set(OPERATORS) == set(CAUSE_IDS)
    for cause, operator in OPERATORS.items():
        given = [[mutation.variant for mutation in operator(program(framework))] for framework in FRAMEWORKS]
        assert any(given), cause
        assert all(len(set(variants)) == len(variants) for variants in given)


def test_targets_of_windows_that_follow_one_another_are_not_shifted():
    """A shift by one is a longer horizon there, and no fault; of independent sequences it is one."""
    base = program()
    names = {
        name: [mutation.variant for mutation in OPERATORS["misaligned_pairs"](replace(base, set_name=name))]
        for name in ("ride", "careers")
    }
    assert set(names["careers"]) - set(names["ride"]) == {"shifted by one"}
    assert len(names["ride"]) == 3


@pytest.mark.parametrize(
    ("framework", "network", "parameters"),
    [
        # Of a GRU's 3 gates: inputs, states and two biases; twice in both directions; and the head of one unit.
        ("torch", Network("gru", units=(4,), bidirectional=True), 2 * 3 * 4 * (3 + 4 + 2) + 8 + 1),
        ("torch", Network("gru", units=(4,), filters=5), 5 * (3 * 3 + 1) + 3 * 4 * (5 + 4 + 2) + 4 + 1),
        ("keras", Network("gru", units=(4,), bidirectional=True), 2 * 3 * 4 * (3 + 4 + 2) + 8 + 1),
        ("keras", Network("gru", units=(4,), filters=5), 5 * (3 * 3 + 1) + 3 * 4 * (5 + 4 + 2) + 4 + 1),
    ],
)
def test_networks_have_the_layers_that_they_say(framework, network, parameters):
    """Convolutions and both directions are in the network: it has as many parameters as that makes."""
    if framework == "keras":
        pytest.importorskip("keras")
    made = replace(program(framework), network=network).with_training(epochs=1)
    model = frameworks.train(made, prepare(made)).model
    counted = model.count_params() if framework == "keras" else sum(p.numel() for p in model.parameters())
    assert counted == parameters


def test_scaling_by_hand_takes_the_numbers_of_the_training_part():
    """Both parts are scaled by the training part's mean and deviation of each feature."""
    prepared = prepare(program())
    training, held_out = program().data.training, program().data.held_out
    mean, deviation = training.X.mean(axis=(0, 1)), training.X.std(axis=(0, 1))
    np.testing.assert_allclose(prepared.data.held_out.X, (held_out.X - mean) / deviation, rtol=1e-6)
    np.testing.assert_allclose(prepared.data.training.y.std(), 1.0, rtol=1e-6)
    np.testing.assert_array_equal(prepared.raw.y, training.y)


def test_operators_of_scale_do_what_they_say():
    """Sides stay raw, get other columns' numbers, or a deviation that outliers own; predictions see raw inputs."""
    raw, healthy = program().data, prepare(program()).data
    target = prepare(mutations("target_scale")["left raw"].mutant).data
    np.testing.assert_array_equal(target.training.y, raw.training.y)
    np.testing.assert_array_equal(target.training.X, healthy.training.X)
    other = prepare(mutations("target_scaled_by_other_column")["by first column"].mutant).data
    column = raw.training.X[..., 0]
    np.testing.assert_allclose(other.training.y, (raw.training.y - column.mean()) / column.std(), rtol=1e-6)
    owned = prepare(mutations("outliers_own_scale")["targets"].mutant).data
    assert owned.training.y.max() > 4
    assert np.median(np.abs(owned.held_out.y - np.median(owned.held_out.y))) < 0.01
    moved = prepare(mutations("degenerate_scale")["moves later"].mutant).data
    assert np.abs(moved.held_out.X[..., -1]).min() > 1e6
    assert np.abs(moved.training.X[..., -1]).max() == 0
    asked = mutations("predict_scale_mismatch")["new ones raw"].mutant
    given = asked.asked[0](prepare(asked)).data
    np.testing.assert_array_equal(given.held_out.X, raw.held_out.X)
    np.testing.assert_array_equal(given.training.X, healthy.training.X)
    back = mutations("inverse_forgotten")["all targets raw"].mutant
    np.testing.assert_array_equal(back.asked[0](prepare(back)).data.held_out.y, raw.held_out.y)


def test_operators_of_data_do_what_they_say():
    """Pairs are shuffled, shifted and sorted; a value is lost; axes are turned; a target is one number."""
    raw = program().data.training
    variants = mutations("misaligned_pairs")
    np.testing.assert_array_equal(variants["shifted by one"].mutant.data.training.y[:-1], raw.y[1:])
    np.testing.assert_array_equal(variants["training targets sorted"].mutant.data.training.y, np.sort(raw.y))
    shuffled = variants["all shuffled, raw order known"].mutant
    assert shuffled.raw_given
    np.testing.assert_array_equal(prepare(shuffled).raw.y, raw.y)
    np.testing.assert_allclose(np.sort(prepare(shuffled).data.training.y), np.sort(prepare(program()).data.training.y))
    assert np.isnan(mutations("nan_in_data")["one input"].mutant.data.training.X).sum() == 1
    turned = prepare(mutations("swapped_axes")["turned"].mutant).data.training.X
    assert turned.shape == (160, 3, 6)
    assert np.ptp(prepare(mutations("constant_target")["a wrong column"].mutant).data.training.y) == 0


def test_operators_of_structure_change_only_what_they_say():
    """Settings change one by one, padding is at the end, idle steps follow, held-out targets lie above the others."""
    base = program()
    assert mutations("rate_too_high")["1"].mutant.training == replace(base.training, rate=1.0)
    assert mutations("output_range")["tanh"].mutant.network == replace(base.network, head="tanh")
    padded = prepare(mutations("padding_unmasked")["28 zeros"].mutant).data.training.X
    assert (padded[:, 6:] == 0).all()
    assert not (padded[:, 0] == 0).any()
    idle = mutations("last_step_forgets")["32 idle steps"].mutant.data.training.X
    np.testing.assert_array_equal(idle[:, :6], base.data.training.X)
    level = mutations("extrapolation")["split by level"].mutant.data
    assert level.held_out.y.min() >= level.training.y.max()


@pytest.mark.parametrize(
    ("framework", "style"), [("torch", 0), ("torch", 1), ("keras", 0), ("sklearn", 0), ("sklearn", 1), ("unflat", 0)]
)
def test_a_healthy_program_of_each_framework_learns_and_is_left_alone(framework, style):
    """What is trained explains held-out data, and gets no cause."""
    if framework == "keras":
        pytest.importorskip("keras")
    record = running.run(plan.Entry("key", "healthy", program(framework, style, 80)))
    assert record["skill"] > 0.3
    assert record["verdict"] == "healthy"
    assert record["causes"] == []
    json.dumps(record, allow_nan=False)


def test_injected_fault_lowers_skill_and_is_recorded():
    """A target left in its units goes flat in a short training; the record says what was injected and what was said."""
    mutation = mutations("target_scale")["left raw"]
    entry = plan.Entry("key", "mutant", replace(mutation.mutant, raw_given=True), "target_scale", "left raw", "twin")
    record = running.run(entry)
    assert record["skill"] < 0
    assert record["cause"] == "target_scale"
    assert record["causes"][0][0] == "target_scale"
    assert record["raw"]


def test_what_a_framework_refuses_is_put_down_as_such():
    """A program that cannot be trained has no diagnosis; it counts for nothing."""
    spoiled = Pairs(np.full((20, 6, 3), np.nan), np.ones(20))
    broken = replace(program("sklearn"), data=Sets(spoiled, spoiled))
    record = running.run(plan.Entry("key", "mutant", broken, "nan_in_data", "all", "twin"))
    assert "NaN" in record["refused"]
    assert rates.counted([record])["refused"] == [record]


def record(key, kind="mutant", skill=0.0, verdict="flat", causes=(), **more):
    """Make a record."""
    given = {"framework": "torch", "set": "small", "style": 0, "seed": 0, "cause": "target_scale", "variant": "raw"}
    return given | {"raw": False, "twin": "twin", "sound": 0.5, "key": key, "kind": kind, "skill": skill,
                    "verdict": verdict, "causes": [list(cause) for cause in causes]} | more  # fmt: skip


TWIN = record("twin", "healthy", 0.9, "healthy", cause="", twin="")
NAMED = record("named", causes=[("target_scale", 0.9), ("input_scale", 0.3)])
SECOND = record("second", skill=0.5, verdict="failing", causes=[("overfit", 0.7), ("target_scale", 0.2)])
MISSED = record("missed", skill=0.7, verdict="healthy", cause="overfit")
HARMLESS = record("harmless", skill=0.85, verdict="healthy")
ALARM = record("alarm", "healthy", 0.8, "failing", cause="", twin="")
UNSOUND = record("unsound", "healthy", 0.2, "failing", cause="", twin="")
OF_UNSOUND = record("of unsound", twin="unsound")
QUIET = record("quiet", "control", 0.01, "no_signal", [("no_signal", 0.8)], cause="", sound=None, variant="noise")
UNSOUND_CONTROL = record("noisy", "control", 0.01, "failing", cause="", sound=0.35, variant="heavy tails")
LOUD = record("loud", "control", 0.01, "no_signal", [("overfit", 0.8)], cause="", sound=None, variant="noise")
ALL = [TWIN, NAMED, SECOND, MISSED, HARMLESS, ALARM, UNSOUND, OF_UNSOUND, QUIET, LOUD, UNSOUND_CONTROL]


def test_rates_count_what_they_say():
    """Three mutants have an effect: two detected, one named first, two in the first three; two of four false alarms."""
    found = rates.figures(ALL)
    assert found["counts"] == {
        "mutants": 3, "healthy": 2, "controls": 2, "without effect": 1, "unsound": 3, "refused": 0,
    }  # fmt: skip
    assert found["overall"]["detected"] == {"some": 2, "of": 3}
    assert found["overall"]["first"] == {"some": 1, "of": 3}
    assert found["overall"]["first three"] == {"some": 2, "of": 3}
    lost = {name: group["detected"] for name, group in found["by loss"].items()}  # of 0.9: 0.9, 0.4 and 0.2
    assert lost == {
        "below 0.2": {"some": 0, "of": 0}, "0.2 to 0.4": {"some": 0, "of": 1}, "0.4 and more": {"some": 2, "of": 2},
    }  # fmt: skip
    assert found["by cause"]["overfit"]["detected"] == {"some": 0, "of": 1}
    assert found["false alarms"] == {"some": 2, "of": 4}
    assert found["false alarms, controls"] == {"noise": {"some": 1, "of": 2}}


def test_losses_are_taken_sequence_by_sequence():
    """A loss of 1 at each sequence is sure; one of 0.2 that is 2 at one of ten is not; other sequences are no pairs."""
    twin = TWIN | {"errors": [0.0, 0.2] * 5, "asked": 1}
    sure = NAMED | {"errors": [1.0, 1.2] * 5, "asked": 1}
    doubtful = SECOND | {"errors": [2.0, 0.2] + [0.0, 0.2] * 4, "asked": 1}
    elsewhere = MISSED | {"errors": [1.0, 1.2] * 5, "asked": 2}
    _, first, second, third = found = rates.with_losses([twin, sure, doubtful, elsewhere])
    assert not any("errors" in record for record in found)
    assert first["lost"] == pytest.approx(1)
    assert first["lost_error"] == pytest.approx(0, abs=1e-12)
    assert (second["lost"], second["lost_error"]) == (pytest.approx(0.2), pytest.approx(0.2))
    assert third["lost_error"] == pytest.approx(np.hypot(*[np.std([0.0, 0.2] * 5, ddof=1) / 10**0.5] * 2), rel=1e-4)
    assert [rates.is_sure(record) for record in found[1:]] == [True, False, True]
    assert rates.figures(found)["surely lowered"]["detected"] == {"some": 1, "of": 2}


def test_equivalent_cures_are_counted_apart():
    """A target that was scaled by another column is cured by scaling it by its own numbers, whatever it was before."""
    mutant = record("other", cause="target_scaled_by_other_column", causes=[("target_scale", 0.9)])
    found = rates.figures([TWIN, mutant])
    assert found["overall"]["first"] == {"some": 0, "of": 1}
    assert found["equivalent cures counted"]["first"] == {"some": 1, "of": 1}


def test_no_signal_is_detected_only_where_nothing_is_to_be_learned():
    """The verdict "no_signal" is right for a target of noise, and a miss for a fault."""
    blamed = {"verdict": "no_signal", "causes": [("no_signal", 0.9)]}
    assert rates.is_detected(record("a", cause="no_signal", **blamed))
    assert not rates.is_detected(record("b", cause="misaligned_pairs", **blamed))


def test_report_has_every_miss_and_every_false_alarm():
    """Tables hold the figures, the misses and the false alarms."""
    text = report.report(ALL)
    assert "| detected | 66.7 % (2/3) | 66.7 % (2/3) | 66.7 % (2/3) |" in text
    assert "| overfit | raw | torch, small, 0 |  | 0.700 | healthy |" in text
    assert "| alarm | 0.800 | failing |" in text
    assert "| loud |" in text
    assert "Unsound programs: unsound, noisy." in text


def test_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    """Programs that have a line are not run again; the lines and the figures become one file."""
    entries = [plan.Entry(name, "healthy", program("sklearn", sequences=40)) for name in ("first", "second")]
    monkeypatch.setattr(working, "plan", lambda *_, **__: iter(entries))
    options = command.parse(["--data", str(tmp_path), "--output", str(tmp_path / "out.json")])
    lines.append(lines.lines_of(options.output), TWIN | {"key": "first"})
    working.work(options, 0)
    written = storage.load(lines.lines_of(options.output))
    assert [line["key"] for line in written] == ["first", "second"]
    storage.save(options.output, written, {"commit": "abc"})
    assert storage.load(options.output) == written
    assert json.loads(options.output.read_text("utf-8"))["figures"]["counts"]["healthy"] == 2


def test_a_run_may_take_a_part(tmp_path, monkeypatch):
    """Asked for at most one program, it runs the first of the plan."""
    entries = [plan.Entry(name, "healthy", program("sklearn", sequences=40)) for name in ("first", "second")]
    monkeypatch.setattr(working, "plan", lambda *_, **__: iter(entries))
    options = command.parse(["--data", str(tmp_path), "--output", str(tmp_path / "out.json"), "--most", "1"])
    working.work(options, 0)
    assert [line["key"] for line in storage.load(lines.lines_of(options.output))] == ["first"]
    with pytest.raises(SystemExit, match="2"):
        command.parse(["--data", str(tmp_path), "--most", "0"])


def test_kept_models_are_not_trained_again(tmp_path):
    """The second time a model comes from its file, and predicts the same."""
    small = program("torch")
    prepared = prepare(small)
    first = storage.kept(tmp_path, "a/b c", lambda: frameworks.train(small, prepared))
    again = storage.kept(tmp_path, "a/b c", lambda: pytest.fail("it was trained again"))
    assert running.skill_of(small, prepared, first) == running.skill_of(small, prepared, again)


def test_controls_have_the_signal_they_say():
    """The best prediction, from the function that drew them, explains about as much as the control says."""
    control = controls.Control(20_000, 0.2)
    drawn = controls.draw("first", control, np.random.default_rng(0))
    best = drawn.X[:, -3:, 0].sum(axis=1) / 5 + drawn.X[:, -1, 1] / 300
    assert np.corrcoef(best, drawn.y)[0, 1] ** 2 == pytest.approx(0.2, abs=0.02)


def test_command_line_refuses_what_is_unknown(capsys):
    """A cause that does not exist is named, with those that do."""
    with pytest.raises(SystemExit, match="2"):
        command.parse(["--data", "x", "--only", "target_scale,nonsense"])
    assert "unknown: nonsense" in capsys.readouterr().err
    assert command.command_line(["--data", "/somewhere", "--half", "second"]) == (
        "python -m benchmarks.faults --data DIR --half second"
    )
