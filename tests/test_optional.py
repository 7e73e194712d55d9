"""Imports of optional parts: there, missing, or broken."""

from __future__ import annotations

import json
import json.decoder

import pytest

from unflat._optional import require
from unflat.errors import MissingExtraError

INSTALL = r"python -m pip install 'unflat\[onnx\]'"


def test_a_module_that_is_there_is_imported():
    """An installed module comes back, by its dotted name too."""
    assert require("json", extra="onnx") is json
    assert require("json.decoder", extra="onnx") is json.decoder


@pytest.mark.parametrize(
    "module", ["surely_not_installed", "surely_not_installed.inner.part", "json.surely_not_there", "json.decoder.inner"]
)
def test_a_missing_module_is_answered_with_the_command_that_installs_it(module):
    """A module that is not there, or whose package is not, raises with the extra to install."""
    with pytest.raises(MissingExtraError, match=INSTALL) as raised:
        require(module, extra="onnx")
    assert (raised.value.module, raised.value.extra) == (module, "onnx")
    assert isinstance(raised.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("import surely_not_installed", ModuleNotFoundError, "No module named 'surely_not_installed'"),
        ("import broken_part_of_a_test_and_more", ModuleNotFoundError, "broken_part_of_a_test_and_more"),
        ("raise ModuleNotFoundError('no name')", ModuleNotFoundError, "no name"),
        ("from json import surely_not_there", ImportError, "cannot import name"),
        ("raise OSError('libcudart.so is missing')", OSError, "libcudart"),
    ],
)
def test_a_module_that_is_there_but_broken_says_so_itself(tmp_path, monkeypatch, source, error, message):
    """What fails inside an installed module is not mistaken for its absence."""
    (tmp_path / "broken_part_of_a_test.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(error, match=message) as raised:
        require("broken_part_of_a_test", extra="onnx")
    assert not isinstance(raised.value, MissingExtraError)
