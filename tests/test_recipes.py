import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.errors import ConfigurationError
from unflat.recipes import (
    TEST,
    TRAIN,
    WAYS,
    Result,
    article,
    error_in_words,
    generate_data,
    judge,
    lessons,
    run_experiment,
    standardize,
)

SCALINGS = ("raw", "inputs", "target", "document", "own")


def the_documents_own_generate_data(start, num_sample):
    """Make data with the document's function as it stands there."""
    x_train = np.zeros((1, 16))
    for i in range(start, num_sample + start):
        temp_data = np.array([i * 10] * 16)
        x_train = np.vstack((x_train, temp_data))
    x_train = x_train[1:]

    y_train = np.array([i for i in range(start, num_sample + start)])  # noqa: C416 - the document's code
    return x_train, y_train


@pytest.mark.parametrize(("start", "num_sample"), [(1, 300), (3000, 100), (-2, 5), (7, 1)])
def test_data_are_the_documents(start, num_sample):
    """The generated data equal, in values, shapes and types, what the document's own code makes."""
    for ours, theirs in zip(
        generate_data(start, num_sample), the_documents_own_generate_data(start, num_sample), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype


def test_ranges_are_the_documents():
    """Training ends at 2804, and the test begins beyond it, at 3000."""
    assert (TRAIN, TEST) == ((1, 2804), (3000, 100))
    assert generate_data(*TRAIN)[1][[0, -1]].tolist() == [1, 2804]
    assert generate_data(*TEST)[1][[0, -1]].tolist() == [3000, 3099]


@pytest.mark.parametrize("num_sample", [0, -1, 2.5])
def test_a_count_that_is_none_is_refused(num_sample):
    """The number of samples is a whole number of at least 1."""
    with pytest.raises(ConfigurationError, match="'num_sample' of generate_data"):
        generate_data(1, num_sample)


def test_the_model_is_the_documents():
    """Every setting of the document's model holds, and nothing that this package adds is switched on."""
    assert article(random_state=3).get_params() == {
        "cell": "lstm",
        "units": (50, 100),
        "bidirectional": False,
        "dropout": 0.2,
        "input_noise": 0.0,
        "readout": ("last",),
        "skip": False,
        "n_members": 1,
        "loss": "mse",
        "quantile": 0.5,
        "epochs": 30,
        "batch_size": 128,
        "learning_rate": 5e-4,
        "schedule": "constant",
        "weight_decay": 0.0,
        "epsilon": 1e-7,
        "clip_norm": None,
        "averaging": 0.0,
        "patience": None,
        "validation_fraction": 0.0,
        "scale_inputs": "none",
        "scale_target": "none",
        "target_range": None,
        "device": "auto",
        "precision": "fp32",
        "callbacks": (),
        "progress": "auto",
        "random_state": 3,
    }


def test_document_scaling_is_the_documents_to_the_letter():
    """The scaling "document" repeats the document's lines: the target by the inputs' first mean and deviation."""
    x_train, y_train = the_documents_own_generate_data(start=1, num_sample=40)
    x_test, y_test = the_documents_own_generate_data(start=60, num_sample=5)
    mean_ = np.mean(x_train, axis=0)
    std_ = np.std(x_train, axis=0)
    scaling = standardize("document", x_train, y_train)
    np.testing.assert_array_equal(scaling.inputs(x_test), ((x_test - mean_) / std_).reshape(-1, 16, 1))
    np.testing.assert_array_equal(scaling.target(y_test), (y_test - mean_[0]) / std_[0])


def test_document_scaling_leaves_the_target_far_from_standard():
    """By the inputs' statistics the target has mean -1.56 and deviation 0.1: mean (m - 10 m) / 10 s, deviation 1/10."""
    X, y = generate_data(*TRAIN)
    scaled = standardize("document", X, y).target(y)
    assert scaled.mean() == pytest.approx(-0.9 * y.mean() / y.std())
    assert scaled.mean() == pytest.approx(-1.559, abs=1e-3)
    assert scaled.std() == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("scaling", "inputs_scaled", "target_scaled"),
    [("raw", False, False), ("inputs", True, False), ("target", False, True), ("own", True, True)],
)
def test_scalings_scale_what_they_say(scaling, inputs_scaled, target_scaled):
    """What a scaling scales has mean 0 and deviation 1 on the training data; what it does not is unchanged."""
    X, y = generate_data(5, 50)
    by = standardize(scaling, X, y)
    for values, raw, scaled in ((by.inputs(X), X[:, :, None], inputs_scaled), (by.target(y), y, target_scaled)):
        if scaled:
            np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-12)
            np.testing.assert_allclose(values.std(axis=0), 1)
        else:
            np.testing.assert_array_equal(values, raw)


@given(
    scaling=st.sampled_from(SCALINGS),
    numbers=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20),
)
@settings(max_examples=50)
def test_predictions_come_back_to_the_targets_units(scaling, numbers):
    """Bringing a scaled target back gives the target, whatever the scaling."""
    by = standardize(scaling, *generate_data(1, 100))
    np.testing.assert_allclose(by.original(by.target(np.array(numbers))), numbers, rtol=1e-9, atol=1e-8)


def test_unknown_scaling_is_refused():
    """A scaling that does not exist is named in the error, with those that do."""
    with pytest.raises(ConfigurationError, match="'raw', 'inputs', 'target', 'document', 'own'; received 'both'"):
        standardize("both", *generate_data(1, 10))


@pytest.mark.parametrize(
    ("figures", "verdict"),
    [
        ((0.004, -2.8, 1.7, 3.7), "flat"),
        ((0.0999, 0.9, 0.0, 0.0), "flat"),
        ((0.1, 0.0, 0.0, 0.0), "no better than the mean"),
        ((0.4, 0.499, 0.0, 0.0), "hardly cured"),
        ((0.9, 0.5, 0.02, 0.0), "half cured"),
        ((1.1, 0.98, 0.0199, 0.02), "cured in range"),
        ((1.0, 1.0, 0.0, 0.0199), "cured"),
        ((float("nan"), 0.9, 0.0, 0.0), "diverged"),
        ((1.0, 0.9, 0.0, float("inf")), "diverged"),
    ],
)
def test_verdicts_follow_the_rules(figures, verdict):
    """A verdict depends on the four figures alone, at and around each border."""
    assert judge(*figures) == verdict


def result(way, slope, offset, *, warned=(), epochs=30):
    """Predictions that are a straight line of the truth, on the document's data."""
    y, later = (generate_data(*part)[1].astype(float) for part in (TRAIN, TEST))
    course = tuple([1.0] * (epochs + 1))
    return Result(way, y, slope * y + offset, later, slope * later + offset, course, 1.0, tuple(warned), None)


def test_results_measure_what_they_hold():
    """Spread, R² and errors of a known straight line are those of the closed form."""
    half = result("target", 0.5, 100.0)
    y, later = half.numbers, half.later_numbers
    assert half.spread == pytest.approx(0.5)
    assert half.r2 == pytest.approx(1 - np.mean((100 - 0.5 * y) ** 2) / np.var(y))
    assert half.train_mae == pytest.approx(np.abs(100 - 0.5 * y).mean())
    assert half.test_mae == pytest.approx((0.5 * later - 100).mean())
    assert half.verdict == "hardly cured"


FLAT_WARNING = ("FlatPredictionWarning",)


def the_expected_results():
    """Give results as the experiment has them."""
    return [
        result("raw", 0.001, 45.0, warned=FLAT_WARNING),
        result("inputs", 0.0, 47.1, warned=FLAT_WARNING),
        result("target", 0.91, 100.0),
        result("document", 1.05, 20.0),
        result("own", 1.0, 5.0),
        result("default", 1.0, 0.001),
    ]


def test_lessons_are_computed_from_the_figures():
    """The sentences hold the numbers of the results, and the reach 5e-4 * 660 * 101 = 33."""
    said = lessons(the_expected_results())
    assert len(said) == 6
    assert "from 1 to 2804, and every prediction is 47.1" in said[0]
    assert "lifts the spread from 0.001 to 0.91" in said[1]
    assert "0.0005 times 660 steps times 101 weights, 33, and the targets lie 1402 away" in said[2]
    assert "came as far as 46" in said[2]
    assert "mean -1.56 and deviation 0.10 in place of 0 and 1: an error of 90 on average, and 5 with its own" in said[3]
    assert "at 3000 to 3099, the document's network is off by 5" in said[4]
    assert "LSTMRegressor() by under 0.01" in said[4]
    assert said[5] == "The package warned of the 2 flat models by itself."


@pytest.mark.parametrize(
    ("replaced", "lost"),
    [
        (result("inputs", 1.0, 0.0), "inputs alone cures nothing"),
        (result("target", 0.0, 0.0), "target alone lifts"),
        (result("document", 1.0, 5.0), "document's cure scales"),
        (result("default", 1.0, 5.0), "linear skip"),
        (result("raw", 0.001, 45.0), "warned of"),
    ],
)
def test_lessons_that_figures_do_not_bear_out_are_not_told(replaced, lost):
    """With one result changed, the sentence that rested on it is gone."""
    results = the_expected_results()
    assert any(lost in sentence for sentence in lessons(results))
    changed = [replaced if item.way == replaced.way else item for item in results]
    assert not any(lost in sentence for sentence in lessons(changed))


def test_lessons_speak_only_of_what_was_tried():
    """Without results there is nothing to say."""
    assert lessons([]) == ()


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "under 0.01"), (0.0099, "under 0.01"), (0.19, "0.19"), (4.31, "4.3"), (1355.6, "1,356")]
)
def test_errors_are_written_with_the_digits_that_count(value, words):
    """Two digits below ten, whole numbers from ten on, and no false precision near zero."""
    assert error_in_words(value) == words


def test_experiment_shows_what_flattens_and_what_cures():
    """After three epochs the raw target still pins the model flat; scaled, the same model follows it."""
    reports = []
    with warnings.catch_warnings(record=True) as escaped:
        warnings.simplefilter("always")
        raw, own = run_experiment(seed=0, epochs=3, ways=("raw", "own"), on_progress=reports.append)
    assert raw.verdict == "flat"
    assert raw.r2 < -2
    assert raw.warned == FLAT_WARNING
    assert own.spread > 0.5
    assert own.r2 > 0.5
    assert not escaped
    assert len(raw.course) == len(own.course) == 4
    # An independent measure of the last point: the error on every tenth sequence.
    y = generate_data(*TRAIN)[1]
    assert own.course[-1] == pytest.approx(np.mean((own.fitted - y)[::10] ** 2) / y[::10].var())
    done = [report.done for report in reports]
    assert done == sorted(done)
    assert done[-1] == reports[-1].total == 2 * 3 * 2804


def test_experiment_gives_the_package_raw_numbers():
    """The package's own model, given raw numbers and a single epoch, follows the trend beyond its range."""
    (default,) = run_experiment(epochs=1, ways=("default",))
    assert default.verdict == "cured"
    assert default.test_mae < 1


def test_experiment_that_is_interrupted_has_no_results():
    """A training that was cut short would mislead, so Ctrl-C ends the whole experiment."""

    def interrupt(progress):
        if progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_experiment(epochs=2, ways=("raw",), on_progress=interrupt)


def test_ways_are_the_five_scalings_and_the_package():
    """The experiment tries each scaling of the document's model once, and this package's own."""
    assert (*SCALINGS, "default") == WAYS
