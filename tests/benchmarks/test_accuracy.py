"""The accuracy benchmark: measures are what they say, references run where they apply, and results last."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the benchmark is no part of the package

from benchmarks.accuracy import __main__ as program
from benchmarks.accuracy import measures, references, report, storage
from benchmarks.accuracy.problem import BenchmarkSet, Part, Problem, Published, Task
from benchmarks.accuracy.running import FULL, Budget, run_task
from benchmarks.accuracy.sets import SETS, article, cmapss, narma

from unflat import make_windows
from unflat.sequences import PastTarget

TINY = Budget({"epochs": 1, "units": (2,), "n_members": 1}, trees=2)


def test_seasonal_reference_needs_windows_that_reach_back():
    """A season of 6 rows is repeated from windows of 6 rows, also for two targets, and not from windows of 4."""
    hours = np.arange(90)
    frame = pl.DataFrame({"a": np.sin(hours * np.pi / 3) + hours / 90, "b": np.cos(hours * np.pi / 3) + hours / 45})
    past = (PastTarget((0,), 1, 6), PastTarget((1,), 1, 6))
    for length, reaches in ((6, True), (4, False)):
        part = Part(make_windows(frame, target=["a", "b"], length=length, horizon=1))
        problem = Problem(part, {"": part}, measures.mean_squared, past=past)
        found, reasons = references.run_references(problem, 0, trees=1)
        assert ("seasonal value" in found) == reaches
        assert ("seasonal value" in reasons) != reaches


def small_task(**changes):
    """Make a task on a straight line and a little noise that takes no time to fit."""

    def make(_data, seed):
        random = np.random.default_rng(seed)
        X = random.normal(size=(60, 5))
        part = Part(X, 3 * X[:, -1] + 7 + 1e-3 * random.normal(size=60))
        return Problem(part, {"": part}, measures.root_mean_square)

    return Task("small", "a straight line", make, (Published("nobody", {"RMSE": 0.25}, "nowhere"),), **changes)


class TestMeasures:
    """The scores."""

    def test_late_is_worse_than_early(self):
        """The asymmetric score is e - 1 for 13 too early or 10 too late, and nothing for a hit."""
        assert measures.asymmetric_score(np.array([-13.0])) == pytest.approx(math.e - 1)
        assert measures.asymmetric_score(np.array([10.0])) == pytest.approx(math.e - 1)
        assert measures.asymmetric_score(np.array([0.0])) == 0
        assert measures.asymmetric_score(np.array([-13.0, 10.0])) == pytest.approx(2 * (math.e - 1))

    def test_scores_of_two_errors(self):
        """Each measure gives what its name says of the errors 3 and -1."""
        y, prediction = np.array([[1.0], [5.0]]), np.array([[4.0], [4.0]])
        assert measures.mean_absolute(y, prediction) == {"MAE": 2}
        assert measures.mean_squared(y, prediction) == {"MSE": 5}
        assert measures.root_mean_square(y, prediction) == {"RMSE": pytest.approx(5**0.5)}
        assert measures.normalized(y, prediction) == {"NRMSE": pytest.approx(5**0.5 / 2)}
        assert measures.scaled_by(2.0)(y, prediction) == {"MSE": 1.25, "MAE": 1.0}

    def test_engines_are_scored_four_ways(self):
        """Truth and predictions are capped independently of each other."""
        scores = cmapss.measure(np.array([[145.0], [125.0]]), np.array([[135.0], [125.0]]))
        assert scores["RMSE capped"] == pytest.approx(50**0.5)
        assert scores["RMSE uncapped"] == pytest.approx(50**0.5)
        assert scores["RMSE capped, clipped"] == 0
        assert scores["RMSE uncapped, clipped"] == pytest.approx(200**0.5)
        assert scores["Score capped"] == pytest.approx(math.e - 1)


class TestReferences:
    """What every model stands beside."""

    def test_all_that_apply(self):
        """Mean, ridge and trees always run; a reason stands for what does not apply."""
        found, reasons = references.run_references(small_task().make(Path(), 0), 0, trees=5)
        assert set(found) == {"mean", "ridge", "gradient-boosted trees"}
        assert set(reasons) == {"last value", "seasonal value"}
        assert found["ridge"].scores["RMSE"] < 0.01 < found["mean"].scores["RMSE"]
        assert found["gradient-boosted trees"].scores["RMSE"] < found["mean"].scores["RMSE"]

    def test_codes_are_categories_to_the_trees(self):
        """A target that follows a code out of order is learned by one split on the code."""
        frame = pl.DataFrame({"code": list("abcdefgh") * 60})
        target = pl.col("code").is_in(["a", "c", "e", "g"]).cast(pl.Float64)
        windows = make_windows(frame.with_columns(y=target), target="y", features="code", length=1, horizon=0)
        problem = Problem(Part(windows), {"": Part(windows)}, measures.root_mean_square)
        rounds = problem.scores(references.boosted(problem, 0, 1))["RMSE"]
        assert rounds == pytest.approx(0.45, abs=0.01)  # one round of rate 0.1 that splits even from odd at once

    def test_problems_can_be_thinned(self):
        """A quick run has a few hundred sequences of the same kind."""
        problem = article.make(Path(), 0).thinned(10_000)
        assert 625 <= len(problem.train) < 1250
        assert problem.train.X.shape[1] == 16
        assert len(problem.tests["test"]) == 100
        assert len(narma.make(Path(), 0).thinned(30_000).train) == 1000


class TestRunning:
    """From a task to results."""

    def test_results_after_each_seed(self):
        """What is given after a seed holds all seeds so far; references of fixed data run once."""
        results = list(run_task(small_task(), None, range(2), TINY))
        assert [len(result["unflat"]) for result in results] == [1, 2]
        final = json.loads(json.dumps(results[-1], allow_nan=False))
        assert [fit["seed"] for fit in final["unflat"]] == [0, 1]
        assert len(final["references"]["ridge"]) == 1
        assert final["sizes"]["train"] == 60
        assert final["unflat"][0]["epochs"] == 1

    def test_references_of_generated_data_run_for_each_seed(self):
        """Where the seed draws the data, references are fitted on the same data as the model."""
        *_, final = run_task(small_task(generated=True), None, range(2), TINY)
        first, second = final["references"]["mean"]
        assert first["scores"] != second["scores"]

    def test_a_full_run_sets_nothing(self):
        """The estimator comes as it is."""
        assert FULL.estimator == {}
        assert FULL.trees == 100
        assert FULL.values is None

    def test_validation_of_the_protocol_is_used(self):
        """A validation part that the protocol names is what the model is held out on."""
        X = np.random.default_rng(0).normal(size=(40, 4))
        part = Part(X, X[:, -1])
        problem = Problem(part, {"": part}, measures.mean_squared, validation=Part(X[:7], X[:7, -1]))
        *_, final = run_task(Task("held", "", lambda _data, _seed: problem), None, range(1), TINY)
        assert final["sizes"]["validation"] == 7


class TestProgram:
    """The command."""

    @pytest.fixture
    def sets(self, monkeypatch):
        """Three small sets: one that runs, one whose data is absent, one that fails."""

        def fail(_data, _seed):
            raise ValueError("no such number")

        sets = {
            "small": BenchmarkSet("small", (small_task(),)),
            "absent": BenchmarkSet("absent", (small_task(),), folder="absent"),
            "failing": BenchmarkSet("failing", (Task("failing", "", fail), small_task())),
            "other": BenchmarkSet("other", (small_task(),), packages=("no_such_package_here",)),
        }
        monkeypatch.setattr(program, "SETS", sets)
        monkeypatch.setattr(program, "QUICK", TINY)
        return sets

    def test_run_then_report(self, sets, tmp_path, capsys):
        """A run prints a table, stores it, and skips what is absent visibly; the report prints the table again."""
        arguments = ["--quick", "--results", str(tmp_path), "--sets", "small", "absent", "other"]
        assert program.main(arguments) == 0
        printed = capsys.readouterr().out
        assert "SKIPPED absent: it needs --data DIR with a folder absent" in printed
        assert "SKIPPED other: the package no_such_package_here is not installed" in printed
        stored = json.loads((tmp_path / "quick" / "small.json").read_text())["small"]
        assert stored["environment"]["command"] == (
            "python -m benchmarks.accuracy --quick --results DIR --sets small absent other"
        )
        assert program.main(["--report", *arguments]) == 0
        again = capsys.readouterr().out
        assert report.table("small", stored) in printed
        assert report.table("small", stored) in again
        assert "QUICK RUN" in again

    def test_ensembles_are_stored_apart_and_say_so(self, sets, tmp_path, capsys):
        """So many networks are trained, of the tasks named alone, and the table tells; one network is no ensemble."""
        arguments = ["--quick", "--results", str(tmp_path), "--sets", "failing", "--tasks", "small", "--members", "2"]
        assert program.main(arguments) == 0
        printed = capsys.readouterr().out
        assert "2 networks, else defaults" in printed
        assert "FAILED" not in printed
        stored = json.loads((tmp_path / "members-2" / "quick" / "failing.json").read_text())
        assert list(stored) == ["small"]
        with pytest.raises(SystemExit):
            program.main([*arguments[:-1], "0"])

    def test_a_failure_does_not_end_the_run(self, sets, tmp_path, capsys):
        """The task after one that fails still runs, and the exit code tells."""
        assert program.main(["--quick", "--results", str(tmp_path), "--sets", "failing"]) == 1
        printed = capsys.readouterr().out
        assert "FAILED failing" in printed
        assert "ValueError: no such number" in printed
        assert "### small" in printed

    def test_an_absent_folder_is_named(self, sets, tmp_path):
        """Where there is a data folder, the set says which folder it misses in it."""
        assert sets["absent"].missing(tmp_path) == "there is no folder absent in the data folder"
        (tmp_path / "absent").mkdir()
        assert sets["absent"].missing(tmp_path) is None

    def test_names_are_distinct(self):
        """No two tasks share a name, and each set is found by its own."""
        names = [task.name for chosen in SETS.values() for task in chosen.tasks]
        assert len(set(names)) == len(names)
        assert all(name == chosen.name for name, chosen in SETS.items())


class TestStorage:
    """Results on disk."""

    def test_one_task_leaves_the_others(self, tmp_path):
        """Storing a task replaces its own result and nothing else."""
        storage.store(tmp_path, "set", "one", {"value": 1})
        storage.store(tmp_path, "set", "two", {"value": 2})
        path = storage.store(tmp_path, "set", "one", {"value": 3})
        assert storage.read(path) == {"one": {"value": 3}, "two": {"value": 2}}
        assert [found.name for found in tmp_path.iterdir()] == ["set.json"]

    def test_surroundings(self):
        """What a result depends on is stored with it, the package's defaults too."""
        found = storage.surroundings("command")
        assert set(found) >= {"python", "torch", "numpy", "scikit-learn", "unflat", "commit", "processor", "command"}
        assert found["defaults"]["epochs"] == "auto"
        json.dumps(found, allow_nan=False)

    def test_versions_of_packages_that_supply_data(self, monkeypatch):
        """Each that a set takes data from is told of where it is installed, and passed over where it is not."""
        of_sets = {package for one in SETS.values() for package in one.packages} - {
            "pandas"
        }  # which holds frames of theirs
        assert set(storage.DATA_PACKAGES) == of_sets
        monkeypatch.setattr(storage, "DATA_PACKAGES", ("pytest", "no-such-package"))
        found = storage.surroundings("command")
        assert found["pytest"] == pytest.__version__
        assert "no-such-package" not in found

    def test_no_commit_outside_a_repository(self, tmp_path):
        """Where the package is not in a repository, there is no commit."""
        assert storage.commit(tmp_path) is None


class TestReport:
    """Tables."""

    @pytest.mark.parametrize(
        ("values", "text"),
        [
            ([], ""),
            ([0.5], "0.5000"),
            ([1.0, 3.0], "2.000 ± 1.4"),
            ([18365.49], "18365"),
            ([5.3e-5], "5.3e-05"),
            ([0.0], "0"),
        ],
    )
    def test_numbers(self, values, text):
        """Means have four digits, deviations two."""
        assert report.spread(values) == text

    def test_best_first(self):
        """Lines are ordered by the first score, whoever they belong to."""
        *_, result = run_task(small_task(), None, range(1), TINY)
        result |= {"quick": False, "environment": storage.surroundings("command")}
        lines = report.table("small", result).splitlines()
        names = [line.split(" | ")[0].strip("| *") for line in lines if line.startswith("| ")][2:]
        assert names.index("ridge") < names.index("nobody") < names.index("mean")
        assert any(line.startswith("| nobody | 0.25 |  | published: nowhere") for line in lines)
