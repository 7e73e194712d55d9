"""Which instructions are used, and that the choice ends with its context."""

import pytest

from unflat.errors import ConfigurationError
from unflat.network.kernel import available, using
from unflat.network.kernel.choice import chosen


def test_the_fastest_is_chosen_and_torch_where_there_is_none_for_the_processor():
    """Without a choice the first of the instructions is used, but not those that are there for every processor."""
    fastest = available()[:1]
    assert (chosen() is None) == (fastest in {(), ("any",)})


def test_a_choice_lasts_as_long_as_its_context():
    """Other instructions, and none, are chosen inside the context alone, also when it ends in an error."""
    before = chosen()
    for name in (*available(), None):
        with using(name):
            assert (chosen() is None) == (name is None)
        assert chosen() == before


def test_a_choice_ends_with_an_error_too():
    """An error inside the context leaves it, and the choice is what it was."""
    before, number = chosen(), "no number"
    with pytest.raises(ValueError, match=number), using(None):
        float(number)
    assert chosen() == before


def test_instructions_that_are_not_there_are_refused():
    """A name that the processor or the package does not know is an error with the names that there are."""
    with pytest.raises(ConfigurationError, match="instructions"), using("MMX"):
        pass
