"""`unflat explain`."""

from unflat.diagnosis import CAUSE_IDS


def test_the_page_on_a_cause_is_printed(run):
    """What a diagnosis names is explained, in either language."""
    shown = run("explain", "target_scale")
    assert shown.exit_code == 0
    assert "The target is not on a scale of about 1" in shown.stdout
    assert "Adam moves each parameter by about the learning rate" in shown.stdout
    assert "目标不在 1 左右的尺度上" in run("explain", "target_scale", "--language", "zh").stdout


def test_alone_it_lists_the_causes(run):
    """Every cause stands in a line of its own, with what is wrong in a few words."""
    lines = run("explain").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(CAUSE_IDS)
    assert "target_scale                  The target is not on a scale of about 1" in lines


def test_a_cause_that_there_is_not_is_refused(run):
    """A mistyped cause is one plain message."""
    wrong = run("explain", "target_sale")
    assert wrong.exit_code == 2
    assert wrong.stderr.startswith("Error: The parameter 'cause' of unflat explain: expected a cause")
    assert "Did you mean target_scale?" in wrong.stderr
    assert "Run `unflat explain` alone to see them all." in run("explain", "weather").stderr


def test_hyphens_will_do(run):
    """A cause may be written as options are."""
    assert run("explain", "target-scale").stdout == run("explain", "target_scale").stdout
