import numpy as np
import pytest

from unflat.diagnosis.causes.network import (
    distance,
    last_states,
    moments,
    network_inputs,
    output_image,
    reach,
    steps_made,
    to_network,
)
from unflat.diagnosis.subjects import Layer, Settings, TargetScale

Y = np.tile([90.0, 110.0], 50)
LAYERS = (Layer("lstm", "recurrent", 2, "tanh"), Layer("head", "dense", 1, "linear"))


def test_reach_is_the_formula(fake):
    """0.01 · 100 · (|0.5| + |-1| + 1) = 2.5, with the last step's states where there are several."""
    states = np.tile([[0.0, 0.0], [0.5, -1.0]], (100, 1, 1))
    settings = Settings(optimizer="adamw", learning_rate=0.01, steps=100)
    examination = fake(Y, Y, settings=settings, shown_layers=LAYERS, shown_inputs={"head": states})
    assert last_states(examination).shape == (100, 2)
    assert reach(examination) == pytest.approx(2.5)


@pytest.mark.parametrize(
    "settings",
    [
        None,
        Settings(optimizer="sgd", learning_rate=0.01, steps=100),
        Settings(optimizer="adam", steps=100),
        Settings(optimizer="adam", learning_rate=0.01),
    ],
)
def test_reach_is_unknown_without_an_adaptive_rate_and_steps(fake, settings):
    """Plain gradient descent moves by the gradient; without rate or steps there is nothing to multiply."""
    shown = {"shown_layers": LAYERS, "shown_inputs": {"head": np.ones((100, 2))}}
    assert reach(fake(Y, Y, settings=settings, **shown)) is None


@pytest.mark.parametrize(
    ("settings", "losses", "steps"),
    [
        (Settings(steps=7, epochs=3, batch_size=10), (), 7),
        (Settings(epochs=3, batch_size=30), (), 12),
        (Settings(batch_size=30), (1.0, 0.5), 8),
        (Settings(epochs=3), (), None),
    ],
)
def test_steps_are_counted_from_what_is_known(fake, settings, losses, steps):
    """A hundred sequences in batches of thirty are four steps a pass; passes are also those of the losses."""
    assert steps_made(fake(Y, Y, settings=settings, losses=losses)) == steps


def test_distance_is_mean_and_two_deviations():
    """100 ± 10 needs 120, and -1 ± 1 needs 3."""
    assert distance(np.column_stack([Y, np.tile([-2.0, 0.0], 50)])) == pytest.approx([120, 3])


def test_targets_go_to_the_networks_scale(fake):
    """Subtracted and divided where the model says so; the logarithm first where it takes it."""
    plain = fake(Y, Y, scale=TargetScale(np.array([100.0]), np.array([10.0])))
    assert to_network(plain, Y[:2, None]).ravel() == pytest.approx([-1, 1])
    logarithmic = fake(Y, Y, scale=TargetScale(np.log([100.0]), np.array([0.5]), logarithmic=True))
    assert to_network(logarithmic, np.array([[100.0 * np.e]])).ravel() == pytest.approx([2])


def test_scale_after_the_head_is_measured(fake):
    """A head that gives ±1 for predictions of 90 and 110 is followed by a scale of 10 about 100."""
    given = {"head": ((Y - 100) / 10)[:, None]}
    examination = fake(Y, Y, shown_layers=LAYERS, shown_activations=given)
    assert to_network(examination, Y[:2, None]).ravel() == pytest.approx([-1, 1])
    same = fake(Y, Y, shown_layers=LAYERS, shown_activations={"head": Y[:, None]})
    assert to_network(same, Y[:2, None]).ravel() == pytest.approx(Y[:2])
    bent = fake(
        Y, np.linspace(0, 1, 100) ** 2, shown_layers=LAYERS, shown_activations={"head": np.linspace(0, 1, 100)[:, None]}
    )
    assert to_network(bent, Y[:2, None]).ravel() == pytest.approx(Y[:2])


def test_inputs_are_those_of_the_first_learning_layer(fake):
    """What a norm in front of it gives; the inputs as they are where nobody says."""
    X = np.full((100, 4, 1), 7.0)
    layers = (Layer("scale", "norm"), *LAYERS)
    shown = fake(Y, Y, X=X, shown_layers=layers, shown_inputs={"scale": X, "lstm": X / 7})
    assert network_inputs(shown).max() == pytest.approx(1)
    assert network_inputs(fake(Y, Y, X=X, shown_layers=layers)).max() == pytest.approx(7)


def test_image_is_of_what_predictions_come_out_of(fake):
    """A sigmoid's where the predictions are its own; none where something follows it."""
    layers = (Layer("end", "activation", 1, "sigmoid"),)
    given = np.linspace(0.1, 0.9, 100)
    name, image = output_image(fake(Y, given, shown_layers=layers, shown_activations={"end": given[:, None]}))
    assert (name, image.low, image.high) == ("sigmoid", 0, 1)
    assert output_image(fake(Y, given * 100, shown_layers=layers, shown_activations={"end": given[:, None]})) is None


def test_other_layers_may_pass_on_fewer_values(fake):
    """An embedding of positions gives one for each step, whatever the number of sequences."""
    given = np.tile([0.2, 0.8], 50)
    layers = (Layer("positions", "other", 8), Layer("end", "activation", None, "sigmoid"))
    shown = {"positions": np.zeros((4, 8)), "end": given[:, None]}
    assert output_image(fake(Y, given, shown_layers=layers, shown_activations=shown))[0] == "sigmoid"


def test_moments_are_of_finite_values():
    """NaN and infinity are left out; a column of nothing else has 0 and 0."""
    values = np.array([[[1.0, np.nan]], [[3.0, np.inf]], [[np.nan, np.nan]]])
    mean, deviation = moments(values)
    assert mean == pytest.approx([2, 0])
    assert deviation == pytest.approx([1, 0])


@pytest.mark.parametrize("channels_first", [True, False])
def test_a_convolution_reads_the_inputs(fake, channels_first):
    """What a convolution makes of inputs, however large, is not their scale; channels may come before time."""
    X = np.random.default_rng(0).normal(size=(100, 5, 2))
    layers = (Layer("conv", "other", parameters=8), *LAYERS)
    read = X.transpose(0, 2, 1) if channels_first else X
    shown = fake(Y, Y, X=X, shown_layers=layers, shown_inputs={"conv": read, "lstm": 500 * X})
    np.testing.assert_array_equal(network_inputs(shown), X)
    embedded = fake(Y, Y, X=X, shown_layers=layers, shown_inputs={"conv": X[:, :, 0], "lstm": 500 * X})
    np.testing.assert_array_equal(network_inputs(embedded), 500 * X)
