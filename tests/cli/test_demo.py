"""`unflat demo`."""

import pytest

import unflat


@pytest.fixture(scope="module")
def shown(run, tmp_path_factory):
    """Run the demonstration once; give what came of it, the folder that it made, and the experiment's results."""
    folder, results = tmp_path_factory.mktemp("demo"), []
    run_experiment = unflat.recipes.run_experiment
    with pytest.MonkeyPatch.context() as during:
        during.setattr(
            unflat.recipes, "run_experiment", lambda **given: results.append(run_experiment(**given)) or results[0]
        )
        return run("demo", "--output", folder / "a" / "pictures", "--epochs", "1"), folder, results[0]


def test_demo_prints_a_table_and_draws_two_pictures(shown):
    """Six rows with a verdict each, what they teach, and the pictures; in a terminal's width where there is none."""
    result, folder, _ = shown
    assert result.exit_code == 0, result.output
    for row in ("nothing", "the inputs", "the target", "as the document does", "both, each by its own"):
        assert row in result.stdout
    rows = [line for line in result.stdout.splitlines() if "LSTMRegressor() " in line]
    assert any("cured" in row for row in rows)
    assert "Scaling the inputs alone cures nothing" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100 + len(str(folder)) * 2
    table, _, diagnosis = result.stdout.partition("What `unflat diagnose` says of the flat model")
    assert max(map(len, table.splitlines()[:-2])) <= 100
    assert "LSTMRegressor: FLAT" in diagnosis
    assert diagnosis.index("1. target_scale") < diagnosis.index("2. input_scale")
    assert sorted(path.name for path in (folder / "a" / "pictures").iterdir()) == ["loss.png", "regression.png"]


def test_demo_proves_the_cures_where_that_is_asked_for(run, shown, tmp_path, monkeypatch):
    """The diagnosis at its end is asked for with a proof."""
    monkeypatch.setattr(unflat.recipes, "run_experiment", lambda **_: shown[2])
    asked = []

    def diagnose(*_, **options):
        asked.append(options["prove"])
        return "the diagnosis"

    monkeypatch.setattr(unflat, "diagnose", diagnose)
    result = run("demo", "--output", tmp_path, "--epochs", "1", "--prove")
    assert result.stdout.rstrip().endswith("the diagnosis")
    assert asked == [True]


def test_demo_asks_for_a_place_before_the_work(run, tmp_path):
    """A folder that cannot be made is said at once, not after a minute."""
    (tmp_path / "file").touch()
    result = run("demo", "--output", tmp_path / "file" / "pictures")
    assert result.exit_code == 2
    assert "expected a place that can be written" in result.stderr
