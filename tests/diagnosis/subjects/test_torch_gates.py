"""Gates recomputed from the equations reproduce what torch's own layers give."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from unflat.diagnosis.subjects import subject_of

CLOSE = 1e-5


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize("recurrence", [nn.LSTM, nn.GRU])
def test_stacks_in_both_directions(pump, sequences, recurrence, num_layers, bidirectional):
    """The states that follow from the gates are the layer's output; every gate has its name, shape and range."""
    module = pump(recurrence, num_layers=num_layers, bidirectional=bidirectional)
    subject = subject_of(module)
    gates, activations = subject.gates(sequences), subject.activations(sequences)
    assert len(gates) == num_layers
    for name, layer in gates.items():
        np.testing.assert_allclose(layer.states, activations[name], atol=CLOSE)
        assert set(layer.values) == set("ifgo" if recurrence is nn.LSTM else "rzn")
        for gate, values in layer.values.items():
            assert values.shape == (9, 7, 10 if bidirectional else 5)
            assert values.min() > (-1 if gate in "gn" else 0)
            assert values.max() < 1


def test_an_inner_layer_of_a_stack_is_as_if_it_stood_alone(sequences):
    """The first layer's states, which torch does not hand out, are those of a layer with its weights."""
    stack, alone = nn.LSTM(3, 4, num_layers=2, batch_first=True), nn.LSTM(3, 4, batch_first=True)
    alone.load_state_dict({name: w for name, w in stack.state_dict().items() if name.endswith("_l0")})
    expected = alone(torch.tensor(sequences, dtype=torch.float32))[0].detach().numpy()
    subject = subject_of(stack)
    np.testing.assert_allclose(subject.activations(sequences)["lstm[0]"], expected, atol=CLOSE)
    np.testing.assert_allclose(subject.layer_inputs(sequences)["lstm[1]"], expected, atol=CLOSE)


def test_time_first_and_no_bias(sequences):
    """A layer that reads time first gives sequences first all the same."""

    class Turned(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = nn.GRU(3, 4, num_layers=2, bias=False)

        def forward(self, x):
            return self.gru(x.transpose(0, 1))[0][-1]

    subject = subject_of(Turned())
    activations = subject.activations(sequences)
    assert activations["gru[1]"].shape == (9, 7, 4)
    assert subject.layer_inputs(sequences)["gru[0]"].shape == (9, 7, 3)
    np.testing.assert_allclose(subject.gates(sequences)["gru[1]"].states, activations["gru[1]"], atol=CLOSE)
    np.testing.assert_allclose(activations["gru[1]"][:, -1], subject.predict(sequences), atol=CLOSE)


def test_a_given_first_state(sequences):
    """The state that a layer is given to begin with is begun with."""

    class Begun(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
            self.begin = nn.Parameter(torch.linspace(-2, 2, 2 * 4 * 4).reshape(2, 4, 1, 4))

        def forward(self, x):
            h, c = self.begin.expand(2, 4, len(x), 4).contiguous()
            return self.lstm(x, (h, c))[0]

    subject = subject_of(Begun())
    np.testing.assert_allclose(subject.gates(sequences)["lstm[1]"].states, subject.predict(sequences), atol=CLOSE)


def test_packed_sequences(sequences):
    """Beyond a packed sequence's end gates are NaN, and before it the states are torch's, in both directions."""
    lengths = torch.tensor([7, 2, 5, 7, 1, 3, 7, 6, 4])

    class Packed(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)

        def forward(self, x):
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            return pad_packed_sequence(self.lstm(packed)[0], batch_first=True)[0]

    subject = subject_of(Packed())
    gates = subject.gates(sequences)["lstm[1]"]
    inside = np.arange(7) < lengths.numpy()[:, None]
    np.testing.assert_allclose(gates.states[inside], subject.predict(sequences)[inside], atol=CLOSE)
    assert np.isnan(gates.values["o"][~inside]).all()
    assert np.isfinite(gates.values["o"][inside]).all()
    assert subject.activations(sequences)["lstm[1]"].shape == (9, 7, 8)


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported:UserWarning")
def test_projections(pump, sequences):
    """A projected state is narrower than its gates, and is torch's."""
    subject = subject_of(pump(proj_size=2, num_layers=2))
    gates = subject.gates(sequences)["recurrent[1]"]
    assert gates.values["f"].shape == (9, 7, 5)
    assert gates.states.shape == (9, 7, 2)
    np.testing.assert_allclose(gates.states, subject.activations(sequences)["recurrent[1]"], atol=CLOSE)


@pytest.mark.parametrize("cell", [nn.LSTMCell, nn.GRUCell])
def test_cells_that_are_called_in_a_loop(sequences, cell):
    """The steps of a cell are joined along time, and their states are those that the loop saw."""

    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = cell(3, 4)

        def forward(self, x):
            state, seen = None, []
            for t in range(x.shape[1]):
                state = self.cell(x[:, t], state)
                seen.append(state[0] if isinstance(state, tuple) else state)
            return torch.stack(seen, dim=1)

    subject = subject_of(Loop())
    expected = subject.predict(sequences)
    np.testing.assert_allclose(subject.gates(sequences)["cell"].states, expected, atol=CLOSE)
    np.testing.assert_array_equal(subject.activations(sequences)["cell"], expected)


def test_a_plain_recurrence_has_no_gates(pump, sequences):
    """There is nothing to show, and nothing is made up."""
    subject = subject_of(pump(nn.RNN, num_layers=2))
    assert subject.gates(sequences) is None
    assert set(subject.activations(sequences)) >= {"recurrent[1]", "head"}
    assert subject.not_examined[0].what == "gates"
