"""Evaluation of any model: what it is compared with, what is refused, and how it reads."""

from __future__ import annotations

import html
import json
import re
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import GridSearchCV

from unflat.baselines import LAST_VALUE, MEAN, NO_PAST, NO_TRAINING, RIDGE, SEASONAL_VALUE, Baselines
from unflat.errors import ConfigurationError, InputError, InputTypeError, NonFiniteError, ShapeError
from unflat.estimator import LSTMRegressor
from unflat.evaluation import Evaluation, evaluate
from unflat.evaluation.layout import columns, paragraph
from unflat.evaluation.words import number, percent, ratio, spread_in_words, verdict
from unflat.metrics import OutputScores, assess
from unflat.sequences import PastTarget, as_sequences
from unflat.windows import make_windows

GENERATOR = np.random.default_rng(8)
X = GENERATOR.normal(size=(80, 6, 2)) + 10.0
Y = X[:, -1, 0] + 0.5 * X[:, 2, 1] + 0.1 * GENERATOR.normal(size=80)
TRAIN, TEST = slice(0, 50), slice(50, 80)


def last_step(inputs):
    """Predict the first feature of the last step, plus what the second is worth on average."""
    return inputs[:, -1, 0] + 5.0


def scores(**skills):
    """Make the scores of an output with the skills given."""
    return OutputScores(1.0, 1.0, 1.0, None, 0.5, 0.7, skills, dict.fromkeys(skills, 1.0))


def series(n=120):
    """Make a table of hourly values that repeat every 6 rows but for some noise."""
    noise = np.random.default_rng(0).normal(size=n)
    return pl.DataFrame({"hour": np.arange(n), "load": 10 + np.arange(n) % 6 + 0.1 * noise, "wind": noise[::-1]})


def test_scores_are_those_of_the_models_predictions():
    """The figures are the model's on the data given, as scikit-learn would work them out."""
    result = evaluate(last_step, X[TEST], Y[TEST])
    prediction = last_step(X[TEST])
    (output,) = result.assessment.outputs
    assert result.assessment.n == 30
    assert output.rmse == pytest.approx(root_mean_squared_error(Y[TEST], prediction))
    assert output.mae == pytest.approx(mean_absolute_error(Y[TEST], prediction))
    assert output.r2 == pytest.approx(r2_score(Y[TEST], prediction))
    assert output.spread == pytest.approx(prediction.std() / Y[TEST].std())


def test_a_foreign_model_gets_its_inputs_as_they_were_given():
    """A model of scikit-learn's on two-dimensional arrays, or on frames, is called with exactly these."""
    flat = X.reshape(80, -1)
    frame = pl.DataFrame(flat)
    for inputs in (flat, frame):
        model = LinearRegression().fit(inputs[TRAIN], Y[TRAIN])
        test = inputs[TEST]
        seen = []
        spy = SimpleNamespace(predict=lambda given, seen=seen, model=model: seen.append(given) or model.predict(given))
        result = evaluate(spy, test, Y[TEST], train=(inputs[TRAIN], Y[TRAIN]))
        assert result.assessment.r2 == pytest.approx(model.score(test, Y[TEST]))
        assert result.assessment.baselines == (MEAN, RIDGE)
        assert seen[0] is test


def test_without_training_data_the_mean_is_of_these_targets_and_says_so():
    """A foreign model is compared with the mean of the targets given, its skill is R², and a note warns."""
    result = evaluate(last_step, X[TEST], Y[TEST])
    assert result.assessment.skills == {MEAN: (pytest.approx(result.assessment.r2),)}
    assert result.assessment.reasons == {LAST_VALUE: NO_PAST, SEASONAL_VALUE: NO_PAST, RIDGE: NO_TRAINING}
    assert "the mean is that of the very targets evaluated" in str(result)
    assert "Pass train=(X_train, y_train)" in str(result)


def test_training_data_bring_all_baselines():
    """Given training data, mean and ridge are fitted on it, and past values where they are known to stand."""
    result = evaluate(last_step, X[TEST], Y[TEST], train=(X[TRAIN], Y[TRAIN]), past=PastTarget((0,), 1, season=4))
    assert result.assessment.baselines == (MEAN, LAST_VALUE, SEASONAL_VALUE, RIDGE)
    (output,) = result.assessment.outputs
    assert output.baseline_rmse[MEAN] == pytest.approx(root_mean_squared_error(Y[TEST], np.full(30, Y[TRAIN].mean())))
    assert output.baseline_rmse[LAST_VALUE] == pytest.approx(root_mean_squared_error(Y[TEST], X[TEST, -1, 0]))
    assert output.baseline_rmse[SEASONAL_VALUE] == pytest.approx(root_mean_squared_error(Y[TEST], X[TEST, -4, 0]))
    assert output.skills[RIDGE] < 0
    assert "fitted on the training data given" in str(result)


def test_past_values_need_no_training_data():
    """Where the target's past is known, it is repeated though nothing was trained."""
    result = evaluate(last_step, X[TEST], Y[TEST], past=PastTarget((0,), 1))
    assert result.assessment.baselines == (MEAN, LAST_VALUE)
    assert result.assessment.reasons[RIDGE] == NO_TRAINING


def test_a_models_own_baselines_are_used():
    """A model that carries baselines is compared with these, unless other training data are given."""
    own = Baselines.fit(as_sequences(X[TRAIN]), Y[TRAIN, None])
    model = SimpleNamespace(predict=last_step, baselines_=own)
    result = evaluate(model, X[TEST], Y[TEST])
    (output,) = result.assessment.outputs
    assert output.baseline_rmse[MEAN] == pytest.approx(root_mean_squared_error(Y[TEST], np.full(30, Y[TRAIN].mean())))
    assert result.notes == ("The baselines were fitted on the model's own training data.",)
    for pair in ((X[TEST], Y[TEST]), [X[TEST], Y[TEST]]):
        other = evaluate(model, X[TEST], Y[TEST], train=pair)
        assert other.assessment.skills[MEAN] == (pytest.approx(other.assessment.r2),)


def test_weights_are_repetitions():
    """A weighted evaluation equals one of samples repeated, its reference mean included, and says it is weighted."""
    weights = np.tile([2.0, 0.0, 1.0], 10)
    rows = np.repeat(np.arange(50, 80), weights.astype(int))
    expected = evaluate(last_step, X[rows], Y[rows]).assessment.outputs[0]
    result = evaluate(last_step, X[TEST], Y[TEST], sample_weight=weights)
    assert result.assessment.outputs[0].rmse == pytest.approx(expected.rmse)
    assert result.assessment.outputs[0].skills == pytest.approx(expected.skills)
    assert "Samples count by their weights." in str(result)


def test_a_column_of_predictions_meets_a_flat_target():
    """Predictions of shape (n, 1), as Keras gives them, and tensors with a gradient are compared each with its own."""
    expected = evaluate(last_step, X[TEST], Y[TEST]).assessment
    assert evaluate(lambda inputs: last_step(inputs)[:, None], X[TEST], Y[TEST]).assessment == expected
    assert evaluate(last_step, X[TEST], Y[TEST, None]).assessment == expected
    tensors = evaluate(lambda inputs: torch.tensor(last_step(inputs), requires_grad=True), X[TEST], Y[TEST])
    assert tensors.assessment == expected


def test_windows_bring_targets_names_and_past():
    """Windows are their own targets; a foreign model gets them as an array, and the past is known."""
    windows = make_windows(series(), target="load", length=12, horizon=2, time="hour")
    column = windows.schema.features.index("load")
    parts = windows.split(test=0.3, validation=0)
    shapes = []

    def six_back(inputs):
        shapes.append(inputs.shape)
        return inputs[:, -5, column]

    result = evaluate(six_back, parts.test, train=parts.train)
    assert shapes == [(len(parts.test), 12, 2)]
    assert result.targets == ("load",)
    assert result.assessment.r2 > 0.95
    assert LAST_VALUE in result.assessment.baselines
    untrained = evaluate(six_back, parts.test)
    assert untrained.assessment.baselines[:2] == (MEAN, LAST_VALUE)
    assert untrained.assessment.outputs[0].baseline_rmse[LAST_VALUE] == pytest.approx(
        result.assessment.outputs[0].baseline_rmse[LAST_VALUE]
    )


@pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")
def test_our_own_model_on_windows_and_on_a_table():
    """A model of ours takes windows as they are, or the table that its schema can cut, with its own baselines."""
    frame = series(200)
    windows = make_windows(frame, target="load", length=8, time="hour")
    parts = windows.split(test=0.3, validation=0)
    model = LSTMRegressor(units=(4,), epochs=2, random_state=0, progress=False).fit(parts.train)
    result = evaluate(model, parts.test)
    assert result.model == "LSTMRegressor"
    assert result.assessment.r2 == pytest.approx(r2_score(parts.test.y, model.predict(parts.test)))
    assert "the model's own training data" in str(result)
    assert evaluate(model, frame).assessment.n == len(windows)


@pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")
def test_our_own_model_that_a_search_found():
    """It is scored as by itself, with its baselines and intervals; of another model the search is what is scored."""
    ours = LSTMRegressor(units=(4,), epochs=3, n_members=1, random_state=0)
    search = GridSearchCV(ours, {"learning_rate": [0.01]}, cv=2).fit(X[TRAIN], Y[TRAIN])
    found = evaluate(search, X[TEST], Y[TEST])
    assert str(found) == str(evaluate(search.best_estimator_, X[TEST], Y[TEST]))
    assert RIDGE in found.assessment.baselines
    other = GridSearchCV(LinearRegression(), {"fit_intercept": [True]}, cv=2).fit(X[TRAIN, :, 0], Y[TRAIN])
    assert evaluate(other, X[TEST, :, 0], Y[TEST]).model == "GridSearchCV"


def test_our_own_model_on_arrays():
    """A model of ours evaluates on arrays as it was fitted on them."""
    model = LSTMRegressor(units=(4,), epochs=2, random_state=0, progress=False).fit(X[TRAIN], Y[TRAIN])
    result = evaluate(model, X[TEST], Y[TEST])
    assert result.assessment.r2 == pytest.approx(model.score(X[TEST], Y[TEST]))
    assert result.assessment.baselines == (MEAN, RIDGE)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (pl.Series("load", Y[TEST]), ("load",)),
        (pl.DataFrame({"load": Y[TEST], "wind": Y[TEST]}), ("load", "wind")),
        (np.column_stack([Y[TEST], Y[TEST]]), ("y0", "y1")),
    ],
)
def test_outputs_are_named_as_the_targets_are(targets, expected):
    """Names come from a series or frame of targets where there are some."""
    k = len(expected)
    result = evaluate(lambda inputs: np.tile(last_step(inputs)[:, None], (1, k)), X[TEST], targets)
    assert result.targets == expected


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            ([1, 2], X, Y),
            InputTypeError,
            "The model: expected an object with a predict method, or a function; .* a list",
        ),
        ((last_step, X), InputError, "y: expected a target for each sequence; received None"),
        ((last_step, X, Y[:-1]), ShapeError, r"y: expected as many targets as sequences, 80; received shape \(79,\)"),
        (
            (lambda x: x, X, Y),
            ShapeError,
            r"The model's prediction: expected shape \(n,\) or .* return_sequences=False",
        ),
        ((lambda x: x[:, -1], X, Y), ShapeError, r"shape \(80, 1\), as the targets have; received shape \(80, 2\)"),
        ((lambda _: "flat", X, Y), InputTypeError, "The model's prediction: expected numbers"),
        ((LSTMRegressor, X, Y), InputTypeError, "received the class LSTMRegressor. Give the trained model itself"),
        ((last_step, X, np.where(Y > 10, np.nan, Y)), NonFiniteError, "Input y contains NaN"),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments, error, message):
    """Models that cannot predict, and targets that do not match, raise with what to do."""
    with pytest.raises(error, match=message):
        evaluate(*arguments)


def test_a_module_that_takes_tensors_hears_how_it_is_wrapped():
    """One that takes arrays, or the function that the error names, is evaluated as any model."""
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 1)).eval()
    with pytest.raises(InputTypeError, match=r"the torch module Sequential .* Wrap it in a function"):
        evaluate(module, X, Y)
    wrapped = evaluate(lambda given: module(torch.as_tensor(given, dtype=torch.float32)).detach(), X, Y)
    assert wrapped.assessment.n == 80


def test_what_is_no_past_is_refused():
    """A tuple of columns does not say how far ahead the target lies."""
    with pytest.raises(ConfigurationError, match=r"'past' of evaluate: expected a PastTarget, .* received \(0,\)"):
        evaluate(last_step, X, Y, past=(0,))


def test_intervals_without_an_end_are_not_judged_and_that_is_said():
    """A coverage beyond what the calibration can promise has no width."""
    model = LSTMRegressor(units=(3,), epochs=2, n_members=1, random_state=0).fit(X, Y)
    judged, unjudged = (evaluate(model, X, Y, coverage=coverage) for coverage in (0.7, 0.999))
    assert len(judged.intervals) == 1
    assert unjudged.intervals == ()
    told = "The calibration is too small for intervals of coverage 0.999, which are infinite and not judged."
    assert told in unjudged.notes
    assert told not in judged.notes


def test_contradicting_arguments_are_refused():
    """Targets beside windows, training data of one piece, and a past that the model knows better are refused."""
    windows = make_windows(series(), target="load", length=4, time="hour")
    with pytest.raises(InputError, match="windows that hold their targets, and no y beside them; received a second y"):
        evaluate(lambda inputs: inputs[:, -1, 0], windows, windows.y)
    with pytest.raises(InputTypeError, match=r"train: expected a tuple \(X_train, y_train\), or windows; .* a ndarray"):
        evaluate(last_step, X, Y, train=X)
    model = SimpleNamespace(predict=last_step, baselines_=Baselines.fit(as_sequences(X), Y[:, None]))
    with pytest.raises(ConfigurationError, match="'past' of evaluate: expected None"):
        evaluate(model, X, Y, past=PastTarget((0,), 1))


TABLE = """\
one_more on 4 samples

target y
  MSE     0.7500  mean squared error, in the target's units squared
  RMSE    0.8660  its root, in the target's units
  MAE     0.7500  mean absolute error, in the target's units
  MAPE    19.8 %  mean absolute error, relative to each target
  R²      0.8500  1 is perfect, 0 no better than the mean of these targets
  spread  1.3555  the predictions vary 136 % as much as the targets

  baseline    its RMSE    skill  is the model better?
  mean           2.236   0.8500  better: MSE 85 % lower than the mean's
  last value    0.7071  -0.5000  no better: MSE 50 % higher than the last value's

The baseline seasonal value does not apply: no season is known.
The baseline ridge does not apply: no training data were given.
No training data were given, so the mean is that of the very targets evaluated, which no model
could know.
Pass train=(X_train, y_train) for all baselines."""


def test_the_table_reads_like_this():
    """The printed table of an example that can be worked out on paper is, letter for letter, this one."""

    def one_more(inputs):
        return inputs[:, 0] + 1.0

    y = np.array([2.0, 4.0, 6.0, 8.0])
    inputs = np.column_stack([[0.0, 3.0, 6.0, 8.0], [2.0, 5.0, 6.0, 9.0]])
    assert str(evaluate(one_more, inputs, y, past=PastTarget((0,), 1))) == TABLE


def test_baselines_left_out_for_one_reason_are_told_of_together():
    """Whatever the number of outputs, each reason is given once, below all tables, and in a notebook too."""
    result = evaluate(lambda inputs: inputs[:, -1], X[TEST], X[TEST][:, -1], train=(X[TRAIN], X[TRAIN][:, -1]))
    assert len(result.targets) == 2
    told = f"The baselines {LAST_VALUE} and {SEASONAL_VALUE} do not apply: {NO_PAST}."
    assert " ".join(str(result).split()).count(told) == 1
    assert html.unescape(result._repr_html_()).count(told) == 1


@given(st.text("ab -.", max_size=300), st.text(" -", max_size=4))
def test_paragraphs_keep_their_words_and_fit(text, indent):
    """No line is wider than 96 characters unless a word is, each begins as asked, and no word is lost."""
    lines = paragraph(text, indent, indent).splitlines()
    assert all(line.startswith(indent) for line in lines)
    assert all(len(line) <= 96 or len(line.removeprefix(indent).split()) == 1 for line in lines)
    assert " ".join(line.removeprefix(indent) for line in lines).split() == text.split()


def test_columns_stand_below_each_other():
    """Names begin and numbers end at one place; words follow, and nothing trails."""
    rows = [("a", "1", "", "one"), ("long", "10", "2.5", "")]
    assert columns(rows) == ["a      1       one", "long  10  2.5"]


def test_each_output_has_a_block_and_troubles_are_named():
    """Flat, constant, near-zero and broken outputs are told apart in words, each in its own block."""
    y = np.column_stack([np.arange(4.0), np.arange(4.0) + 10, np.full(4, 5.0), np.arange(4.0)])
    prediction = np.column_stack([np.arange(4.0), np.full(4, 11.5), np.full(4, 5.0), [np.nan, 1.0, np.inf, 0.0]])
    text = str(evaluate(lambda _: prediction, X[:4], y))
    first, second, third, fourth = text.split("target y")[1:]
    assert "MAPE    undefined  because targets are near zero" in first
    assert "no better: the same MSE as the mean's" in second
    assert "spread  0.0000  flat: the predictions vary 0 % as much as the targets" in second
    assert "undefined  because the target is constant" in third
    assert "Predictions that are NaN or infinite: 2." in fourth
    assert "cannot be compared" in fourth
    assert "because" not in fourth


def test_html_holds_the_same_figures_and_escapes_names():
    """The notebook's rendering shows every cell of the text, with names that cannot inject markup."""
    y = pl.Series("<b>load</b>", Y[TEST])
    result = evaluate(last_step, X[TEST], y, train=(X[TRAIN], Y[TRAIN]))
    page = result._repr_html_()
    assert "&lt;b&gt;load&lt;/b&gt;" in page
    assert "<b>" not in page
    (output,) = result.assessment.outputs
    for cell in (number(output.rmse), ratio(output.skills[RIDGE]), verdict(output, MEAN).replace("'", "&#x27;")):
        assert f"<td>{cell}</td>" in page
    assert repr(result) == "<Evaluation of last_step on 30 samples>"


def test_in_a_notebook_it_has_a_style_that_holds_for_itself_alone():
    """One block, whose rules all are for what lies within it; tables scroll where they are too wide."""
    page = evaluate(last_step, X[TEST], Y[TEST], train=(X[TRAIN], Y[TRAIN]))._repr_html_()
    name, style, rest = re.fullmatch(
        r'<div class="([a-z-]+)">\n<style>(.*?)</style>(.*)</div>', page, re.DOTALL
    ).groups()
    selectors = [part.strip() for rule in re.findall(r"([^{}]+)\{", style) for part in rule.split(",")]
    assert all(re.match(rf"div\.{name}( |$)", selector) for selector in selectors)
    assert rest.count("<table>") == rest.count('<div class="table">\n<table>') == 2
    assert "overflow-x: auto" in style


@pytest.mark.parametrize("model", [last_step, lambda inputs: last_step(inputs) * np.nan])
def test_an_evaluation_survives_strict_json(model):
    """What was written as strict JSON reads back as the same text."""
    result = evaluate(model, X[TEST], Y[TEST], train=(X[TRAIN], Y[TRAIN]))
    again = Evaluation.from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert str(again) == str(result)


def test_a_perfect_baseline_cannot_be_beaten():
    """Against a baseline without error the verdict says that its MSE is 0."""
    assessment = assess([1.0, 2.0], [1.0, 2.5], {RIDGE: [1.0, 2.0]}, {})
    assert verdict(assessment.outputs[0], RIDGE) == "no better: ridge's is 0"


def test_a_flat_model_is_called_flat():
    """A model that predicts one number is called flat, and no better than the mean."""
    result = evaluate(DummyRegressor().fit(X[TRAIN], Y[TRAIN]), X[TEST], Y[TEST], train=(X[TRAIN], Y[TRAIN]))
    assert "flat: the predictions vary 0 % as much as the targets" in str(result)
    assert "no better: the same MSE as the mean's" in str(result)


@pytest.mark.parametrize(
    ("skill", "words"),
    [
        (0.25, "better: MSE 25 % lower than ridge's"),
        (0.0661, "better: MSE 6.61 % lower than ridge's"),
        (0.001, "better: MSE 0.1 % lower than ridge's"),
        (0.99999, "better: MSE more than 99.9 % lower than ridge's"),
        (1.0, "better: MSE 100 % lower than ridge's"),
        (0.0009, "no better: the same MSE as ridge's"),
        (-0.0009, "no better: the same MSE as ridge's"),
        (-0.25, "no better: MSE 25 % higher than ridge's"),
        (-1.0, "no better: MSE 2.000 times ridge's"),
        (-9999.0, "no better: MSE 10,000 times ridge's"),
        (-1e17, "no better: MSE 1.000e+17 times ridge's"),
        (float("nan"), "cannot be compared"),
    ],
)
def test_verdicts_say_which_way_and_by_how_much(skill, words):
    """A skill of 0.25 reads as a mean squared error 25 % lower."""
    assert verdict(scores(ridge=skill), "ridge") == words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1.000"),
        (-12.3456, "-12.35"),
        (1234567.8, "1,234,568"),
        (0.000123456, "0.0001235"),
        (1.23456e-12, "1.235e-12"),
        (9.87e30, "9.870e+30"),
        (999.96, "1,000.0"),
        (float("inf"), "infinite"),
        (float("-inf"), "minus infinite"),
        (float("nan"), "undefined"),
    ],
)
def test_numbers_have_four_significant_digits(value, text):
    """Numbers are written with four significant digits, and whole ones are never rounded away."""
    assert number(value) == text


@settings(max_examples=60, deadline=None)
@given(st.floats(1e-300, 1e300))
def test_written_numbers_read_back_to_three_digits(value):
    """Whatever its size, a written number is right to a part in two thousand."""
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=5.1e-4)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (0.123456, "12.3 %"), (0.9996, "more than 99.9 %"), (1.0, "100 %"), (12345.0, "1,234,500 %")],
)
def test_percent_is_100_for_the_whole_alone(share, text):
    """A share just below the whole does not read as the whole."""
    assert percent(share) == text


@pytest.mark.parametrize(
    ("spread", "text"),
    [
        (0.004, "flat: the predictions vary 0.4 % as much as the targets"),
        (0.97, "the predictions vary 97 % as much as the targets"),
        (31.0, "the predictions vary 31.00 times as much as the targets"),
    ],
)
def test_spread_is_said_in_words(spread, text):
    """A spread reads as how much the predictions vary beside the targets."""
    assert spread_in_words(spread) == text


@pytest.fixture
def model():
    """Fit a small model, its intervals calibrated on 30 sequences."""
    model = LSTMRegressor(units=(4,), epochs=2, random_state=0, progress=False)
    return model.fit(X, Y, validation=(X[TEST], Y[TEST]))


@pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")  # two epochs teach nothing
class TestIntervals:
    """Coverage and width stand in the table of a model that has intervals."""

    def test_scores_are_those_of_the_models_intervals(self, model):
        """The share inside and the width are what `predict_interval` gives, at the coverage that is asked for."""
        result = evaluate(model, X, Y, coverage=0.8)
        lower, upper = model.predict_interval(X, 0.8)
        (scores,) = result.intervals
        assert scores.asked == 0.8
        assert scores.coverage == pytest.approx(np.mean((lower <= Y) & (upper >= Y)))
        assert scores.width == pytest.approx(np.mean(upper - lower))
        assert "share of targets inside the intervals for 0.8" in str(result)
        assert "interval score" in result._repr_html_()

    def test_they_come_back_from_json(self, model):
        """A run's metrics keep them; those of before had none."""
        result = evaluate(model, X, Y)
        plain = json.loads(json.dumps(result.to_dict(), allow_nan=False))
        assert str(Evaluation.from_dict(plain)) == str(result)
        del plain["intervals"], plain["by_group"]
        assert Evaluation.from_dict(plain).intervals == Evaluation.from_dict(plain).by_group == ()

    def test_nothing_is_said_where_there_are_none(self, model):
        """Infinite bounds, a model that held nothing out, another's model: no lines, no warning."""
        assert evaluate(model, X, Y, coverage=0.99).intervals == ()
        bare = LSTMRegressor(units=(4,), epochs=1, random_state=0, validation_fraction=0.0).fit(X, Y)
        assert evaluate(bare, X, Y).intervals == ()
        assert "coverage" not in str(evaluate(last_step, X, Y))

    def test_threads_leave_the_filters_of_warnings_as_they_are(self, model, filters_left_alone):
        """Filters belong to the whole process: threads that evaluate at once leave no warning silenced."""
        filters_left_alone(lambda _: evaluate(model, X, Y))

    def test_a_linear_model_is_called_so(self):
        """The notes say that the recurrence adds nothing."""
        linear = LSTMRegressor(units=(4,), epochs=2, random_state=0, progress=False).fit(X, X[:, -1, 0])
        assert linear.linear_
        assert "those of the linear part alone" in " ".join(evaluate(linear, X, X[:, -1, 0]).notes)

    def test_outputs_that_are_linear_are_named(self):
        """Where the recurrence adds to one target only, it is said which the other is."""
        y = np.column_stack([X[:, -1, 0], 10 * X[:, 0, 0]])
        model = LSTMRegressor(units=(4,), epochs=2, n_members=1, random_state=0, progress=False).fit(X, y)
        with torch.no_grad():
            model.predictor_.network.members[0].head.weight[1].fill_(0.1)
        assert model.linear_outputs_ == (True, False)
        assert not model.linear_
        assert "which the linear part alone predicts: y0." in " ".join(evaluate(model, X, y).notes)

    def test_limits_are_told(self):
        """Where predictions are held, it is said of which output, and between what; else nothing is said."""
        X = np.random.default_rng(0).normal(size=(120, 5, 1))
        y = np.column_stack([np.clip(X[:, -1, 0], 0, 1.5), X[:, 0, 0]])
        held, free = (
            LSTMRegressor(units=(4,), epochs=2, random_state=0, progress=False, target_range=given).fit(X, y)
            for given in ("auto", None)
        )
        assert held.target_limits_ == ((0.0, 1.5), (-np.inf, np.inf))
        assert "within the limits of the target: y0 at least 0 and at most 1.5.\n" in f"{evaluate(held, X, y)}\n"
        assert "limits" not in str(evaluate(free, X, y))


def told(result):
    """Give the notes of features that tell the target alone."""
    return [note for note in result.notes if "leave the feature out" in note]


def test_a_feature_that_holds_the_target_is_named():
    """What is known only with the target makes a model look perfect; one that tells most of the target may stand."""
    random = np.random.default_rng(0)
    leaking, near = X.copy(), X.copy()
    leaking[:, -1, 1] = 3 - 7 * Y
    near[:, -1, 1] = Y + 0.05 * Y.std() * random.normal(size=80)
    (note,) = told(evaluate(last_step, leaking[TEST], Y[TEST], train=(leaking[TRAIN], Y[TRAIN])))
    assert note.startswith(
        "The last step of feature 1 alone tells 100.00 % of the variance of y: leave the feature out"
    )
    assert told(evaluate(last_step, near[TEST], Y[TEST], train=(near[TRAIN], Y[TRAIN]))) == []
    assert told(evaluate(last_step, leaking[TEST], Y[TEST])) == []  # nothing is known of what such a model reads


@pytest.mark.parametrize("made", ["from the next row", "by a second thermometer"])
def test_what_tells_no_more_of_a_slow_series_than_its_past_may_stand(made):
    """Of a series that hardly moves nearly all is known beforehand; a column that tells the rest is of later rows."""
    random = np.random.default_rng(1)
    load = np.cumsum(random.normal(size=2000))
    column = np.roll(load, -1) if made == "from the next row" else load + 1e-3 * random.normal(size=2000)
    windows = make_windows(pl.DataFrame({"load": load, made: column})[:-1], target="load", length=4)
    notes = told(evaluate(lambda steps: steps[:, -1, 0], windows, train=windows))
    assert [made in note for note in notes] == ([True] if made == "from the next row" else [])


def test_labels_and_features_with_gaps_tell_nothing_by_themselves():
    """Codes of labels have no order, and a correlation over gaps, or of a constant, is none."""
    x = np.random.default_rng(2).permutation(np.tile(np.arange(20.0), 3))
    codes = [f"c{value:02.0f}" for value in x]
    frame = pl.DataFrame({"x": x, "code": codes, "gap": [None, *x[1:]], "one": np.ones(60)})
    windows = make_windows(frame, target="x", length=1, horizon=0, features=["code", "gap", "one"])
    assert told(evaluate(lambda steps: steps[:, -1, 1], windows, train=windows)) == []
