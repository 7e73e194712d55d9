import numpy as np
import pytest
from sklearn.utils import check_random_state

from unflat.errors import ConfigurationError
from unflat.randomness import generator_of, random_state_of, seed_of

EACH = [random_state_of, generator_of, seed_of]


@pytest.mark.parametrize("seed", [0, 7, np.int64(12), 2**32 - 1])
def test_a_seed_draws_what_others_draw(seed):
    """Whole numbers give the same draws as scikit-learn's own function and NumPy's."""
    np.testing.assert_array_equal(
        random_state_of(seed).randint(99, size=9), check_random_state(seed).randint(99, size=9)
    )
    np.testing.assert_array_equal(generator_of(seed).random(9), np.random.default_rng(seed).random(9))
    assert seed_of(seed) == seed


def test_a_given_source_is_drawn_from():
    """A source of the kind that is needed is the very one that is used."""
    state, generator = np.random.RandomState(3), np.random.default_rng(3)
    assert random_state_of(state) is state
    assert generator_of(generator) is generator


def test_a_source_of_the_other_kind_is_drawn_from_too():
    """What is made of one draws alike from equal ones, otherwise after each draw, and moves the one given."""
    for make, source in ((random_state_of, np.random.default_rng), (generator_of, np.random.RandomState)):
        first, again = source(3), source(3)
        drawn = [make(first).uniform(size=4).tolist(), make(again).uniform(size=4).tolist()]
        assert drawn[0] == drawn[1]
        assert make(first).uniform(size=4).tolist() != drawn[0]


@pytest.mark.parametrize("source", [np.random.RandomState, np.random.default_rng])
def test_a_number_is_drawn_for_what_is_to_be_drawn_alike_again(source):
    """Equal sources give equal seeds, and one source another seed each time."""
    given = source(5)
    first, second = seed_of(given), seed_of(given)
    assert first == seed_of(source(5))
    assert first != second


def test_without_a_seed_nothing_global_is_touched():
    """The state of NumPy's global generator is the same before and after, and two draws differ."""
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the very thing that must stay
    first, second = random_state_of(None), random_state_of(None)
    assert not np.array_equal(first.randint(2**31, size=9), second.randint(2**31, size=9))
    assert not np.array_equal(generator_of(None).random(9), generator_of(None).random(9))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002 - as above


@pytest.mark.parametrize("make", EACH)
@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "one", True, [1, 2]])
def test_anything_else_is_refused(make, seed):
    """The error names whose parameter it is, and says what it may be."""
    told = r"'random_state' of Windows\.split: expected None, a RandomState, a Generator or a whole number"
    with pytest.raises(ConfigurationError, match=told):
        make(seed, "Windows.split")
