"""What was asked of the defaults: when a goal counts as reached, by how much, and what counts as no result."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the benchmark is no part of the package

from benchmarks.accuracy import __main__ as program
from benchmarks.accuracy import goals, report, storage
from benchmarks.accuracy.goals import Stored
from benchmarks.accuracy.sets import SETS
from benchmarks.accuracy.skill import skill


def made_up(scores, references=None, *, seeds=5, seconds=10.0, threads=1, coverage=0.9, quick=False):
    """Make what is stored of a task, the same for every seed."""
    fit = {"scores": scores, "fit_seconds": seconds, "intervals": {} if coverage is None else {"coverage": coverage}}
    return {
        "unflat": [{"seed": seed, **fit} for seed in range(seeds)],
        "references": {name: [{"scores": each, "seconds": 1.0}] for name, each in (references or {}).items()},
        "environment": {"threads": threads},
        "quick": quick,
    }


def row(stored, start):
    """Give the cells of the goal whose name begins so."""
    (line,) = [line for line in goals.goals(stored).splitlines() if line.startswith(f"| {start}")]
    return [cell.strip() for cell in line.strip("|").split("|")]


class TestSkill:
    """How the defaults stand to the best simple reference."""

    def test_errors_are_squared_once(self):
        """A third of the error is a ninth of its square; what is a square stays one."""
        rivals = {"mean": {"RMSE": 9.0}, "ridge": {"RMSE": 3.0}, "gradient-boosted trees": {"RMSE": 0.1}}
        assert skill(made_up({"RMSE": 1.0}, rivals)) == (pytest.approx(8 / 9), "ridge", "RMSE")
        assert skill(made_up({"MSE": 4.0}, {"last value": {"MSE": 2.0}})).value == pytest.approx(-1)

    def test_it_is_that_of_what_was_held_out(self):
        """Scores of the training part are passed over."""
        scores = {"training MAE": 1.0, "test MAE": 2.0}
        assert skill(made_up(scores, {"ridge": {"training MAE": 1.0, "test MAE": 4.0}})).value == 0.5

    def test_there_is_none_without_a_reference(self):
        """Nothing is made up."""
        assert skill(made_up({"MSE": 1.0})) is None


class TestGoals:
    """The table."""

    def test_reached_and_missed_by_how_much(self):
        """A bound may be met, and one below a reference must be undercut."""
        stored = Stored({"flood": made_up({"RMSE": 0.0025}), "adding-600": made_up({"MSE": 2e-3})})
        assert row(stored, "flood, RMSE")[-1] == "reached, by 0.0%"
        assert row(stored, "adding-600, MSE")[-1] == "**missed**, by 100.0%"
        ridge = Stored({"etth1-alone-1": made_up({"MSE": 0.0038}, {"ridge": {"MSE": 0.0038}})})
        assert row(ridge, "etth1-alone-1, MSE")[1:] == ["< 0.0038", "ridge", "0.0038 ± 0", "**missed**, by 0.0%"]

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"quick": True}, "a quick run, which does not count"),
            ({"seeds": 3}, "3 of 5 seeds, which does not count"),
        ],
    )
    def test_what_does_not_count_is_never_reached(self, changes, told):
        """However good it is."""
        stored = Stored({"flood": made_up({"RMSE": 0.0}, {"mean": {"RMSE": 1.0}}, **changes)})
        assert row(stored, "flood, RMSE")[-1] == told
        assert row(stored, "coverage at 0.9, flood")[-1] == told
        assert row(stored, "skill")[-1] == "no result"
        assert row(stored, "seconds")[-1] == "no result"

    def test_ensembles_count_where_they_were_asked_for(self):
        """The better of them and the defaults."""
        known = {"cmapss-fd001": made_up({"RMSE capped": 12.6, "RMSE uncapped": 14.0})}
        stored = Stored(known, [{"cmapss-fd001": made_up({"RMSE capped": 11.7, "RMSE uncapped": 13.0})}])
        assert row(stored, "cmapss-fd001, RMSE capped |")[-2:] == ["12.6 ± 0", "reached, by 0.0%"]
        assert row(stored, "cmapss-fd001, RMSE capped, ens")[-2:] == ["11.7 ± 0", "reached, by 0.8%"]

    def test_skill_is_asked_on_every_task(self):
        """One below none misses it, and is named."""
        better = made_up({"MSE": 1.0}, {"mean": {"MSE": 2.0}})
        stored = Stored({"one": better, "two": made_up({"MSE": 2.2}, {"mean": {"MSE": 2.0}})})
        assert row(stored, "skill")[-2:] == ["1 of 2 tasks, the least -0.100 (two)", "**missed**, two by 0.1"]
        assert row(Stored({"one": better}), "skill")[-1] == "reached"

    def test_coverage_lies_between_bounds(self):
        """Too much is missed as too little is; infinite bounds cover nothing."""
        for coverage, told in (
            (0.9, "reached, by 0.020"),
            (0.95, "**missed**, by 0.030"),
            (None, "bounds are infinite"),
        ):
            stored = Stored({"flood": made_up({"RMSE": 1.0}, coverage=coverage)})
            assert row(stored, "coverage at 0.9, flood")[-1] == told

    def test_one_thread_leaves_the_time_on_two_cores_open(self):
        """Where it is enough, two cores are; where it is not, a fit on two cores says so."""
        slow = {"slow": made_up({"MSE": 1.0}, seconds=700)}
        assert row(Stored({"quick": made_up({"MSE": 1.0})}), "seconds")[-1] == "reached"
        assert row(Stored(slow), "seconds")[-1] == "not known on two cores: slow"
        for seconds, told in ((400, "reached"), (650, "**missed**, slow by 50")):
            two = {"slow": made_up({"MSE": 1.0}, seconds=seconds, threads=2, seeds=1)}
            assert row(Stored(slow, two_cores=two), "seconds")[-2:] == [
                f"the longest {seconds} on 2 threads, slow",
                told,
            ]

    def test_random_problems(self):
        """All 500 are asked for, and an error is a failure."""
        problems = [{"number": number, "outputs": []} for number in range(500)]
        reached = ["0 of 500, literally 0 (see its page)", "reached"]
        assert row(Stored({}, problems=problems), "never flat")[-2:] == reached
        problems[3] = {"number": 3, "error": "no such number", "problem": {"signal": 0.5}}
        assert row(Stored({}, problems=problems), "never flat")[-1] == "**missed**, by 1"
        assert "does not count" in row(Stored({}, problems=problems[:40]), "never flat")[-1]

    def test_every_task_is_told_to_be_exchangeable_or_not(self):
        """And goals are set for tasks that there are."""
        names = {task.name for chosen in SETS.values() for task in chosen.tasks}
        assert {goal.task for goal in goals.GOALS} <= names
        for name in names:
            assert (name in goals.EXCHANGEABLE) != any(name.startswith(start) for start in goals.NOT_EXCHANGEABLE)


@pytest.fixture
def whole():
    """Give all that a table is made of."""
    result = made_up({"RMSE": 1.0}, {"ridge": {"RMSE": 2.0}}) | {
        "not applicable": {},
        "sizes": {"train": 9, "steps": 2},
    }
    result["sizes"]["features"] = 1
    for fit in result["unflat"]:
        fit |= {"warnings": [], "epochs": 1, "best_epoch": 1}
    made = ("unflat", "commit", "torch", "processor", "device", "time")
    result["environment"] |= dict.fromkeys(made, "x")
    return result | {"protocol": "one", "published": []}


def test_a_table_tells_of_skill(whole):
    """In a line of its own."""
    assert "- Skill by RMSE against the best simple reference, ridge: 0.7500." in report.notes(whole)


def test_the_time_on_two_cores_stands_beside_the_other(whole):
    """With how many threads it took; that of a quick run is none."""
    two = made_up({"RMSE": 1.0}, seconds=400.0, threads=2, seeds=1)
    assert "| **10 ± 0; 400 on 2 threads** |" in report.table("small", whole, two)
    assert "| **10 ± 0** |" in report.table("small", whole, two | {"quick": True})
    assert "| **10 ± 0** |" in report.table("small", whole)


def test_the_report_reads_results_on_two_cores(tmp_path, capsys, whole):
    """From a folder of their own, for the table and for the goal."""
    whole["unflat"] = [fit | {"fit_seconds": 700.0} for fit in whole["unflat"]]
    storage.store(tmp_path, "flood", "flood", whole)
    program.main(["--report", "--results", str(tmp_path), "--sets", "flood"])
    assert "not known on two cores: flood" in capsys.readouterr().out
    storage.store(tmp_path / "two-cores", "flood", "flood", made_up({"RMSE": 1.0}, seconds=400.0, threads=2, seeds=1))
    program.main(["--report", "--results", str(tmp_path), "--sets", "flood"])
    shown = capsys.readouterr().out
    assert "400 on 2 threads** |" in shown
    assert "the longest 400 on 2 threads, flood | reached |" in shown
