"""The documentation: its examples run, its links lead somewhere."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import unflat

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*/*.md")]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
EXAMPLES = [
    pytest.param(block, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, block in enumerate(BLOCK.findall(page.read_text("utf-8")), 1)
]
MODULES = ["unflat", *(module.name for module in pkgutil.walk_packages(unflat.__path__, "unflat."))]


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_run(example, tmp_path, monkeypatch):
    """Each Python example of a page runs as it stands, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "example", "exec"), {"__name__": "__main__"})  # noqa: S102 - the documentation's own code


@pytest.mark.parametrize("module", [name for name in MODULES if not name.endswith("__main__")])
def test_docstring_examples_give_what_they_say(module):
    """Each example in a docstring prints what stands below it."""
    failures, _ = doctest.testmod(importlib.import_module(module))
    assert failures == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """Each link and picture of a page that points into the project exists."""
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert missing == []


def test_both_readmes_have_the_same_examples_and_figures():
    """The Chinese README shows the code and the numbers of the English one; only words differ."""
    pages = [(ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh.md")]
    codes = [[re.sub(r" *#.*", "", block) for block in BLOCK.findall(page)] for page in pages]
    assert codes[0] == codes[1]
    rows = [[row for row in page.splitlines() if row.startswith("| ")] for page in pages]
    figures = [[sorted(re.findall(r"\d[\d.,]*\d|\d", row)) for row in of_page] for of_page in rows]
    assert figures[0] == figures[1]
    assert len(figures[0]) == 10


def test_map_of_the_house_is_the_one_that_is_checked():
    """CONTRIBUTING's table has the rows of the import contract, in their order."""
    contract = re.search(r"layers = \[\n(.*?)\]", (ROOT / "pyproject.toml").read_text("utf-8"), re.DOTALL).group(1)
    layers = [set(re.findall(r"\w+", line)) for line in contract.splitlines()]
    table = re.findall(r"^\| \d+ \| (.*?) \|", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)
    assert [set(re.findall(r"`(\w+)`", row)) for row in table] == layers
