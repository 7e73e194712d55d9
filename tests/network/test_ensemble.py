import torch

from unflat.config import NetworkConfig
from unflat.network import Ensemble, Network, make_network
from unflat.network.ensemble import assembled

CONFIG = NetworkConfig(units=(3, 4), skip=False)


def made(n_members, seed=0):
    """Make networks of two features and one output."""
    config = NetworkConfig(units=(3, 4), skip=False, n_members=n_members)
    return make_network(config, features=2, outputs=1, generator=torch.Generator().manual_seed(seed))


def test_one_network_is_no_ensemble():
    """A single member is the network that there was before, weight by weight."""
    alone = made(1)
    plain = Network(CONFIG, features=2, outputs=1, generator=torch.Generator().manual_seed(0))
    assert isinstance(alone, Network)
    assert alone.members == (alone,)
    for name, weight in plain.state_dict().items():
        assert torch.equal(weight, alone.state_dict()[name])


def test_members_differ_and_predict_their_mean():
    """Each member has weights of its own; the prediction is the mean, and states stand side by side."""
    ensemble = made(3)
    x, lengths = torch.randn(5, 7, 2, generator=torch.Generator().manual_seed(1)), torch.tensor([7, 3, 1, 5, 7])
    apart = [member(x, lengths) for member in ensemble.members]
    assert isinstance(ensemble, Ensemble)
    assert not torch.allclose(apart[0], apart[1])
    torch.testing.assert_close(ensemble(x, lengths), (apart[0] + apart[1] + apart[2]) / 3)
    prediction, states = ensemble.with_states(x, lengths)
    torch.testing.assert_close(prediction, ensemble(x, lengths))
    assert states.shape == (5, ensemble.width) == (5, 3 * 12)
    torch.testing.assert_close(states[:, 12:24], ensemble.members[1].with_states(x, lengths)[1])
    assert (ensemble.outputs, ensemble.config.n_members) == (1, 3)


def test_what_is_assembled_knows_how_many_there_are():
    """Two of three members are an ensemble of two, one of them a network."""
    members = made(3).members
    assert assembled(members[:2]).config.n_members == 2
    assert assembled(members[:1]) is members[0]
    assert members[0].config.n_members == 1


def test_an_ensemble_is_linear_where_every_member_is():
    """One recurrence that adds something to an output is enough for it not to be."""
    config = NetworkConfig(units=(3,), n_members=2)
    ensemble = make_network(config, features=2, outputs=2, generator=torch.Generator())
    assert ensemble.linear_outputs == (True, True)
    with torch.no_grad():
        ensemble.members[1].head.weight[1].fill_(0.1)
    assert ensemble.linear_outputs == (True, False)
