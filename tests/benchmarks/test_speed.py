"""The benchmark of speed: contenders that fail are reported, ratios are paired, limits and exponents are right."""

import json
import math
import os
import re
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the benchmark is no part of the package

from benchmarks.speed import __main__ as command
from benchmarks.speed import child, floor, peers, plan, plots, report, running, summary
from benchmarks.speed.child import Contender
from benchmarks.speed.contenders import common
from benchmarks.speed.summary import Limit, Records

from unflat import recipes

PAGE = Path(command.__file__).with_name("README.md")


def python(*code, name="a contender", **environment):
    """Make a contender that runs lines of Python."""
    return Contender(name, (sys.executable, "-c", "\n".join(code)), environment)


def turn(row, contender, number, **measured):
    """Make a record."""
    return {"row": row, "contender": contender, "round": number, **measured}


@pytest.fixture
def everything():
    """Make a run in which everything was measured once, and every limit is met."""
    peer_names = summary.PEERS
    recipes = {name: {"seconds": 30.0, "epoch": 0.5, "MAE": 4.0, "MAE beyond": 90.0} for name in peer_names}
    recipes |= {
        plan.OURS: {"seconds": 2.0, "MAE": 1.0, "MAE beyond": 1.0},
        summary.RECIPE: {"seconds": 6.0, "epoch": 0.25, "MAE": 4.0, "MAE beyond": 90.0},
        plan.FLOOR: {"seconds": 3.0, "step": 0.125 * 128 / 2804, "gigaflops": 100.0},
    }
    one = {"p50": 0.1, "p95": 0.2}
    predictions = {name: {"one": one, "many": 0.5} for name in peer_names}
    ours = {"one": {"p50": 5e-5, "p95": 6e-5}, "many": 0.25, "step": {"p50": 2e-5}}
    predictions |= {summary.MODEL: {**ours, "one": {"p50": 4e-4, "p95": 5e-4}}, summary.EXPORTED: ours}
    table = 32 * 10**7
    windows = {
        plan.OURS: {"epoch": 100 + 1.25 * table},
        "NumPy, every window copied": {"error": "exit code 1: MemoryError: copies take 28.6 GiB, 20 are free"},
        plan.alone(plan.OURS): {"epoch": 100},
    }
    starts = {plan.BARE: {"seconds": 0.02}, "import unflat": {"seconds": 0.05}, "unflat --help": {"seconds": 0.1}}
    growth = {along: {"sizes": [1, 2, 4, 8], "epochs": [1.0, 1.5, 2.0, 4.0]} for along in ("n", "T", "F", "units")}
    step = {"layers / floor": 1.0, "network / floor": 2.0, "loop / floor": 2.1, "loop / network": 1.05}
    measured = {
        "start": starts,
        "recipe": recipes,
        "predictions": predictions,
        "step": {"a step and its parts": step},
        "windows over 10,000,000 rows": windows,
        "growth": growth,
    }
    used = {"seconds": 1.0, "processor": 1.0, "peak": 2**20 * 300, "seconds to cut": 0.5, "seconds of the epoch": 2.0}
    return [
        turn(row, name, 0, **(figures if "error" in figures else used | figures))
        for row, contenders in measured.items()
        for name, figures in contenders.items()
    ]


def test_a_process_is_timed_and_weighed(tmp_path):
    """Its wall time, its peak of memory and the last line that it printed come back; it works in the folder given."""
    size = 200_000_000
    lines = ("import json, os, time", f"held = bytes({size})", "time.sleep(0.2)", "print('talk')")
    told = child.run(python(*lines, "print(json.dumps({'in': os.getcwd(), 'held': len(held)}))"), tmp_path, 60)
    assert told["in"] == str(tmp_path.resolve())
    assert told["held"] == size
    assert told["seconds"] > 0.2
    assert told["peak"] < 10 * size
    bare = child.run(python("pass"), tmp_path, 60)
    assert bare.keys() == {"seconds", "processor", "peak"}


def test_variables_are_added_and_taken_away(tmp_path, monkeypatch):
    """A contender's own variables hold; those that it takes away, and those that none gets, are gone."""
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    asked = "print(json.dumps({n: os.environ.get(n) for n in ('OPENBLAS_CORETYPE', 'PYTHONDONTWRITEBYTECODE', 'OWN')}))"
    told = child.run(python("import json, os", asked, OPENBLAS_CORETYPE=None, OWN="1"), tmp_path, 60)
    assert (told["OPENBLAS_CORETYPE"], told["PYTHONDONTWRITEBYTECODE"], told["OWN"]) == (None, None, "1")


@pytest.mark.parametrize(
    ("lines", "limit", "words"),
    [
        (["raise MemoryError('no room')"], 60, "exit code 1: MemoryError: no room"),
        ([f"open({os.sep + 'absent' + os.sep + 'file'!r})"], 60, "exit code 1: .*No such file or directory: …"),
        (["import os", "os._exit(3)"], 60, "exit code 3$"),
        (["import time", "time.sleep(60)"], 0.5, "took longer than 0.5 seconds"),
    ],
)
def test_a_contender_that_fails_is_reported(tmp_path, lines, limit, words):
    """An error, an end without words and one that takes too long become words without a path; nothing is raised."""
    told = child.run(python(*lines), tmp_path, limit)
    assert told.keys() == {"error"}
    assert re.match(words, told["error"])


def test_a_command_that_is_not_there_is_reported(tmp_path):
    """A Python that does not exist is one contender's error, not the run's."""
    told = child.run(Contender("absent", (str(tmp_path / "python"), "-c", "pass")), tmp_path, 60)
    assert told == {"error": "cannot be started: No such file or directory"}


def test_processes_that_a_late_contender_started_end_with_it(tmp_path):
    """What it started is ended too, and cannot disturb those that come after it."""
    sleeper = "import time; time.sleep(1.5); open('woken', 'w').close()"
    lines = ("import subprocess, sys, time", f"subprocess.Popen([sys.executable, '-c', {sleeper!r}])", "time.sleep(60)")
    assert "error" in child.run(python(*lines), tmp_path, 0.6)
    time.sleep(1.5)
    assert not (tmp_path / "woken").exists()


def test_each_contender_goes_first_once():
    """Over as many rounds as there are contenders each is first once, and none is left out."""
    contenders = [python("pass", name=name) for name in "abc"]
    orders = ["".join(one.name for one in running.order_of(contenders, number)) for number in range(4)]
    assert orders == ["abc", "bca", "cab", "abc"]


def test_without_their_environment_peers_are_shown_as_left_out(tmp_path, capsys):
    """Each peer has a record that says so, in every row; those that need no environment are measured."""
    records = running.measure(plan.QUICK, None, ["start"])
    absent = {record["contender"] for record in records if record.get("error") == running.LEFT_OUT}
    assert absent == {f"import {name}" for name in ("torch", "skorch", "lightning")} | {
        f"import keras, {backend}" for backend in plan.KERAS.values()
    }
    assert {record["contender"] for record in records} - absent == {plan.BARE, "import unflat", "unflat --help"}
    assert all("seconds" in record for record in records if record["contender"] not in absent)
    assert "import unflat" in capsys.readouterr().err
    for row in plan.rows_of(plan.QUICK, None, tmp_path).values():
        assert any(contender.command for contender in row.contenders)


def test_scripts_of_all_contenders_exist(tmp_path):
    """What the plan names is there: the package's Python runs the package's scripts, the peers' Python the others."""
    theirs = tmp_path / "python"
    for row in plan.rows_of(plan.Sizes(), theirs, tmp_path).values():
        for contender in row.contenders:
            program, *arguments = contender.command
            assert program in {sys.executable, str(theirs)}
            if not arguments[0].startswith("-"):
                assert Path(arguments[0]).is_file()
                assert (program == sys.executable) == (Path(arguments[0]).stem in {
                    "with_unflat", "with_onnx", "growth", "floor", "step"
                } or Path(arguments[0]).parent.name == "memory")  # fmt: skip


def test_only_the_floor_does_without_a_choice_of_openblas(tmp_path):
    """The variable that slows NumPy's products is taken away from the floor's process, and from no other."""
    rows = plan.rows_of(plan.Sizes(), tmp_path / "python", tmp_path).values()
    without = {one.name for row in rows for one in row.contenders if "OPENBLAS_CORETYPE" in one.environment}
    assert without == {plan.FLOOR}


def test_ratios_are_of_one_round_each():
    """A slow round slows both, and leaves the median of the ratios alone; rounds that one has not count for neither."""
    records = Records(
        [
            *(turn("recipe", "a", number, seconds=value) for number, value in enumerate([2.0, 20.0, 4.0])),
            *(turn("recipe", "b", number, seconds=value) for number, value in enumerate([1.0, 10.0])),
            turn("recipe", "b", 2, error="broken"),
        ]
    )
    assert records.ratio("recipe", "a", "b", summary.seconds) == 2.0
    assert records.median("recipe", "a", summary.seconds) == 4.0
    assert records.error("recipe", "b") is None
    assert math.isnan(records.ratio("recipe", "a", "c", summary.seconds))
    assert math.isnan(records.median("recipe", "a", summary.epoch))


def test_the_fastest_is_chosen_among_those_that_were_measured():
    """A contender that failed is never the fastest."""
    records = Records([turn("recipe", "a", 0, error="broken"), turn("recipe", "b", 0, epoch=3.0)])
    assert records.fastest("recipe", ("a", "b"), summary.epoch) == "b"
    assert records.error("recipe", "a") == "broken"


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_is_that_of_a_power(power):
    """Of a pure power it is exact; what comes before the upper half does not count."""
    sizes = [2.0**number for number in range(8)]
    times = [3 * size**power for size in sizes]
    assert summary.exponent(sizes, times) == pytest.approx(power)
    assert summary.exponent(sizes, [50.0] * 4 + times[4:]) == pytest.approx(power)


def test_operations_of_the_floor_are_those_of_the_products():
    """The count agrees with the sizes of the products that are done, for each way of doing them."""
    recipe = floor.Recipe("small", 3, 4, 2, (5, 7))
    for name, work in floor.floors(recipe).items():
        assert name.startswith("products")
        counted = 0
        for product, inner in zip(work(), _inner(recipe, name), strict=True):
            counted += 2 * math.prod(product.shape) * inner
        assert counted == floor.flops(recipe)


def _inner(recipe, name):
    """Give the length of the sums of each product, in order."""
    rows, times = recipe.batch * recipe.steps, recipe.steps if "step by step" in name else 1
    once, recurrent, width = [], [], recipe.features
    for depth, units in enumerate(recipe.units):
        once = [width, rows, rows, *([4 * units] if depth else [])]
        recurrent += [*once, *[units, 4 * units] * times]
        width = units
    return recurrent


def test_the_recipe_is_the_documents():
    """The contenders' common recipe, and the floor's, are what this package's recipe holds."""
    article = recipes.article()
    assert (
        article.batch_size, article.learning_rate, article.epsilon
    ) == (common.BATCH, common.RATE, common.EPSILON)  # fmt: skip
    assert (article.dropout, article.units) == (common.DROPOUT, common.UNITS)
    assert (floor.DOCUMENT.batch, floor.DOCUMENT.units) == (common.BATCH, common.UNITS)
    X, y = recipes.generate_data(1, summary.SEQUENCES)
    data = common.document()
    assert (data.X == X).all()
    assert (data.y == y).all()
    assert data.inputs(X).std() == pytest.approx(1)
    assert data.original(data.target()) == pytest.approx(y, abs=1e-3)


@pytest.mark.parametrize(
    ("limit", "met"),
    [
        (Limit("a", 1.0, 1.0), True),
        (Limit("a", 1.1, 1.0), False),
        (Limit("a", 8.0, 8.0, 12, least=True), True),
        (Limit("a", 7.9, 8.0, least=True), False),
        (Limit("a", math.nan, 8.0), None),
    ],
)
def test_limits_are_met_passed_or_not_measured(limit, met):
    """At the bound a limit is met; what was not measured is neither met nor passed."""
    assert limit.met is met


def test_a_whole_run_needs_every_limit():
    """The exit code is 1 for a limit that is passed, and, of a whole run, for one that was not measured."""
    met, passed, absent = Limit("a", 1, 2), Limit("b", 3, 2), Limit("c", math.nan, 2)
    assert command.verdict([met], whole=True) == 0
    assert command.verdict([met, passed], whole=False) == 1
    assert command.verdict([met, absent], whole=False) == 0
    assert command.verdict([met, absent], whole=True) == 1


def test_limits_are_computed_from_the_records(everything):
    """Each figure of a run whose figures are known is what it should be, and all limits are met."""
    found = summary.limits(Records(everything))
    figures = {limit.what: limit.value for limit in found}
    assert figures == pytest.approx(
        {
            "whole process, times faster than Keras on TensorFlow": 15,
            "its MAE over that of Keras on TensorFlow": 0.25,
            "an epoch of the same recipe over the fastest peer's": 0.5,
            "the same over the floor": 2,
            "the loop over the bare network": 1.05,
            "one sequence, exported, µs": 50,
            "the same, times faster than Keras on TensorFlow": 2000,
            "the same, times faster than Keras on JAX": 2000,
            "one sequence, model.predict, µs": 400,
            "one step of a stream, µs": 20,
            "10,000 sequences over the fastest peer's": 0.5,
            "windows over 10,000,000 rows, peak of memory in tables": 1.25,
            "unflat --help, ms": 100,
            "import unflat, ms": 50,
            "exponent of time in n": 1,
            "exponent of time in T": 1,
        }
    )
    assert all(limit.met for limit in found)


def run_of(records):
    """Make what is stored."""
    about = {
        "processor": "a processor",
        "cores": 2,
        "python": "3.11",
        "torch": "2.13",
        "unflat": "0.1",
        "commit": "abc",
    }
    environment = {**about, "command": "python -m benchmarks.speed", "load before": [0.1, 0.2, 0.3]}
    return {"environment": {**environment, "peers": {"keras": "3.15.1"}}, "runs": records}


def test_the_report_names_every_contender_and_why_one_has_no_figures(everything):
    """Each row has its table with as many cells as its head, and the words of an error stand where figures would be."""
    text = report.report(run_of(everything))
    for record in everything:
        if record["contender"] != plan.FLOOR and not record["contender"].endswith("alone"):
            assert f"| {record['contender']} |" in text
    assert "MemoryError: copies take 28.6 GiB" in text
    for table in text.split("\n\n"):
        assert len({line.count("|") for line in table.splitlines() if line.startswith("|")}) < 2
    assert "| whole process, times faster than Keras on TensorFlow | 15.0 | ≥ 8 | 12 | yes |" in text


def test_a_report_takes_the_place_of_the_last():
    """What stands around the tables stays as it is."""
    page = f"before\n\n{report.BEGIN}\n\nold\n\n{report.END}\n\nafter\n"
    assert report.placed(page, "new") == page.replace("old", "new")


def test_the_page_shows_what_is_stored():
    """README.md has the tables of the stored run, letter by letter."""
    if not command.OUTPUT.exists():
        pytest.skip("no run is stored")
    run = json.loads(command.OUTPUT.read_text("utf-8"))
    assert report.placed(PAGE.read_text("utf-8"), report.report(run)) == PAGE.read_text("utf-8")


def test_growth_is_drawn(everything, tmp_path):
    """There is a picture of each range, with the fitted exponent in its title."""
    paths = plots.draw(summary.growths(Records(everything)), tmp_path)
    assert [path.name for path in paths] == [f"growth-{along}.png" for along in ("n", "T", "F", "units")]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


def test_paths_do_not_reach_the_stored_command():
    """Folders of the machine are replaced by words; what says that peers were left out stays."""
    given = ["--peers", "/home/me/python", "--output", "/home/me/x.json", "--rounds", "2"]
    assert command.command_line(given) == "python -m benchmarks.speed --peers PYTHON --output FILE --rounds 2"
    assert command.command_line(["--peers", "none"]) == "python -m benchmarks.speed --peers none"


@pytest.mark.parametrize("arguments", [["--rounds", "0"], ["--rows", "10"]])
def test_sizes_that_make_no_sense_are_refused(arguments, capsys):
    """No round, and fewer rows than a few windows, end with a message."""
    with pytest.raises(SystemExit, match="2"):
        command.parse(arguments)
    assert "must be at least 1" in capsys.readouterr().err


def test_an_environment_that_is_there_is_taken(tmp_path, monkeypatch):
    """It is made once from a list; the same list makes it no second time, another one does."""
    done = []
    monkeypatch.setattr(peers, "_do", done.append)
    first, again = peers.build(tmp_path), peers.build(tmp_path)
    assert first == again
    assert len(done) == 2
    assert str(peers.REQUIREMENTS) in done[1]
    (tmp_path / peers.STAMP).write_text("another list", "utf-8")
    peers.build(tmp_path)
    assert len(done) == 4


def test_the_command_measures_stores_and_reports(tmp_path, capsys):
    """The shortest run of rows that need no peer: stored with what it depends on, and shown; no page is touched."""
    page, output = PAGE.read_text("utf-8"), tmp_path / "speed.json"
    given = ["--quick", "--peers", "none", "--only", "start", "--output", str(output)]
    assert command.main(given) == 0
    stored = json.loads(output.read_text("utf-8"))
    assert stored["environment"]["command"].endswith("--output FILE")
    assert stored["environment"]["peers"] == {}
    assert str(tmp_path) not in output.read_text("utf-8")
    shown = capsys.readouterr().out
    assert "| import unflat |" in shown
    assert running.LEFT_OUT in shown
    assert page == PAGE.read_text("utf-8")


def test_rows_that_are_measured_anew_take_the_place_of_the_old(tmp_path):
    """In a file that is there, other rows stay as they were; it is said of which run the new ones are."""
    output = tmp_path / "speed.json"
    first, later = run_of([])["environment"] | {"commit": "aaa"}, run_of([])["environment"] | {"commit": "bbb"}
    command.store(output, first, [turn("start", "unflat", 0, seconds=1.0), turn("step", "unflat", 0)], anew=False)
    command.store(output, later, [turn("start", "unflat", 0, seconds=2.0)], anew=True)
    stored = json.loads(output.read_text("utf-8"))
    assert {record["row"]: record.get("seconds") for record in stored["runs"]} == {"step": None, "start": 2.0}
    assert (stored["environment"]["commit"], stored["anew"]["start"]["commit"]) == ("aaa", "bbb")
    assert "Measured anew: start, at commit bbb" in report.report(stored)
    command.store(output, later, [turn("start", "unflat", 0)], anew=False)
    assert json.loads(output.read_text("utf-8")).keys() == {"environment", "runs"}
