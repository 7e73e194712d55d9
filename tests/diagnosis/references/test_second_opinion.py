"""A network of a model's kind is asked before the model is let pass: where it knows far more, the model is not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from unflat.diagnosis import diagnose
from unflat.diagnosis.references.finding import find_references
from unflat.diagnosis.references.recurrent import RECURRENT
from unflat.diagnosis.references.second_opinion import FEWEST_SEQUENCES, with_second_opinion

GENERATOR = np.random.default_rng(8)
NOISE = GENERATOR.normal(size=(400, 10, 2))


def queue(n, customers=16, seed=0):
    """Let customers wait as Lindley (1952) has it: nobody can tell how long but by going through all of them."""
    random = np.random.default_rng(seed)
    apart, served = random.gamma(2.0, 2.5, (n, customers)), random.gamma(3.0, 1.6, (n, customers))
    sequences = np.stack([apart, served], axis=2)
    return sequences, waits(sequences)[:, None]


def waits(sequences):
    """Say how long the last one waits, if the counter was free for the first."""
    wait = np.zeros(len(sequences))
    for before, here in pairwise(sequences.transpose(1, 0, 2)):
        wait = np.maximum(wait + before[:, 1] - here[:, 0], 0.0)
    return wait


def opinions(values, y, n):
    """Give what the others find, and what they and a network do; the last sequences are held out."""
    training, held_out = (values[:n], y[:n]), (values[n:], y[n:])
    found = find_references(training, held_out, np.random.default_rng(0))
    return found, with_second_opinion(found, training, held_out, np.random.default_rng(0))


def test_a_network_joins_the_others_and_is_the_best_where_order_counts():
    """Of waits in a queue it knows most, and all together err less on what was held out than they did without it."""
    sequences, wait = queue(700)
    found, more = opinions(sequences, wait, 550)
    assert [learner.name for learner in more.learners] == [*(one.name for one in found.learners), RECURRENT]
    assert more.signal[0].learner == RECURRENT
    assert more.signal[0].beyond_chance
    assert more.learners[-1].held_out_prediction.shape == (150, 1)
    before, after = (np.mean((wait[550:] - one.together.held_out_prediction) ** 2) for one in (found, more))
    assert after < before / 1.5


def test_it_stands_where_the_others_do():
    """A sequence without a target is none that it is asked about; its R² is that of its predictions."""
    sequences, wait = queue(300)
    wait[5] = np.nan
    _, more = opinions(sequences, wait, 240)
    network = more.learners[-1]
    assert np.isnan(network.prediction[5])
    known = np.delete(np.arange(240), 5)
    left = np.mean((network.prediction[known] - wait[known]) ** 2) / wait[known].var()
    assert 1 - left == pytest.approx(network.r2[0])


@pytest.mark.parametrize("n", [FEWEST_SEQUENCES - 1, 8])
def test_few_sequences_are_nothing_to_learn_from(n):
    """What others found stays as it was."""
    found, more = opinions(*queue(n + 20), n)
    assert more is found


def test_noise_is_noise_to_it():
    """Of five targets of pure noise none has a signal for it, nor without held-out data."""
    y = GENERATOR.normal(size=(400, 5))
    _, more = opinions(NOISE, y, 300)
    assert not more.beyond_chance.any()
    found = find_references((NOISE, y), None, np.random.default_rng(0))
    assert not with_second_opinion(found, (NOISE, y), None, np.random.default_rng(0)).beyond_chance.any()


def test_who_is_as_good_as_tables_tell_is_not_let_pass_where_an_lstm_knows_far_more():
    """Waits told from the last ten customers are nearly what echoes tell of all, and nothing to be content with."""
    sequences, wait = queue(800)

    def model(asked):
        return waits(asked[:, -10:])

    training, held_out = (sequences[:600], wait[:600, 0]), (sequences[600:], wait[600:, 0])
    diagnosis = diagnose(model, *training, validation=held_out)
    (output,), (*others, network) = diagnosis.judgement.outputs, diagnosis.references.learners
    assert diagnosis.verdict == "failing"
    assert network.name == RECURRENT
    assert output.attainable == network.held_out_r2[0] > 0.95
    assert max(other.held_out_r2[0] for other in others) < output.r2 + 0.2


def test_who_knows_as_much_as_can_be_known_passes():
    """A line on what is a line is healthy, whatever a network makes of it."""
    values, y = NOISE.reshape(400, -1), NOISE[:, -1, 0] + NOISE[:, 3, 1] + 0.5 * GENERATOR.normal(size=400)
    line = Ridge().fit(values[:300], y[:300])
    diagnosis = diagnose(line, values[:300], y[:300], validation=(values[300:], y[300:]))
    assert diagnosis.verdict == "healthy"
    assert diagnosis.causes == ()
