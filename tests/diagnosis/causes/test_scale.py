import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPRegressor

from unflat.diagnosis.causes.scale import _TARGET_CODE, input_scale, target_scale
from unflat.diagnosis.subjects import Layer, Relearned, Settings, TargetScale

DENSE = (Layer("lstm", "recurrent", 5), Layer("head", "dense", 1, "linear"))


def test_target_out_of_reach_is_computed_by_hand(fake):
    """Adam's 200 steps of 0.01 move an output with Σ|h| = 1.5 by 0.01 · 200 · 2.5 = 5, and targets lie at 100 ± 10."""
    y = np.tile([90.0, 110.0], 50)
    settings = Settings(optimizer="adam", learning_rate=0.01, steps=200)
    inputs = {"head": np.tile([0.5, -1.0, 0.0], (100, 1))}
    cause = target_scale(fake(y, np.full(100, 4.0), settings=settings, shown_layers=DENSE, shown_inputs=inputs))
    assert cause.id == "target_scale"
    assert [evidence.value for evidence in cause.evidence] == pytest.approx([5, 120, 10])
    assert cause.confidence == pytest.approx(0.95)


def test_a_target_has_a_number_where_there_are_several(fake):
    """The only one is the target."""
    y = np.tile([90.0, 110.0], 50)
    one = target_scale(fake(y, np.full(100, 4.0)))
    several = target_scale(fake(np.column_stack([y, 2 * y]), np.full((100, 2), 4.0)))
    assert [evidence.what for evidence in one.evidence] == [
        "magnitude of the target, |mean| + 2 deviations", "deviation of the target",
    ]  # fmt: skip
    assert several.evidence[0].what == "magnitude of target 1, |mean| + 2 deviations"


def test_unknown_settings_leave_magnitude_and_level(fake):
    """Without settings an output that is not even on the targets' mean speaks for it; one that is, less."""
    y = np.tile([90.0, 110.0], 50)
    assert target_scale(fake(y, np.full(100, 4.0))).confidence == pytest.approx(0.85)
    assert target_scale(fake(y, np.full(100, 100.0))).confidence == pytest.approx(0.7)
    assert target_scale(fake(y / 8, np.full(100, 12.5))).confidence == pytest.approx(0.5)


def test_targets_of_about_one_are_no_cause(fake):
    """A flat model of a standardized target is flat for other reasons."""
    assert target_scale(fake(np.tile([-1.0, 1.0], 50), np.zeros(100))) is None


def test_a_scale_that_is_part_of_the_model_counts(fake):
    """Targets at 100 ± 10 are standardized for a network that divides by 10 itself."""
    y = np.tile([90.0, 110.0], 50)
    scale = TargetScale(np.array([100.0]), np.array([10.0]))
    assert target_scale(fake(y, np.full(100, 100.0), scale=scale)) is None


def test_a_training_that_ended_far_below_the_loss_of_these_targets_mean_learned_others(fake):
    """Errors of 0.01 in training, and targets of variance 100 here: these are not what it failed to learn."""
    y, flat = np.tile([90.0, 110.0], 50), np.full(100, 4.0)
    assert target_scale(fake(y, flat, loss=lambda p, t: np.mean((p - t) ** 2), losses=(1.0, 0.01))) is None
    assert target_scale(fake(y, flat, loss=lambda p, t: np.mean((p - t) ** 2), losses=(1e4, 9e3))) is not None
    assert target_scale(fake(y, flat, losses=(1.0, 0.01))) is not None  # of a loss unknown, in units unknown


def test_a_learner_without_steps_is_blamed_where_a_copy_gains_by_a_scaled_target(fake):
    """What a forest makes of a target at 100 ± 10 is the same standardized; a support vector machine gains by it."""
    y, flat = np.tile([90.0, 110.0], 50), np.full(100, 100.0)
    assert target_scale(fake(y, flat, framework="sklearn", copies=Relearned(0.0, 0.0))) is None
    assert target_scale(fake(y, flat, framework="sklearn")) is None  # a copy could not be fitted
    cause = target_scale(fake(y, flat, framework="sklearn", copies=Relearned(0.1, 0.7)))
    assert str(cause.evidence[0]).endswith("standardized: 0.7 (healthy: as on these targets as they are, 0.1)")
    assert "step of the optimizer" not in cause.explanation


def test_unscaled_target_flattens_a_real_network(trained, net, problem):
    """The same network learns a target of deviation 1, and not one a thousand times as large at 50,000."""
    X, y = problem
    assert target_scale(trained(net(), X, y)) is None
    cause = target_scale(trained(net(), X, y * 1000 + 50_000))
    assert cause.confidence == pytest.approx(0.95)
    assert cause.evidence[0].value < 100
    assert cause.evidence[1].value == pytest.approx(52_000, rel=0.01)


def test_input_scale_is_the_root_mean_square(fake):
    """A feature of mean 3,000 and deviation 400 has √(3000² + 400²) = 3,027; its standardized neighbour has 1."""
    column = np.tile([2600.0, 3400.0], 200).reshape(100, 4)
    X = np.stack([column, np.tile([-1.0, 1.0], 200).reshape(100, 4)], axis=2)
    cause = input_scale(fake(np.tile([-1.0, 1.0], 50), np.zeros(100), X=X, shown_layers=DENSE))
    assert [evidence.value for evidence in cause.evidence] == pytest.approx([np.hypot(3000, 400), 1])
    assert "feature 0" in cause.evidence[0].what
    assert cause.confidence == pytest.approx(0.65)


def test_large_inputs_let_a_network_know_by_heart_what_it_was_trained_on(fake):
    """A model that knows its training data, and nothing of others, has large inputs to answer for; not small ones."""
    y, held_out = np.tile([-1.0, 1.0], 50), np.random.default_rng(0).normal(size=100)
    for factor, found in ((50.0, True), (1e-4, False), (1.0, False)):
        X = factor * np.random.default_rng(1).normal(size=(100, 4, 1))
        cause = input_scale(fake(y, y, X=X, held_out=(X, held_out, y), shown_layers=DENSE))
        assert (cause is not None) is found
    assert "by heart" in input_scale(fake(y, y, X=50 + X, held_out=(X, held_out, y), shown_layers=DENSE)).explanation


def test_inputs_are_judged_as_the_network_reads_them(fake):
    """Raw inputs are none of the causes where a first layer scales them."""
    X = np.tile([2600.0, 3400.0], 200).reshape(100, 4, 1)
    read = {"lstm": (X - 3000) / 400}
    y = np.tile([-1.0, 1.0], 50)
    assert input_scale(fake(y, np.zeros(100), X=X, shown_layers=DENSE)) is not None
    assert input_scale(fake(y, np.zeros(100), X=X, shown_layers=DENSE, shown_inputs=read)) is None


def test_one_small_feature_beside_others_is_no_cause(fake):
    """A network finds its way around one feature that is nearly nothing; not where all are."""
    small = np.tile([-1e-4, 1e-4], 200).reshape(100, 4)
    y = np.tile([-1.0, 1.0], 50)
    both = np.stack([small, small * 1e4], axis=2)
    assert input_scale(fake(y, np.zeros(100), X=both, shown_layers=DENSE)) is None
    assert input_scale(fake(y, np.zeros(100), X=small[:, :, None], shown_layers=DENSE)) is not None


@pytest.mark.parametrize(
    ("scale", "says"), [(1.0, "y as it was trained on"), (1000.0, "y is not on a scale of about 1")]
)
def test_the_cure_of_inputs_says_of_the_target_what_fits(fake, scale, says):
    """A target on another scale is not called one of about 1."""
    y = scale * np.tile([-1.0, 1.0], 50)
    X = np.full((100, 4, 1), 5e3) + np.arange(4)[:, None]
    assert says in input_scale(fake(y, np.zeros(100), X=X, shown_layers=DENSE, framework="keras")).cure.code


def test_a_model_without_layers_may_take_any_inputs(fake):
    """Trees know no scale."""
    X = np.full((100, 4, 1), 5e3) + np.arange(4)[:, None]
    assert input_scale(fake(np.tile([-1.0, 1.0], 50), np.zeros(100), X=X)) is None


def test_unscaled_inputs_stop_a_real_network(trained, net, problem):
    """The same network learns from standardized inputs, and not from them times 3,000 plus 20,000."""
    X, y = problem
    assert input_scale(trained(net(), X, y)) is None
    examination = trained(net(), X * 3000 + 20_000, y)
    assert input_scale(examination).evidence[1].value == 3
    assert target_scale(examination) is None


@pytest.mark.parametrize("framework", ["unflat", "keras", "torch", "sklearn", "function"])
def test_cures_are_code_for_every_framework(fake, framework):
    """Both cures parse as Python in whatever the model was made with."""
    y, X = np.tile([900.0, 1100.0], 50), np.full((100, 4, 1), 5e3) + np.arange(4)[:, None]
    examination = fake(y, np.zeros(100), X=X, shown_layers=DENSE, framework=framework)
    for cause in (target_scale(examination), input_scale(examination)):
        assert compile(cause.cure.code, "<cure>", "exec")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_sklearn_cure_runs_and_cures():
    """What is advised for scikit-learn makes a flat model of a large target a good one."""
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 3))
    y = 1000 * X[:, 0] + 50_000
    names = {
        "model": MLPRegressor(hidden_layer_sizes=(8,), max_iter=300, random_state=0, learning_rate_init=0.01),
        "X": X,
        "y": y,
    }
    exec(_TARGET_CODE["sklearn"], names)  # noqa: S102 - the code under test
    assert names["model"].score(X, y) > 0.9


def test_torch_cure_runs():
    """What is advised for torch scales the target, and brings predictions back."""
    y = np.array([10.0, 20.0, 30.0])
    names = {"y": y, "torch": torch, "model": torch.nn.Flatten(0), "X_new": torch.zeros(1, 1, requires_grad=True)}
    exec(_TARGET_CODE["torch"], names)  # noqa: S102 - the code under test
    assert names["y_scaled"].std(unbiased=False).item() == pytest.approx(1)
    assert names["prediction"] == pytest.approx(20)
