"""The documentation: its examples run, its links lead somewhere, and both languages say the same."""

import ast
import doctest
import importlib
import json
import pkgutil
import re
import statistics
import tomllib
from pathlib import Path

import pytest

import unflat
from unflat.diagnosis.records import CAUSE_IDS

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*/*.md")]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
EXAMPLES = {  # a program that a page and its twin show, comments aside, is one, under the English page's name
    ast.dump(ast.parse(block)): pytest.param(block, id=f"{page.relative_to(ROOT)}-{number}")
    for page in sorted(PAGES, reverse=True)
    for number, block in enumerate(BLOCK.findall(page.read_text("utf-8")), 1)
}
TWINS = [
    pytest.param(page.with_name(page.name.replace(".zh.md", ".md")), page, id=str(page.relative_to(ROOT)))
    for page in PAGES
    if page.name.endswith(".zh.md")
]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
MODULES = ["unflat", *(module.name for module in pkgutil.walk_packages(unflat.__path__, "unflat."))]


@pytest.mark.parametrize("example", EXAMPLES.values())
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_anchors_lead_to_a_heading(page):
    """Each link into a page, this one or another, names a heading of it, as GitHub writes headings in links."""
    links = re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", page.read_text("utf-8"))
    missing = [anchor for target, anchor in links if anchor not in _anchors(page.parent / target if target else page)]
    assert missing == []


@pytest.mark.parametrize(("english", "chinese"), TWINS)
def test_both_languages_show_the_same_code(english, chinese):
    """A Chinese page has the blocks of the English one; only comments differ."""
    codes = [
        [re.sub(r" *#.*", "", block) for block in re.findall(r"```\w*\n(.*?)```", page.read_text("utf-8"), re.DOTALL)]
        for page in (english, chinese)
    ]
    assert codes[0] == codes[1]


@pytest.mark.parametrize(("english", "chinese"), TWINS)
def test_both_languages_name_the_same_figures(english, chinese):
    """Each section, list item and table row of a Chinese page, code included, has the numbers of the English one."""
    number = re.compile(r"\u2212?\d+(?:,\d{3}\b)*(?:\.\d+)?")
    parts = [re.split(r"\n(?=## |- |\| )", page.read_text("utf-8")) for page in (english, chinese)]
    figures = [[sorted(number.findall(part)) for part in of_page] for of_page in parts]
    assert figures[0] == figures[1]


@pytest.mark.parametrize(("english", "chinese"), TWINS)
def test_both_languages_link_to_the_same_pages(english, chinese):
    """Each page names its twin under the title; links of a Chinese page lead to Chinese pages where there are any."""
    pages = [page.read_text("utf-8") for page in (english, chinese)]
    assert f"\n\n[中文]({chinese.name})\n\n" in pages[0]
    assert f"\n\n[English]({english.name})\n\n" in pages[1]
    translated = [_in_chinese(target, english) for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", pages[0])]
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", pages[1].replace(f"({english.name})", f"({chinese.name})", 1))
    assert sorted(targets) == sorted(translated)


def test_every_cause_is_explained_in_both_languages():
    """There is a page for each cause that the diagnosis can name, its Chinese version, and no other."""
    pages = {page.name for page in (ROOT / "docs" / "causes").iterdir()}
    assert pages == {f"{cause}{ending}" for cause in CAUSE_IDS for ending in (".md", ".zh.md")}


def test_every_picture_is_shown_and_described():
    """Each picture of docs/images stands on a page, and wherever a picture stands, a text says what it shows."""
    shown = set()
    for page in PAGES:
        for words, target in re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", page.read_text("utf-8")):
            assert len(words) > 10, f"{page.name}: {target}"
            shown.add((page.parent / target).resolve())
    assert all(picture.is_file() for picture in shown)
    assert shown >= {path.resolve() for path in (ROOT / "docs" / "images").iterdir()}


def test_the_first_page_names_one_figure_to_beat():
    """What the document's network reaches on 3000-3099 is the same in the demonstration and beside our own result."""
    page = (ROOT / "README.md").read_text("utf-8")
    demonstrated = re.search(r"^\| both, each by its own \|(?: [^|]+ \|){3} (\d+) \|", page, re.MULTILINE)
    to_beat = re.search(r"^\| the document's data, raw \| [^|]+ \| (\d+), by its own network", page, re.MULTILINE)
    assert demonstrated[1] == to_beat[1]


def test_intervals_of_rounding_cover_what_was_measured():
    """The page on intervals gives the coverage that the stored results of the document's data have."""
    results = json.loads((ROOT / "benchmarks/accuracy/results/article.json").read_text("utf-8"))["article"]["unflat"]
    covered = [result["intervals"]["coverage"] for result in results]
    said = f"{statistics.mean(covered):.3f} ± {statistics.stdev(covered):.3f} of the training part"
    assert said in (ROOT / "docs/intervals.md").read_text("utf-8")


def test_map_of_the_house_is_the_one_that_is_checked():
    """CONTRIBUTING's table has the rows of the import contract, in their order."""
    assert _map(r"\| \d+ \| (.*?) \|") == _layers(CONTRACTS[0])


def test_map_of_the_folders_is_the_one_that_is_checked():
    """So has the one of their insides; what a row of it has no name for is of the folder above."""
    insides = {contract["containers"][0].partition(".")[2]: _layers(contract) for contract in CONTRACTS[1:]}
    folders = [name for (name,) in _map(r"\| (`\w+`) \|")]
    assert sorted(folders) == sorted(insides)
    assert _map(r"\|(?: `\w+`)? \| (`.*?) \|") == [layer for folder in folders for layer in insides[folder]]


def _map(row):
    rows = re.findall(f"^{row}", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)
    return [set(re.findall(r"`(\w+)`", names)) for names in rows]


def _layers(contract):
    return [set(re.findall(r"\w+", layer)) for layer in contract["layers"]]


def _anchors(page):
    headings = re.findall(r"^#+ (.*)", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _in_chinese(target, page):
    chinese = re.sub(r"\.md$", ".zh.md", target)
    return chinese if "://" not in target and (page.parent / chinese).exists() else target
