import pytest

from unflat.errors import ConfigurationError
from unflat.tuning import Choice, Space, Span, changed_space


def test_words_narrow_widen_and_leave_out():
    """A range keeps its kind, a list is a choice of values of the parameter's kind, and off is off."""
    words = ["units=8:64", "layers=1", "dropout=off", "readout=last, last+mean", "cell=lstm,gru", "skip=true,false"]
    space = changed_space(Space(), words)
    assert space.units == Span(8, 64, log=True, whole=True)
    assert space.layers == Choice((1,))
    assert space.dropout is None
    assert space.readout == Choice((("last",), ("last", "mean")))
    assert space.cell == Choice(("lstm", "gru"))
    assert space.skip == Choice((True, False))
    assert space.learning_rate == Space().learning_rate


def test_a_range_after_a_choice_has_the_usual_kind():
    """What was a choice or left out becomes a range of the kind that the default one has."""
    assert changed_space(Space(units=Choice((8,)), dropout=None), ["units=4:8", "dropout=0:0.1"]) == Space(
        units=Span(4, 8, log=True, whole=True), dropout=Span(0, 0.1)
    )


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("units", "NAME=LOW:HIGH, NAME=A,B or NAME=off, of layers, units"),
        ("unit=3", "NAME=LOW:HIGH"),
        ("units=", "NAME=LOW:HIGH"),
        ("units=a:b", "'units' of Space: expected numbers, such as 8:64 or 8,64; received 'a:b'"),
        ("units=1:2:3", "expected numbers.*; received '1:2:3'"),
        ("skip=maybe", "'skip' of Space: expected true, false or true,false; received 'maybe'"),
        ("readout=last:mean", "names of read-outs, such as last,last.mean; received 'last:mean'"),
        ("cell=0:1", "'cell' of Space: expected values separated by commas; it has no range; received '0:1'"),
        ("layers=1,1", r"one or more different values; received \(1, 1\)"),
        ("units=0:8", "a number above 0, for a logarithmic scale; received 0"),
        ("units=1.5:8", "a whole number; received 1.5"),
        ("dropout=0.1:1.5", r"a number in \[0, 1\); received 1.5"),
    ],
)
def test_words_that_cannot_be_read_are_refused(word, message):
    """The message says what such a word looks like, or which value cannot be."""
    with pytest.raises(ConfigurationError, match=message):
        changed_space(Space(), [word])
