"""The pages on causes, as they come with the package."""

import re
import tomllib
from pathlib import Path

import pytest

import unflat
from unflat.diagnosis import guide
from unflat.diagnosis.guide import explain, page_of, title_of
from unflat.diagnosis.records import CAUSE_IDS
from unflat.errors import ConfigurationError

ROOT = Path(__file__).parents[2]


def test_a_wheel_has_the_pages_where_they_are_looked_for():
    """The build puts docs/causes into the folder that an installed package reads."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    installed = guide.INSTALLED.relative_to(Path(unflat.__file__).parents[1])
    assert wheel["force-include"] == {"docs/causes": installed.as_posix()}


def test_an_installed_package_reads_its_own_pages(tmp_path, monkeypatch):
    """Where the pages lie beside the module, no checkout is needed."""
    (tmp_path / "overfit.md").write_text("# Learned by heart\n\nMore.\n")
    monkeypatch.setattr(guide, "INSTALLED", tmp_path)
    assert page_of("overfit") == tmp_path / "overfit.md"
    assert title_of("overfit") == "Learned by heart"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("cause", CAUSE_IDS)
def test_pages_name_nothing_that_is_not_there(cause, language):
    """Of links, those into the web stay; the words of others, and what their code says, stay without an address."""
    text = explain(cause, language)
    assert re.findall(r"\]\((?!https://)\S*\.(?:md|png)\S*\)", text) == []
    assert text.startswith(f"# {title_of(cause, language)}\n\n`{cause}` · ")
    page = page_of(cause, language).read_text("utf-8")
    assert re.findall(r"\(https://[^)]*\)", text) == re.findall(r"\(https://[^)]*\)", page)
    assert re.findall(r"```.*?```", text, re.DOTALL) == re.findall(r"```.*?```", page, re.DOTALL)


def test_a_cause_that_there_is_not_is_refused():
    """Who mistypes a cause is told how to see all."""
    with pytest.raises(ConfigurationError, match=r"received 'target_sale'\. Run `unflat explain` alone"):
        explain("target_sale")
