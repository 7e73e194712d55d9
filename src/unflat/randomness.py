"""What a parameter `random_state` stands for, the same in every function: a seed, a source to draw from, or neither."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from unflat.config import OWNER
from unflat.errors import ConfigurationError

RandomSource = int | np.random.RandomState | np.random.Generator | None
"""What is taken: a seed, a source of NumPy's of either kind, or None."""

SEEDS = 2**32
"""How many seeds there are."""


def random_state_of(random_state: object, owner: str = OWNER) -> np.random.RandomState:
    """Give what scikit-learn's tools draw from.

    Parameters
    ----------
    random_state : int, RandomState, Generator or None
        As given; with None, the system's own randomness is drawn from, and nothing global.
    owner : str
        Whose parameter it is, for messages.

    Returns
    -------
    RandomState
        The one given, a new one, or one that draws from the generator's own stream of bits.

    Raises
    ------
    ConfigurationError
        If it is none of these.
    """
    if isinstance(random_state, np.random.RandomState):
        return random_state
    if isinstance(random_state, np.random.Generator):
        return np.random.RandomState(random_state.bit_generator)
    return np.random.RandomState(_seed(random_state, owner))


def generator_of(random_state: object, owner: str = OWNER) -> np.random.Generator:
    """Give a generator.

    Parameters
    ----------
    random_state : int, RandomState, Generator or None
        As given; with None, the system's own randomness is drawn from, and nothing global.
    owner : str
        Whose parameter it is, for messages.

    Returns
    -------
    Generator
        The one given, a new one, or one whose seed is drawn from the RandomState.

    Raises
    ------
    ConfigurationError
        If it is none of these.
    """
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31 - 1))
    return np.random.default_rng(_seed(random_state, owner))


def seed_of(random_state: object, owner: str = OWNER) -> int:
    """Give one number, for all that is to be drawn alike again.

    Parameters
    ----------
    random_state : int, RandomState, Generator or None
        As of `random_state_of`.
    owner : str
        Whose parameter it is, for messages.

    Returns
    -------
    int
        The one given, or one that is drawn.

    Raises
    ------
    ConfigurationError
        If it is none of these.
    """
    source = random_state_of(random_state, owner)
    return int(random_state) if isinstance(random_state, Integral) else int(source.randint(2**31 - 1))


def _seed(given: object, owner: str) -> int | None:
    if given is None:
        return None
    if not isinstance(given, bool) and isinstance(given, Integral) and 0 <= int(given) < SEEDS:
        return int(given)
    words = "None, a RandomState, a Generator or a whole number from 0 to 2³² - 1"
    raise ConfigurationError(owner, "random_state", words, given)
