"""The scripts that make the guide's pictures run, and make those that the pages show."""

import doctest
import re
import runpy
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import Image

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "figures"
IMAGES = ROOT / "docs" / "images"
BY_THE_DEMO = {"regression"}


@pytest.fixture(scope="module")
def script():
    """Load the scripts as `python docs/figures` does, and leave no module of theirs behind."""
    before, threads = set(sys.modules), torch.get_num_threads()
    yield runpy.run_path(str(FOLDER))
    torch.set_num_threads(threads)
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == FOLDER:
            del sys.modules[name]


@pytest.fixture(scope="module")
def drawing(script):
    """Give the functions that all pictures share."""
    return sys.modules[script["write"].__module__]


def test_each_picture_of_the_pages_is_made_by_the_scripts(script):
    """The pictures that the scripts make are those in the folder of pictures, but for the demo's."""
    assert set(script["FIGURES"]) == {path.stem for path in IMAGES.iterdir()} - BY_THE_DEMO


def test_each_cause_has_a_picture(script):
    """A picture is named as the page that shows it; four more belong to the guide itself."""
    causes = {path.stem for path in (ROOT / "docs" / "causes").glob("*.md") if not path.name.endswith(".zh.md")}
    assert set(script["FIGURES"]) - causes == {"flat", "path", "reach", "spread"}
    assert causes <= set(script["FIGURES"])


def test_a_picture_is_made_twice_alike_and_small(script, tmp_path, capsys):
    """One command writes the picture that is asked for, the same bytes each time, under 60 KB."""
    for _ in range(2):
        script["main"](["--only", "output_range", "--share", "0.02", "--into", str(tmp_path)])
        (made,) = tmp_path.iterdir()
        made.rename(tmp_path.parent / f"{len(list(tmp_path.parent.glob('*.png')))}.png")
    first, second = (path.read_bytes() for path in sorted(tmp_path.parent.glob("*.png")))
    assert first == second
    assert 5_000 < len(first) < 60_000
    assert re.match(r"output_range +\d+ KB", capsys.readouterr().out)


def test_a_drawing_needs_no_training(script):
    """The path has the five stations in their order, and the number of causes in each."""
    texts = [text.get_text() for text in script["FIGURES"]["path"](1.0).axes[0].texts]
    assert [text for text in texts if text[:1].isdigit() and "causes" not in text] == [
        "1  Data",
        "2  Scale",
        "3  Output",
        "4  Dynamics",
        "5  Fit",
    ]
    pages = (ROOT / "docs" / "why-constant.md").read_text("utf-8")
    linked = set(re.findall(r"\(causes/(\w+)\.md\)", pages))
    assert sum(int(text.split()[0]) for text in texts if "causes" in text) == len(linked)


def test_panels_get_the_same_axes(drawing):
    """A fault and its healthy twin are drawn on axes that hold both."""
    _, left, right = drawing.pair()
    left.plot([0, 1], [0, 1])
    right.plot([5, 6], [-3, -2])
    drawing.alike(left, right)
    assert left.get_xlim() == right.get_xlim()
    assert left.get_ylim() == right.get_ylim()
    assert left.get_xlim()[0] <= 0
    assert left.get_ylim()[0] <= -3
    assert left.get_xlim()[1] >= 6


def test_numbers_are_written_as_people_read_them(drawing):
    """Scores have the decimals that count, powers of ten are raised, and minus is minus."""
    assert doctest.testmod(drawing).failed == 0
    assert drawing.number(-0.0001) == "0.000"
    assert drawing.number(7.44) == "7.4"
    assert drawing.power(1.2e-5) == "10⁻⁵"


def test_scores_of_a_known_fit(drawing):
    """Half the truth has a spread of a half, and an R² of three quarters."""
    y = np.array([-1.0, 0.0, 1.0])
    assert drawing.scores(y, y / 2) == "spread 0.50, R² 0.75"


def test_written_pictures_keep_white_and_change_no_settings(drawing, tmp_path):
    """Fewer colours leave the ground white; matplotlib's own settings are as before."""
    fonts = mpl.rcParams["font.family"]
    figure, panel, _ = drawing.pair()
    drawing.follow(panel, [1.0, 2.0, 3.0], [1.0, 2.0, 2.5], explain=True)
    drawing.write(figure, tmp_path / "one.png")
    assert Image.open(tmp_path / "one.png").convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert mpl.rcParams["font.family"] == fonts
