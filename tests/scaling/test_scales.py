"""Scales against scikit-learn's, at any magnitude, and fitted on nothing but the rows that count."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from unflat.errors import AllMissingError, ScaleDomainError
from unflat.scaling.scales import Affine, InputScaling, Scaler, fit_affine, fit_input_scaling, fit_target_scaler
from unflat.sequences import Sequences, as_sequences

REFERENCES = {"standard": StandardScaler, "robust": RobustScaler, "minmax": MinMaxScaler}
KINDS = [*REFERENCES, "none"]


def buffers(scaling):
    """Copy all numbers of a scaling."""
    return {name: value.tolist() for name, value in scaling.state_dict().items()}


def one_column(values):
    """Put values into one sequence of one feature."""
    return as_sequences(np.asarray(values, dtype=np.float64).reshape(1, -1, 1))


def scaled(scaling, rows):
    """Scale rows (R, F) as one sequence, and give them without the batch's axis."""
    return scaling(torch.as_tensor(rows)[None])[0]


@pytest.mark.parametrize("kind", REFERENCES)
def test_scales_agree_with_scikit_learn(kind):
    """Features and targets of several units come out as scikit-learn's scaler of that kind gives them."""
    rows = np.random.default_rng(0).lognormal(size=(60, 3)) * [1.0, 1e6, 1e-9] + [0.0, -3e6, 5e-9]
    expected = REFERENCES[kind]().fit_transform(rows)
    inputs, constant = fit_input_scaling(as_sequences(rows.reshape(10, 6, 3)), kind)
    target = fit_target_scaler(rows, kind, ["a", "b", "c"])
    assert constant == ()
    found = scaled(inputs, rows)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    assert target(torch.from_numpy(rows)).dtype == torch.float64
    np.testing.assert_allclose(target(torch.from_numpy(rows)), expected, rtol=1e-12, atol=1e-12)


def test_no_scale_is_the_number_itself():
    """The scale "none" has center 0 and scale 1 whatever the values."""
    values = np.array([3.0, 1e6, -2.0])
    assert fit_affine(values, "none") == Affine(0.0, 1.0)
    assert scaled(fit_input_scaling(one_column(values), "none")[0], values[:, None]).flatten().tolist() == [
        3.0,
        1e6,
        -2.0,
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.integers(-300, 300),
    st.floats(-1e6, 1e6),
    st.lists(st.floats(-1, 1), min_size=2, max_size=12),
)
def test_inverse_undoes_the_scale(kind, exponent, offset, values):
    """At magnitudes of 1e-300 to 1e300, beside any offset, scaling and back gives the number again."""
    column = (np.array(values) + offset) * 10.0**exponent
    assume(np.abs(column[column != 0]).min(initial=1) > 1e-300)
    assume(np.abs(column).max() < 1e300)
    scaler = fit_target_scaler(column[:, None], kind, ["y"])
    y = torch.from_numpy(column)[:, None]
    back = scaler.inverse(scaler(y))
    assert torch.isfinite(scaler(y)).all()
    np.testing.assert_allclose(back, y, rtol=0, atol=4 * np.finfo(float).eps * np.abs(column).max())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-290, 290), min_size=2, max_size=9))
def test_inverse_undoes_the_logarithm(exponents):
    """Targets of any positive magnitude come back from the logarithmic scale."""
    y = torch.from_numpy(10.0 ** np.array(exponents))[:, None]
    scaler = fit_target_scaler(y.numpy(), "log", ["y"])
    np.testing.assert_allclose(scaler.inverse(scaler(y)), y, rtol=1e-12)


@pytest.mark.parametrize(
    "values",
    [
        1.7e9 + np.array([-1.0, 1.0, -1.0, 1.0]),
        1e-12 * np.array([1.0, 3.0, 1.0, 3.0]),
        1e30 * np.array([1.0, 3.0, 1.0, 3.0]),
        1e300 * np.array([-1.0, 1.0, -1.0, 1.0]),
        5 + 1e-300 * np.array([0.0, 0.0, 0.0, 0.0]) + 1e-12 * np.array([-1.0, 1.0, -1.0, 1.0]),
        1e-300 * np.array([1.0, 3.0, 1.0, 3.0]),
    ],
)
def test_a_step_of_one_deviation_survives_any_magnitude(values):
    """Two values that alternate become -1 and 1, in the float32 that the network reads, whatever their size."""
    scaling, constant = fit_input_scaling(one_column(values), "standard")
    assert constant == ()
    np.testing.assert_allclose(scaled(scaling, values[:, None])[:, 0], [-1.0, 1.0, -1.0, 1.0], rtol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "values",
    [
        np.zeros(7),
        np.full(7, 0.1),
        np.full(1_000, 1.7e9),
        np.full(7, -1e300),
        np.array([0.1 + 0.2, 0.3] * 50),
        np.array([1e8 * (1 + np.finfo(float).eps), 1e8, 1e8]),
        np.add.accumulate(np.full(3, 0.1))[[2, 2, 2]] - np.array([0.0, 0.0, 5e-17]),
    ],
)
def test_columns_equal_up_to_rounding_are_constant(values, kind):
    """Values that differ in their last bits only are found constant and not blown up: they scale to 0."""
    affine = fit_affine(values, kind)
    assert affine.constant
    assert affine.scale == 1.0
    scaling, constant = fit_input_scaling(one_column(values), kind)
    assert constant == (0,)
    if kind != "none":
        assert float(scaled(scaling, values[:, None]).abs().max()) <= 4 * np.finfo(float).eps * np.abs(values).max()


@pytest.mark.parametrize(
    "values", [1e8 * (1 + 1e-13 * np.array([-1.0, 1.0])), np.array([0.0, 5e-300]), np.array([1.0] * 999 + [1.000001])]
)
def test_columns_that_differ_by_more_than_rounding_are_not_constant(values):
    """A difference hundreds of roundings wide, or far from anything but zero, is a signal."""
    assert not fit_affine(values, "standard").constant
    assert fit_affine(values, "standard").scale == pytest.approx(values.std(), rel=1e-2)


@pytest.mark.parametrize("middle", [5.0, np.array([0.1 + 0.2, 0.3, 0.3, 0.1 + 0.2])])
def test_robust_scale_of_a_column_half_of_which_is_equal(middle):
    """Where half of the values are equal, up to rounding too, the deviation takes the quartiles' place."""
    values = np.r_[np.broadcast_to(middle, 4), np.broadcast_to(middle, 4), 40.0, -7.0]
    affine = fit_affine(values, "robust")
    assert affine.scale == pytest.approx(values.std(), rel=1e-12)
    assert affine.center == pytest.approx(np.median(values), rel=1e-12)
    assert not affine.constant


def test_robust_scale_ignores_an_outlier_of_any_size():
    """One value of 1e25 leaves center and scale those of the others."""
    values = np.r_[np.arange(101.0), 1e25]
    affine = fit_affine(values, "robust")
    assert affine.center == pytest.approx(50.5, rel=1e-12)
    assert affine.scale == pytest.approx(50.5, rel=1e-12)


@pytest.mark.parametrize("smallest", [0.0, -3.5])
def test_logarithm_refuses_what_has_none(smallest):
    """A target of zero or below is named, with the smallest value and another scale to choose."""
    y = np.array([[1.0, 2.0], [3.0, smallest]])
    with pytest.raises(
        ScaleDomainError, match=rf"The target flow.*'log'.*{smallest:g}.*'standard' or 'robust'"
    ) as caught:
        fit_target_scaler(y, "log", ["level", "flow"])
    assert caught.value.minimum == smallest


def test_logarithmic_scale_is_the_standard_scale_of_logarithms():
    """Targets whose logarithms are 0 and 2 scale to -1 and 1."""
    y = torch.tensor([[1.0], [np.e**2]], dtype=torch.float64)
    scaler = fit_target_scaler(y.numpy(), "log", ["y"])
    torch.testing.assert_close(scaler(y), torch.tensor([[-1.0], [1.0]], dtype=torch.float64))
    torch.testing.assert_close(scaler.inverse(torch.zeros(1, 1)), torch.tensor([[np.e]], dtype=torch.float64))


def gappy(n=8, T=5, seed=1):
    """Make equally long sequences whose second feature has gaps and whose third has none."""
    X = np.random.default_rng(seed).normal([5.0, -2.0, 30.0], [1.0, 3.0, 0.1], size=(n, T, 3))
    X[::2, 1, 1] = np.nan
    return X


@pytest.mark.parametrize("kind", REFERENCES)
def test_missing_values_do_not_count(kind):
    """A column's scale is that of its known values, as scikit-learn's, which ignores NaN too."""
    rows = gappy().reshape(-1, 3)
    scaling, _ = fit_input_scaling(as_sequences(gappy()), kind)
    expected = np.nan_to_num(REFERENCES[kind]().fit_transform(rows))
    np.testing.assert_allclose(scaled(scaling, rows)[:, :3], expected, rtol=1e-5, atol=1e-5)


def test_missing_values_become_the_center_and_are_marked():
    """A column with gaps in training gets an indicator, one and zero; a missing number itself scales to 0."""
    scaling, _ = fit_input_scaling(as_sequences(gappy()), "standard")
    assert scaling.width == 4
    x = scaling(torch.from_numpy(gappy()))
    assert x.shape == (8, 5, 4)
    missing = np.isnan(gappy()[..., 1])
    assert (x[..., 3].numpy() == missing).all()
    assert (x[..., 1].numpy()[missing] == 0).all()
    assert torch.isfinite(x).all()


def test_indicator_belongs_to_its_number_where_categories_come_first():
    """Behind two categories, the indicator of the second number marks the gaps of that number and of no other."""
    rows = np.array([[1.0, 0.0, 5.0, 2.0], [1.0, 3.0, 6.0, np.nan], [1.0, 3.0, 7.0, 4.0]])
    scaling, _ = fit_input_scaling(Sequences(rows, np.array([0]), np.array([3]), categorical=(0, 1)), "minmax")
    met_later = np.array([[1.0, 3.0, np.nan, 3.0], [1.0, 0.0, 6.0, np.nan]])
    assert scaled(scaling, met_later).tolist() == [[0.0, 0.5, 0, 1, 0, 1], [0.5, 0.0, 1, 1, 1, 0]]


def test_columns_without_gaps_in_training_have_no_indicator():
    """A gap that is met later becomes the center, without a feature that the network never saw vary."""
    X = gappy()[..., [0, 2]]
    scaling, _ = fit_input_scaling(as_sequences(X), "standard")
    later = torch.tensor([[[np.nan, 30.0]]], dtype=torch.float64)
    assert scaling.width == 2
    assert scaling(later)[0, 0, 0] == 0


def test_columns_without_a_value_are_named():
    """Columns that are missing throughout the training part are named as the user knows them."""
    rows = np.array([[1.0, np.nan, np.nan], [2.0, np.nan, np.nan], [3.0, 7.0, np.nan]])
    training = Sequences(rows, np.array([0]), np.array([2]))
    with pytest.raises(AllMissingError, match=r"nothing but NaN in 1, 2\.") as caught:
        fit_input_scaling(training, "standard")
    assert caught.value.names == (1, 2)
    named = Sequences(rows, np.array([0]), np.array([2]), ("a", "flow", "rain"), categorical=(2,))
    with pytest.raises(AllMissingError, match=r"nothing but NaN in 'flow', 'rain'\.") as caught:
        fit_input_scaling(named, "standard")
    assert caught.value.names == ("flow", "rain")


def test_categories_become_one_hot():
    """Each code seen in training is a feature after the numbers; an unseen one is their average, none all zeros."""
    rows = np.array([[2.0, 10.0, 0.0], [0.0, 20.0, 1.0], [2.0, 30.0, np.nan], [5.0, 40.0, 1.0]])
    sequences = Sequences(rows, np.array([0]), np.array([4]), categorical=(0, 2))
    scaling, constant = fit_input_scaling(sequences, "minmax")
    assert constant == ()
    assert scaling.width == 6  # one number, codes 0, 2 and 5, codes 0 and 1
    met_later = np.array([[2.0, 10.0, 1.0], [3.0, 25.0, 0.0], [np.nan, 40.0, 7.0], [5.0, np.nan, np.nan]])
    assert scaled(scaling, met_later).tolist() == [
        [0.0, 0, 1, 0, 0, 1],
        [0.5, *[float(np.float32(1 / 3))] * 3, 1, 0],
        [1.0, 0, 0, 0, 0.5, 0.5],
        [0.0, 0, 0, 1, 0, 0],
    ]


def test_categories_alone_are_features_enough():
    """A table without a number still has something for the network to read, in float32 rows too."""
    rows = np.array([[0.0], [1.0], [0.0]], dtype=np.float32)
    scaling, constant = fit_input_scaling(Sequences(rows, np.array([0]), np.array([3]), categorical=(0,)), "standard")
    assert constant == ()
    assert scaled(scaling, rows).tolist() == [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]


def test_single_precision_rows_are_scaled_in_double():
    """Rows of float32 are subtracted in float64: their steps survive as far as they were there."""
    values = np.array([16_000_000, 16_000_001, 16_000_002], dtype=np.float32)
    scaling, _ = fit_input_scaling(as_sequences(values.reshape(1, 3, 1)), "standard")
    np.testing.assert_allclose(scaled(scaling, values[:, None])[:, 0], [-np.sqrt(1.5), 0, np.sqrt(1.5)], rtol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 17), st.integers(1, 8)), min_size=1, max_size=8))
def test_each_covered_row_counts_once(windows):
    """However windows overlap or repeat, the scale is that of their rows taken once, and of no other row."""
    starts, lengths = map(np.array, zip(*windows, strict=True))
    random = np.random.default_rng(2)
    rows = random.normal([3.0, -7.0], [2.0, 5.0], size=(26, 2))
    covered = np.unique(np.concatenate([np.arange(s, s + n) for s, n in windows]))
    rows[:, 1][covered[::3]] = np.nan
    rows[covered[0]] = 1.5
    sequences = Sequences(rows, starts, lengths)
    scaling, _ = fit_input_scaling(sequences, "standard")
    reference = StandardScaler().fit(rows[covered])
    np.testing.assert_allclose(scaling.scaler.center, reference.mean_, rtol=1e-12)
    np.testing.assert_allclose(scaling.scaler.scale, reference.scale_, rtol=1e-9, atol=1e-12)

    elsewhere = np.ones(len(rows), dtype=bool)
    elsewhere[covered] = False
    for nonsense in (np.nan, 1e300):
        changed = rows.copy()
        changed[elsewhere] = nonsense
        assert buffers(fit_input_scaling(Sequences(changed, starts, lengths), "standard")[0]) == buffers(scaling)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_does_not_count(kind):
    """An array padded with NaN gives the scales of the ragged list, to the bit, and no indicator for its padding."""
    parts = [np.random.default_rng(n).normal(9.0, 2.0, size=(n, 2)) for n in (3, 7, 1, 5)]
    padded = np.full((4, 7, 2), np.nan)
    for row, part in enumerate(parts):
        padded[row, : len(part)] = part
    found, _ = fit_input_scaling(as_sequences(padded), kind)
    expected, _ = fit_input_scaling(as_sequences(parts), kind)
    assert buffers(found) == buffers(expected)
    assert found.width == 2


def test_training_rows_are_not_changed():
    """Fitting and scaling leave the user's numbers as they were."""
    X = gappy()
    before = X.copy()
    scaling, _ = fit_input_scaling(as_sequences(X), "standard")
    scaling(torch.from_numpy(X))
    np.testing.assert_array_equal(X, before)


def test_scale_travels_with_the_module_in_full_precision():
    """All numbers are buffers, the scales in float64, and none is trained."""
    scaling = InputScaling([0, 2], Scaler([Affine(1.7e9, 0.1), Affine(0.1, 3.0)]), [1], [(1, 4.0)])
    assert {name: value.dtype for name, value in scaling.state_dict().items()} == {
        "numeric": torch.int64,
        "with_missing": torch.int64,
        "code_columns": torch.int64,
        "codes": torch.float64,
        "unseen": torch.float32,
        "scaler.center": torch.float64,
        "scaler.scale": torch.float64,
    }
    assert list(scaling.parameters()) == []
    assert scaling.width == 4
