"""`unflat export`."""

import numpy as np
import polars as pl
import pytest

import unflat

SMALL = ("--epochs", "1", "--units", "3", "--batch-size", "32")


def test_export_writes_a_file_that_predicts_what_the_run_predicts(run, trained, table, tmp_path):
    """The file takes the run's windows; the output says where it is and how near it comes."""
    result = run("export", trained[0], tmp_path / "load.onnx", "--sample", table, "--unit", "load=kW")
    assert result.exit_code == 0, result.output
    assert f"Wrote {tmp_path / 'load.onnx'}: " in result.stdout
    assert "standard deviations of the target from the model's predictions." in result.stdout
    model, exported = unflat.Run(trained[0]).load(), unflat.OnnxPredictor(tmp_path / "load.onnx")
    windows = unflat.apply_schema(unflat.read_table(table), model.schema_, targets=False)
    np.testing.assert_allclose(exported.predict(windows), model.predict(windows), rtol=1e-5)
    assert exported.metadata["units"] == {"load": "kW"}


def test_a_run_with_known_columns_is_exported_on_the_table_it_learned_from(run, table, tmp_path):
    """The table ends where the columns known in advance do: windows that have them are the sample."""
    folder = tmp_path / "run"
    names = ("--target", "load", "--window", 6, "--group", "pump", "--known", "wind speed")
    assert run("train", table, "-o", folder, *names, *SMALL).exit_code == 0
    result = run("export", folder, tmp_path / "load.onnx", "--sample", table)
    assert result.exit_code == 0, result.output
    assert "Checked on 308 sequences" in result.stdout


def test_a_unit_belongs_to_the_longest_name_that_fits(run, tmp_path):
    """Names and units may hold the sign that stands between them."""
    run_path = tmp_path / "run"
    frame = pl.DataFrame({"load": np.arange(60.0) % 7, "load=x": np.arange(60.0) % 5})
    frame.write_csv(tmp_path / "named.csv")
    run("train", tmp_path / "named.csv", "--target", "load", "--window", 4, "-o", run_path, *SMALL)
    result = run("export", run_path, tmp_path / "m.onnx", "--unit", "load=x=m/s", "--unit", "load=kW=1000 W")
    assert result.exit_code == 0, result.output
    units = unflat.OnnxPredictor(tmp_path / "m.onnx").metadata["units"]
    assert units == {"load=x": "m/s", "load": "kW=1000 W"}


@pytest.mark.parametrize(("options", "message"), [
    (("--opset", "9"), "expected a whole number from 18 to"),
    (("--unit", "kW"), "The parameter 'unit' of unflat export: expected NAME=UNIT"),
    (("--unit", "laod=kW"), "expected units of 'wind speed', 'load'; received"),
    (("--sample", "none.csv"), "none.csv"),
])  # fmt: skip
def test_export_says_what_is_wrong_and_writes_nothing(run, options, message, trained, tmp_path):
    """One message, exit code 2, no file."""
    result = run("export", trained[0], tmp_path / "load.onnx", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_export_looks_at_its_folder_before_the_work(run, trained, tmp_path):
    """A folder that is not there is told before any data are read."""
    result = run("export", trained[0], tmp_path / "none" / "m.onnx", "--sample", tmp_path / "never_read.csv")
    assert result.exit_code == 2
    assert f"the folder {tmp_path / 'none'} is not there. Make it, or choose another folder." in result.stderr


@pytest.mark.parametrize("refused", [
    ("model.unflat", "the ending '.unflat' is unknown. Let the name end in .onnx."),
    ("sample.csv", "the ending '.csv' is unknown"),
    ("model.onnx", "received one of the files that are read. Choose another name."),
    ("sample.onnx", "received one of the files that are read"),
])  # fmt: skip
def test_export_overwrites_nothing_that_it_reads(run, refused, trained, table, tmp_path):
    """Neither the model nor the sample, whatever it is called."""
    output, message = refused
    (tmp_path / output).write_bytes((trained[0] / "model.unflat" if "model" in output else table).read_bytes())
    before = (tmp_path / output).read_bytes()
    model = tmp_path / output if "model" in output else trained[0]
    sample = tmp_path / output if "sample" in output else table
    result = run("export", model, tmp_path / ".." / tmp_path.name / output, "--sample", sample)
    assert result.exit_code == 2
    assert message in result.stderr
    assert (tmp_path / output).read_bytes() == before
