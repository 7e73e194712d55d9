"""A diagnosis as it reads, prints, draws and is stored: the same findings in every form."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from unflat.diagnosis.material.inputs import Losses
from unflat.diagnosis.records import Cause, Cure, Evidence, NotExamined
from unflat.diagnosis.references.signal import Reference, References, Signal
from unflat.diagnosis.shown.result import Diagnosis
from unflat.diagnosis.verdict import Judgement, OutputVerdict
from unflat.metrics import assess

Y = np.linspace(0.0, 1.0, 50)[:, None]
FLAT = 0.4 + 0.01 * Y
CAUSE = Cause(
    "target_scale",
    "The target is so large that a step is nothing beside it: $5 < 6$ & more.",
    (Evidence("reach of the output", 33.0, "above 1402"), Evidence("offset", np.inf, "0")),
    Cure("Standardize the target.", "y = (y - y.mean()) / y.std()\nmodel.fit(X, y)"),
    0.9,
)
OTHER = Cause("input_scale", "Inputs are large.", (), Cure("Standardize the inputs."), 0.5)
SIGNAL = Signal(0.81, 0.8, "ridge", 0.002, "boosted trees")


def output(verdict="flat", spread=0.01, r2=-0.02, **figures):
    """Make what is seen of one output."""
    return OutputVerdict(
        verdict, 0.98, 50, spread, 0.225, r2, figures.pop("attainable", 0.8), figures.pop("signal", True), **figures
    )


def diagnosis(outputs=None, causes=(CAUSE, OTHER), prediction=FLAT, y=Y, *, held_out=True, losses=None):
    """Make a diagnosis of a model with one output or several."""
    k = y.shape[1]
    outputs = (output(),) if outputs is None else outputs
    scores = assess(y, prediction, {"mean": np.full_like(y, 0.5), "last value": np.full_like(y, 0.6)}, {})
    signal = SIGNAL if held_out else replace(SIGNAL, held_out_r2=np.nan)
    learner = Reference("ridge", np.full(k, 0.81), np.full(k, 0.8), np.full(k, 0.001))
    return Diagnosis(
        model="Net<1>", framework="torch", targets=("y",) if k == 1 else tuple(f"y{i}" for i in range(k)),
        judgement=Judgement("held-out" if held_out else "training", outputs), causes=causes, training=scores,
        held_out=scores if held_out else None, references=References(50, (learner,), (signal,) * k, (None,) * k),
        losses=Losses((3.0, 2.0, 1.5), (2.0, 2.5, np.nan)) if losses is None else losses,
        not_examined=(NotExamined("gates", "there are none"),), y=y, prediction=prediction,
    )  # fmt: skip


def words(text):
    """Take a text without its line breaks."""
    return " ".join(str(text).split())


def test_the_verdict_and_its_figures_are_at_hand():
    """Verdict, confidence, spread and R² are those of the part judged."""
    result = diagnosis()
    assert (result.verdict, result.confidence, result.healthy) == ("flat", 0.98, False)
    assert result.spread == (pytest.approx(0.01),)
    assert result.r2 == (result.held_out.outputs[0].r2,)
    alone = diagnosis(held_out=False)
    assert alone.judged is alone.training
    assert repr(result) == "<Diagnosis of Net<1>: flat, target_scale>"


def test_printed_it_says_what_why_and_what_cures_it():
    """Verdict, meaning, figures, then each cause with reason, evidence, cure and code, in that order."""
    text = str(diagnosis())
    expected = [
        "Net<1>: FLAT (98 % sure)", "The predictions hardly vary.", "1 % of the targets'", "90 %", "training",
        "held-out", "to be expected", "spread", "0.0100", "about 0.9000", "R²", "0.8000, by boosted trees",
        "skill against the last value", "1. target_scale (90 % sure)", "The target is so large",
        "- reach of the output: 33 (healthy: above 1402)", "Cure: Standardize the target.",
        "      y = (y - y.mean()) / y.std()\n      model.fit(X, y)", "More: unflat explain target_scale",
        "2. input_scale (50 % sure)", "Not examined", "- gates: there are none",
    ]  # fmt: skip
    place = 0
    for each in expected:
        place = text.find(each, place)
        assert place >= 0, each
    assert max(map(len, text.splitlines())) <= 96


def test_what_others_reach_is_of_the_part_judged():
    """Beside held-out figures stands the best on held-out data; beside training figures alone, that on those."""
    assert "0.8000, by boosted trees" in str(diagnosis())
    assert "0.8100, by ridge" in str(diagnosis(held_out=False))


@pytest.mark.parametrize(
    ("seen", "meaning"),
    [
        (output("healthy", 0.9, 0.8), "follow the targets. On 50 held-out sequences they explain 80 %"),
        (output("healthy", 0.9, 0.8, signal=False), "they explain 80 % of the variance."),
        (output("healthy", 0.9, 0.8, last_value_skill=-0.02), "Repeating the last value errs less, though."),
        (output("healthy", 0.2, -0.01), "not clearly worse than what can be had"),
        (output("flat", 0.01, -4.0, signal=False), "do not even lie at the targets' mean"),
        (output("failing", 0.9, -0.3), "no better than always giving the mean. On 50 held-out sequences R² is -0.3000"),
        (output("failing", 0.9, 0.2), "they explain 20 %; other learners explain 80 %."),
        (output("failing", 0.9, 0.2, signal=False), "fall far short: on 50 held-out sequences they explain 20 %."),
        (output("failing", 0.9, 0.945, attainable=0.996), "they leave 5.5 % unexplained, others 0.4 %."),
        (
            replace(output("flat"), flat_below=0.25),
            "a model as good as other learners would vary as much as the targets.",
        ),
        (output("flat"), "a model as good as other learners would vary 90 % as much as the targets."),
        (output("diverged", np.nan, np.nan, not_finite=7), "On 57 held-out sequences, 7 predictions are not numbers"),
        (output("no_signal", 0.01, 0.0, signal=False), "hardly vary, and rightly so"),
        (output("no_signal", 0.5, -0.1, signal=False), "no better than always giving the mean, and rightly so"),
        (output("no_signal", np.nan, np.nan, signal=False), "all targets are the same number"),
        (output("copies_last", 0.9, 0.9, last_value_skill=-0.01), "repeat the last value of each sequence"),
    ],
)
def test_each_verdict_is_said_in_a_sentence(seen, meaning):
    """What is seen is said in words, with the figures that it rests on."""
    assert meaning in words(diagnosis((seen,), causes=()))


def test_without_a_cause_it_says_so_and_what_to_do():
    """A failing model without a known cause is not left without a word; a healthy one needs none."""
    assert "No cause was found" in str(diagnosis(causes=()))
    assert "let the model predict the change" in words(diagnosis((output("copies_last"),), causes=()))
    assert "No cause" not in str(diagnosis((output("healthy"),), causes=()))


def test_of_many_outputs_the_worst_are_shown():
    """Six outputs are printed at most, the flat one among them, and the others are not forgotten."""
    y = np.tile(Y, (1, 9)) * np.arange(1, 10)
    outputs = (*[output("healthy", 0.9, 0.8)] * 7, output(), output("healthy", 0.9, 0.8))
    text = str(diagnosis(outputs, y=y, prediction=0.9 * y))
    assert "The predictions of y7 hardly vary" in text
    assert "spread of y7" in text
    assert text.count("spread of") == 6
    assert "3 more outputs are in to_dict()." in text


class Checker(HTMLParser):
    """Sees whether all tags are closed, and collects the text."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_in_a_notebook_it_says_the_same():
    """The page is whole, escapes what comes from the model, and holds what the text holds."""
    page = diagnosis()._repr_html_()
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert "Net&lt;1&gt;" in page
    assert "Net<1>: FLAT (98 % sure)" in checker.text
    assert "y = (y - y.mean()) / y.std()" in checker.text
    for item in ("$5 < 6$ & more", "reach of the output", "above 1402", "infinite", "gates: there are none"):
        assert item in checker.text
    assert "No cause was found" in diagnosis(causes=())._repr_html_()


def test_its_style_holds_for_itself_and_takes_the_notebooks_colours():
    """Every rule is for what lies within the one block; text and background are the notebook's, light or dark."""
    page = diagnosis()._repr_html_()
    whole = re.compile(r'<div class="([a-z-]+)">\n<style>(.*?)</style>(.*)</div>', re.DOTALL)
    block, style, rest = whole.fullmatch(page).groups()
    assert "<style" not in rest
    selectors = [part.strip() for rule in re.findall(r"([^{}]+)\{", style) for part in rule.split(",")]
    assert selectors
    assert all(re.match(rf"div\.{block}( |$)", selector) for selector in selectors)
    colours = re.findall(r"(?<![a-z-])(?:color|background|border\S*): ([^;]+)", style)
    assert all(re.search(r"transparent|inherit|^0$|^collapse$|rgba\(128, 128, 128, 0\.\d+\)|px$", it) for it in colours)
    assert "#" not in style


def test_wide_tables_and_code_scroll_within_their_place():
    """On a narrow page nothing is wider than it."""
    page = diagnosis()._repr_html_()
    assert page.count("<table>") == page.count('<div class="table">\n<table>') > 0
    assert len(re.findall(r"(?:\.table|pre) \{[^}]*overflow-x: auto", page)) == 2


def test_stored_it_is_plain_json():
    """Numbers, texts, lists and mappings; nan is null and infinity a text."""
    stored = json.loads(diagnosis().to_json())
    assert stored == diagnosis().to_dict()
    assert (stored["verdict"], stored["confidence"], stored["part"]) == ("flat", 0.98, "held-out")
    assert stored["outputs"][0]["last_value_skill"] is None
    assert stored["causes"][0]["id"] == "target_scale"
    assert Path(stored["causes"][0]["page"]).read_text("utf-8").startswith("# The target is not on a scale")
    assert stored["causes"][0]["evidence"][1]["value"] == "inf"
    assert stored["losses"] == {"training": [3.0, 2.0, 1.5], "validation": [2.0, 2.5, None], "spread": []}
    assert stored["references"]["learners"][0]["r2"] == [0.81]
    assert stored["references"]["signal"][0]["beyond_chance"] is True
    assert stored["held_out"]["outputs"][0]["r2"] == stored["training"]["outputs"][0]["r2"]


def test_drawn_it_shows_predictions_loss_and_evidence(tmp_path):
    """One panel each; the truth lies on a diagonal, and the picture belongs to no window."""
    figure = diagnosis().plot()
    agreement, losses, evidence = figure.axes
    np.testing.assert_allclose(agreement.collections[0].get_offsets(), np.column_stack([Y, FLAT]))
    np.testing.assert_allclose(losses.lines[0].get_ydata(), [3.0, 2.0, 1.5])
    assert "reach of the output" in evidence.texts[0].get_text()
    figure.savefig(tmp_path / "diagnosis.png")
    assert plt.get_fignums() == []


@pytest.mark.parametrize("losses", [Losses(), Losses((np.nan, np.inf))])
def test_what_is_not_known_is_not_drawn(losses, tmp_path):
    """Without losses and causes there is one panel; predictions that are no numbers leave it empty."""
    figure = diagnosis(causes=(), prediction=np.full_like(Y, np.nan), losses=losses).plot()
    assert len(figure.axes) == 1
    figure.savefig(tmp_path / "diagnosis.png")


def test_the_spread_that_a_watch_saw_is_drawn():
    """By epoch, beside the loss."""
    figure = diagnosis(losses=Losses((3.0, 2.0), (), ((1, 0.2), (2, 0.05)))).plot()
    spread = figure.axes[2]
    np.testing.assert_allclose(spread.lines[0].get_xydata(), [[1, 0.2], [2, 0.05]])
    assert "0.0500 at the end" in "".join(text.get_text() for text in figure.findobj(plt.Text))
