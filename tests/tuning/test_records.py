import json

import pytest

from unflat.tuning import Comparison, Findings, Trial

INFINITE = float("inf")


@pytest.mark.parametrize(
    ("given", "tuned", "wins"),
    [
        ((2.0, 4.0), (1.0, 4.5), True),
        ((2.0, 4.0), (1.0, 5.0), False),
        ((2.0,), (2.5,), False),
        ((INFINITE,), (9.0,), True),
        ((INFINITE,), (INFINITE,), False),
        ((1.0,), (INFINITE,), False),
    ],
)
def test_the_lower_mean_wins_and_the_given_model_a_draw(given, tuned, wins):
    """Losses are compared over all seeds together; what is no number never wins."""
    assert Comparison(given, tuned).tuned_wins is wins


def test_findings_are_plain_json():
    """Everything can be written as JSON, infinite losses as null, and is what it was."""
    trials = (
        Trial(0, {}, "complete", INFINITE, 5, 1.5),
        Trial(1, {"readout": ("last", "max"), "units": 8}, "complete", 0.25, 5, 2.0),
    )
    findings = Findings(trials, 1, Comparison((INFINITE,), (0.5,)), {"units": (4, 8)}, {"units": 1.0})
    document = json.loads(json.dumps(findings.to_dict(), allow_nan=False))
    assert document["chosen"] == 1
    assert document["comparison"] == {"given": [None], "tuned": [0.5]}
    assert document["parameters"] == {"units": [4, 8]}
    assert document["trials"][0]["loss"] is None
    assert document["trials"][1]["point"] == {"readout": ["last", "max"], "units": 8}
    assert findings.seconds == 3.5


def test_the_given_model_is_chosen_where_nothing_is_changed():
    """The best trial is not the chosen one if its parameters are not used."""
    trials = (Trial(0, {}, "complete", 1.0, 1, 1.0), Trial(1, {"units": 8}, "complete", 0.5, 1, 1.0))
    assert Findings(trials, 1, Comparison((1.0,), (2.0,)), {}, {}).chosen == 0
    assert Findings(trials, 1, None, {"units": (4, 8)}, {}).chosen == 1
