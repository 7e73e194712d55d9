import subprocess
import sys
from datetime import date

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from unflat.errors import InputError, InputTypeError, OutputError, ShapeError, TooFewSamplesError
from unflat.estimator import LSTMRegressor
from unflat.figures import (
    agreement_figure,
    course_figure,
    draw_run,
    ordered_figure,
    over_time_figure,
    regression_figure,
    save,
    training_figure,
)
from unflat.figures.experiment import apart
from unflat.figures.powers import logarithmic
from unflat.history import EpochRecord, History
from unflat.recipes import TEST, TRAIN, Result, generate_data
from unflat.runs import Cut, train_run
from unflat.style import TRUE, sheet


def result(way, slope, offset, course=(4.0, 2.0, 1.0)):
    """Predictions that are a straight line of the truth, on the document's data."""
    y, later = (generate_data(*part)[1].astype(float) for part in (TRAIN, TEST))
    return Result(way, y, slope * y + offset, later, slope * later + offset, course, 1.0, (), None)


@pytest.fixture
def results():
    """Give a flat one, a half cured one and a cured one."""
    return [
        result("raw", 0.0, 45.0, (3.8, 3.8, 3.8)),
        result("document", 1.05, 20.0, (200.0, 3.0, 0.02)),
        result("default", 1.0, 0.001, (1e-3, 1e-6, 1e-12)),
    ]


def lines(panel):
    """Give what is drawn as lines, by its name in the legend."""
    return {line.get_label(): np.asarray(line.get_xydata(), dtype=float) for line in panel.get_lines()}


def texts(figure):
    """Give all that is written."""
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")) if text.get_text()]


def test_regression_shows_flat_beside_cured(results):
    """Each panel has the true numbers as a line and the predictions as dots, and its title is the verdict."""
    panels = regression_figure(results).axes
    assert [panel.get_title(loc="left") for panel in panels] == [
        "1  Nothing scaled: flat",
        "2  The document's cure: half cured",
        "3  LSTMRegressor(): cured",
    ]
    for panel, one in zip(panels, results, strict=True):
        x = np.concatenate([one.numbers, one.later_numbers])
        np.testing.assert_array_equal(lines(panel)["true"], np.column_stack([x, x]))
        (dots,) = panel.collections
        np.testing.assert_array_equal(dots.get_offsets(), np.column_stack([x, [*one.fitted, *one.beyond]]))
        assert panel.get_xlabel() == "Number of the sample"
    assert panels[0].get_ylim() == panels[2].get_ylim()


def test_regression_leaves_out_what_was_not_tried(results):
    """Two results make two panels."""
    assert len(regression_figure(results[1:]).axes) == 2


def test_regression_says_what_a_flat_model_answers(results):
    """The panel of a flat model names its one answer, those of others their errors."""
    written = texts(regression_figure(results))
    assert "always about 45, whatever it is given" in written
    assert "off by under 0.01, in the shaded range by under 0.01" in written


def test_course_has_a_line_for_each_training(results):
    """Errors stand over their epochs, from 0 before the first; what is below float32's noise is drawn at its floor."""
    (panel,) = course_figure(results).axes
    assert panel.get_yscale() == "log"
    drawn = [line.get_ydata() for line in panel.get_lines()]
    assert [list(values) for values in drawn[:3]] == [[3.8, 3.8, 3.8], [200.0, 3.0, 0.02], [1e-3, 1e-6, 1e-8]]
    assert list(panel.get_lines()[0].get_xdata()) == [0, 1, 2]
    assert list(drawn[3]) == [1, 1]


@pytest.mark.parametrize(
    ("raw", "title"),
    [(result("raw", 0.0, 45.0), "Nothing is learned while"), (result("raw", 1.0, 0.0), "How the error fell in each")],
)
def test_course_has_a_title_that_the_figures_bear_out(raw, title):
    """The lesson stands over the picture only where it is seen in it."""
    (panel,) = course_figure([raw, result("own", 1.0, 0.0)]).axes
    assert panel.get_title(loc="left").startswith(title)


@given(
    places=st.lists(st.floats(-100, 100), min_size=1, max_size=8),
    gap=st.floats(0.01, 10),
)
@settings(max_examples=100)
def test_labels_are_moved_apart_and_keep_their_order(places, gap):
    """Neighbours end up a gap apart or more, nobody is moved down, and what had room stays."""
    before = np.array(places)
    after = apart(before, gap)
    order = np.argsort(before, kind="stable")
    assert (np.diff(after[order]) >= gap * (1 - 1e-9) - 1e-9).all()
    assert (after >= before - 1e-9).all()
    if (np.diff(before[order]) >= gap).all():
        np.testing.assert_allclose(after, before, atol=1e-9)


def history(*losses, best=2):
    """Make a training with these losses and validation losses."""
    epochs = [EpochRecord(i, loss, held, 1e-3, 1.0, 2.5) for i, (loss, held) in enumerate(losses, start=1)]
    return History(tuple(epochs), "finished", best)


def test_training_shows_both_parts_and_what_was_kept():
    """The losses are lines over the epochs, and a dashed line stands at the epoch whose weights were kept."""
    (panel,) = training_figure(history((0.9, 0.8), (0.5, 0.6), (0.3, 0.7))).axes
    drawn = lines(panel)
    np.testing.assert_array_equal(drawn["training part"], [[1, 0.9], [2, 0.5], [3, 0.3]])
    np.testing.assert_array_equal(drawn["validation part, held out"], [[1, 0.8], [2, 0.6], [3, 0.7]])
    assert drawn["weights kept"][:, 0].tolist() == [2, 2]
    assert panel.get_title(loc="left") == "The weights of epoch 2 were kept"
    assert "epochs trained: 3, in 8 s" in texts(panel.figure)
    assert "network 1 of 5; epochs trained: 0, in 0 s" in texts(training_figure(History(), network="network 1 of 5"))


@pytest.mark.parametrize("held_out", [1.0, 0.1])
def test_the_legend_of_a_training_covers_no_loss(held_out):
    """Where a loss stays where it began, at the top or below, the legend stands elsewhere."""
    figure = training_figure(history(*[(0.3, held_out)] * 40))
    figure.canvas.draw()
    (panel,) = figure.axes
    box = panel.get_legend().get_window_extent()
    for name in ("training part", "validation part, held out"):
        places = panel.transData.transform(lines(panel)[name])
        assert not any(box.contains(*place) for place in places)


def test_training_without_validation_has_one_line():
    """Where nothing was held out there is nothing to show of it."""
    (panel,) = training_figure(history((0.9, None), (0.5, None))).axes
    assert set(lines(panel)) == {"training part", "weights kept"}


def test_training_says_when_no_epoch_was_better():
    """The title does not speak of an epoch 0 that the reader never saw."""
    (panel,) = training_figure(history((0.9, 0.8), best=0)).axes
    assert panel.get_title(loc="left") == "No epoch did better than the initial weights, which were kept"


def test_training_that_was_not_needed_has_a_picture(tmp_path):
    """Without an epoch there is no loss to draw, and that is said."""
    figure = training_figure(History())
    save(figure, tmp_path / "none.png")
    assert "epochs trained: 0, in 0 s" in texts(figure)


@pytest.mark.parametrize("losses", [[(np.nan, np.nan)], [(np.inf, None)], [(0.0, 0.0), (np.nan, np.nan)]])
def test_losses_that_are_no_numbers_are_drawn_all_the_same(losses):
    """A training that diverged in its first epoch has a picture as any other, on an axis that takes it."""
    figure = training_figure(history(*losses, best=0))
    figure.canvas.draw()
    assert figure.axes[0].get_yscale() == "linear"


@pytest.mark.parametrize(
    ("low", "high", "written"),
    [
        (1e-3, 1.0, ["10⁻³", "10⁻²", "10⁻¹", "10⁰"]),
        (2e-3, 4e-3, [f"{digit}\N{MULTIPLICATION SIGN}10⁻³" for digit in (2, 3, 4)]),
        (1e3, 1e4, ["10³", "10⁴"]),
    ],
)
def test_numbers_of_a_logarithmic_axis_are_plain_text(low, high, written):
    """They are matplotlib's own, without its formulas, which are slow to set."""
    figure, panels = sheet((4, 4))
    panel = panels[0, 0]
    panel.plot([0, 1], [low, high])
    logarithmic(panel)
    panel.set_ylim(low, high)
    figure.draw_without_rendering()
    axis = panel.yaxis
    shown = [
        tick.label1.get_text()
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        if low * 0.999 <= tick.get_loc() <= high * 1.001 and tick.label1.get_text()
    ]
    assert sorted(shown) == sorted(written)


@pytest.mark.parametrize(
    ("predicted", "verdict"),
    [
        ([1.0, 2.0, 3.0, 4.0], "load: 100.0% of the variance explained"),
        ([2.5, 2.5, 2.5, 2.6], "load: flat"),
        ([4.0, 3.0, 2.0, 1.0], "load: no better than the mean"),
        ([1.0, float("nan"), 3.0, 4.0], "load: predicted against true"),
    ],
)
def test_agreement_is_titled_by_what_it_shows(predicted, verdict):
    """The title says in words how good the predictions are; the axes have one scale and name the target."""
    (panel,) = agreement_figure([1.0, 2.0, 3.0, 4.0], predicted, name="load").axes
    assert panel.get_title(loc="left") == verdict
    assert panel.get_xlim() == panel.get_ylim()
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("load, true", "load, predicted")
    np.testing.assert_array_equal(panel.collections[0].get_offsets(), np.column_stack([[1, 2, 3, 4], predicted]))


@pytest.mark.parametrize("draw", [agreement_figure, ordered_figure])
def test_predictions_and_truths_are_of_one_output_each(draw):
    """An axis of one output is none; several outputs, or another number of predictions, are refused in words."""
    y = np.arange(9.0)
    assert draw(y, y[:, None]).axes[0].get_title(loc="left") == draw(y, y).axes[0].get_title(loc="left")
    with pytest.raises(ShapeError, match=r"one output.*received shape \(9, 2\)\. Draw one output at a time"):
        draw(y, np.column_stack([y, y]))
    with pytest.raises(ShapeError, match=r"expected 9, one for each true value; received shape \(4,\)"):
        draw(y, y[:4])


def test_there_is_a_time_for_each_target():
    """A part of the times would draw a part of the series, and not say so."""
    with pytest.raises(ShapeError, match=r"The times to draw: expected 9, .* received shape \(5,\)"):
        over_time_figure(np.arange(5), np.arange(9.0), np.arange(9.0))


@pytest.mark.parametrize("draw", [agreement_figure, ordered_figure])
def test_no_values_are_no_picture(draw):
    """There is nothing to see."""
    with pytest.raises(TooFewSamplesError, match="The true values to draw: expected at least 1"):
        draw([], [])


@pytest.mark.parametrize("times", [["1", "2", "3"], [None, "a", 3], [True, False, True]])
def test_times_that_are_neither_dates_nor_numbers_are_refused(times):
    """Text has no distances."""
    with pytest.raises(InputTypeError, match="The times to draw: expected dates or numbers"):
        over_time_figure(times, [1.0, 2.0, 3.0], [1.0, 2.0, 3.0])


def test_dates_of_python_are_times():
    """They are drawn as those of NumPy."""
    days = [date(2020, 1, day) for day in (1, 2, 3)]
    (panel,) = over_time_figure(days, [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]).axes
    (other,) = over_time_figure(np.array(days, dtype="datetime64[D]"), [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]).axes
    assert panel.get_xlim() == other.get_xlim()


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        ([1, 2], ShapeError, "The groups to draw: expected 3, one for each true value"),
        ([np.nan, 1.0, 1.0], InputError, "The groups to draw: .* received 1 missing"),
    ],
)
def test_groups_that_do_not_tell_series_apart_are_refused(groups, error, message):
    """Each true value is of one series."""
    with pytest.raises(error, match=message):
        over_time_figure([1, 2, 3], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], groups=groups)


def test_agreement_of_a_constant_is_drawn():
    """One value, predicted exactly, still has axes with a width."""
    (panel,) = agreement_figure([5.0], [5.0]).axes
    assert panel.get_xlim() == (4.8, 5.2)


def test_many_predictions_are_thinned():
    """Of 50,000 predictions every third is drawn; the figures in words are of all."""
    values = np.linspace(0, 1, 50_000)
    (panel,) = agreement_figure(values, values).axes
    assert len(panel.collections[0].get_offsets()) == 16_667
    assert "off by 0 on average; spread 1.00; 50,000 predictions" in texts(panel.figure)


def test_sequences_without_order_are_sorted_by_their_truth():
    """The true line rises, and each dot stands at its own sequence's place."""
    (panel,) = ordered_figure([3.0, 1.0, 2.0], [30.0, 10.0, 20.0], name="depth").axes
    assert lines(panel)["true"].tolist() == [[1, 1], [2, 2], [3, 3]]
    assert panel.collections[0].get_offsets().tolist() == [[1, 10], [2, 20], [3, 30]]


def test_a_long_series_has_a_close_up():
    """The last 200 of many windows are drawn again, each one marked."""
    times = np.arange(1000)[::-1]
    whole, close = over_time_figure(times, times * 2.0, times * 2.0 + 1, name="load").axes
    assert whole.get_title(loc="left") == "load, all held-out windows"
    assert close.get_title(loc="left") == "load, the last 200 of them"
    assert lines(whole)["true"].tolist() == [[t, 2 * t] for t in range(1000)]
    assert lines(close)["predicted"].tolist() == [[t, 2 * t + 1] for t in range(800, 1000)]


def test_a_short_series_has_one_panel():
    """A close-up of what can be seen anyway would be a repetition."""
    assert len(over_time_figure(np.arange(400), np.arange(400), np.arange(400)).axes) == 1


def test_a_few_of_many_series_are_shown():
    """Four of six series are drawn, in the order of the table, each with its own rows alone."""
    groups = np.repeat(["f", "e", "d", "c", "b", "a"], 3)
    figure = over_time_figure(np.tile([3, 1, 2], 6), np.arange(18.0), np.arange(18.0), name="rul", groups=groups)
    assert [panel.get_title(loc="left") for panel in figure.axes] == [
        "rul, series f (4 of 6 series shown)",
        "rul, series e",
        "rul, series d",
        "rul, series c",
    ]
    assert lines(figure.axes[1])["true"].tolist() == [[1, 4], [2, 5], [3, 3]]


def test_lines_break_where_times_are_missing():
    """No line leads across a gap: a NaN stands in it."""
    times = np.array(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-20", "2024-01-21"], dtype="datetime64[s]")
    (panel,) = over_time_figure(times, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5], time_name="day").axes
    np.testing.assert_array_equal(panel.get_lines()[0].get_ydata(), [1, 2, 3, np.nan, 4, 5])
    assert panel.get_xlabel() == "day"


def test_names_are_written_as_they_are(tmp_path):
    """A dollar sign in a column's name opens no formula, and a name that the font lacks is no failure."""
    figure = over_time_figure([1, 2, 3], [1, 2, 3], [1, 2, 3], name="price $a_b$ 价格", time_name="$t$")
    assert figure.axes[0].get_ylabel() == r"price \$a_b\$ 价格"
    save(figure, tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as picture:
        assert picture.size == (1600, 400)


def test_the_true_line_is_red_where_predictions_are_blue(results):
    """Colours mean the same in every picture, and blend as little as any pair for people with colour blindness."""
    (panel,) = ordered_figure([1.0, 2.0], [1.0, 2.0]).axes
    assert panel.get_lines()[0].get_color() == TRUE
    assert regression_figure(results).axes[0].get_lines()[0].get_color() == TRUE


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF")])
def test_pictures_are_written_by_their_ending(tmp_path, name, start):
    """A picture is of the kind that its name says, and nothing else is left in the folder."""
    save(ordered_figure([1.0, 2.0], [1.0, 2.0]), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_was_never_trained_on_is_named_where_it_lies(results):
    """The words stand within the shaded band, and not beside it, below what was trained on."""
    figure = regression_figure(results)
    figure.draw_without_rendering()
    for panel in figure.axes:
        (words,) = (text for text in panel.texts if text.get_text() == "never seen in training")
        (band,) = panel.patches
        inside, around = words.get_window_extent(), band.get_window_extent()
        assert around.x0 <= inside.x0 < inside.x1 <= around.x1


def test_a_picture_has_the_documents_size(results, tmp_path):
    """16 by 8 inches of 100 dots."""
    save(regression_figure(results), tmp_path / "regression.png")
    with Image.open(tmp_path / "regression.png") as picture:
        assert picture.size == (1600, 800)


def test_a_picture_that_cannot_be_written_is_worded(tmp_path):
    """A folder that is not there is an error with the path in it."""
    with pytest.raises(OutputError, match=r"Writing .*picture\.png: .* No such file or directory"):
        save(ordered_figure([1.0, 2.0], [1.0, 2.0]), tmp_path / "nowhere" / "picture.png")


def test_an_unknown_kind_of_picture_is_refused(tmp_path):
    """A name that does not say a kind that can be drawn is refused, with those that can."""
    with pytest.raises(OutputError, match=r"the ending '\.docx' is unknown. Let the name end in \.png, \.svg or \.pdf"):
        save(ordered_figure([1.0, 2.0], [1.0, 2.0]), tmp_path / "picture.docx")


def test_nothing_global_is_touched(tmp_path):
    """Drawing and saving leave matplotlib's settings alone, and do not load its stateful interface."""
    before = dict(mpl.rcParams)
    save(ordered_figure([1.0, 2.0], [1.0, 2.0]), tmp_path / "picture.png")
    assert dict(mpl.rcParams) == before
    code = "import sys, unflat; unflat.figures.ordered_figure([1, 2], [1, 2]); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603 - our own
    assert "matplotlib.figure" in done.stdout.split()
    assert "matplotlib.pyplot" not in done.stdout.split()


@pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")
def test_a_run_is_drawn_for_each_output(tmp_path):
    """Two targets have two pairs of pictures, and the loss one."""
    steps = np.arange(120)
    rows = [f"{np.sin(step / 3)},{np.cos(step / 3)}" for step in steps]
    (tmp_path / "waves.csv").write_text("\n".join(["a,b", *rows]))
    model = LSTMRegressor(units=(3,), epochs=1, random_state=0, progress=False)
    outcome = train_run(
        tmp_path / "waves.csv", tmp_path / "run", cut=Cut(("a", "b"), 4), model=model, illustrate=draw_run
    )
    assert sorted(path.name for path in outcome.run.figures_path.iterdir()) == [
        "agreement-1.png",
        "agreement-2.png",
        "loss.png",
        "predictions-1.png",
        "predictions-2.png",
    ]
