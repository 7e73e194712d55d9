"""Embeddings of categories, and how categories that training never saw are read, in every way to predict."""

import numpy as np
import polars as pl
import pytest
import torch

from unflat import LSTMRegressor, OnnxPredictor, load
from unflat.diagnosis import diagnose
from unflat.errors import UnknownCategoryWarning
from unflat.export import export_onnx
from unflat.network import Predictor
from unflat.network.embedding import MOST_ONE_HOT, Embedding, embedding_width
from unflat.saving.artifact import read_artifact, write_artifact
from unflat.sequences import Sequences
from unflat.windows import apply_schema, make_windows

pytestmark = pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")


def table(categories, n=400, seed=0):
    """Make a table whose target is what its row's label stands for, and a label that is missing now and then."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, categories, n)
    labels = [None if random.random() < 0.05 else f"k{code:02}" for code in codes]
    worth = np.random.default_rng(9).normal(size=categories)
    return pl.DataFrame({"shop": labels, "x": random.normal(size=n), "y": worth[codes]})


def windows(categories, **options):
    """Cut windows of the table's last three rows."""
    return make_windows(table(categories, **options), target="y", length=3, horizon=0)


def small(**parameters):
    """Build a model that trains in a moment."""
    return LSTMRegressor(units=(6,), epochs=2, random_state=0, progress=False, **parameters)


@pytest.mark.parametrize(("categories", "width"), [(11, 6), (20, 9), (50, 14), (100, 16)])
def test_the_width_follows_the_number_of_categories(categories, width):
    """The rule is the one documented."""
    assert embedding_width(categories) == width


def test_columns_of_many_categories_are_embedded_and_others_are_not():
    """Ten categories are indicators, eleven are not; the skip reads indicators in both."""
    few = small().fit(windows(MOST_ONE_HOT)).predictor_
    many = small().fit(windows(MOST_ONE_HOT + 1)).predictor_
    assert few.network.embedding is None
    assert many.network.config.embedded == ((1, MOST_ONE_HOT + 1),)
    assert many.network.embedding.width == 1 + 6
    assert many.network.skip.map.in_features == 2 * (1 + MOST_ONE_HOT + 1)


def test_the_matrix_of_an_embedding_stands_where_its_tables_are():
    """On whatever device; that of shapes without numbers, which every machine has, stands for the others."""
    embedding = Embedding(7, [(1, 2), (4, 3)], torch.Generator().manual_seed(0))
    expected = embedding.matrix().shape
    matrix = embedding.to("meta").matrix()
    assert matrix.device.type == "meta"
    assert matrix.shape == expected


def test_an_embedding_takes_rows_of_its_tables():
    """A category is a row, several columns stay apart, a missing one is zeros, and shares are the mean."""
    embedding = Embedding(7, [(1, 2), (4, 3)], torch.Generator().manual_seed(0))
    x = torch.zeros(1, 4, 7)
    x[0, :, 0], x[0, :, 3] = 5.0, 7.0  # what is kept
    x[0, 0, 2] = x[0, 0, 4] = x[0, 1, 6] = 1.0
    x[0, 3, 4:] = 1 / 3
    out = embedding(x)[0]
    one, two = embedding.tables
    width = one.shape[1]
    assert out.shape == (4, 2 + width + two.shape[1])
    assert (out[:, :2] == torch.tensor([5.0, 7.0])).all()
    torch.testing.assert_close(out[0, 2:], torch.cat([one[1], two[0]]))
    torch.testing.assert_close(out[1, 2:], torch.cat([torch.zeros(width), two[2]]))
    assert not out[2, 2:].any()
    torch.testing.assert_close(out[3, 2 + width :], two.mean(dim=0))
    torch.testing.assert_close(x @ embedding.matrix(), embedding(x))


def test_many_categories_are_learned():
    """What each of 30 labels stands for is learned from rows that hold it, and held-out rows show it."""
    model = LSTMRegressor(units=(8,), epochs=30, skip=False, random_state=0, progress=False).fit(windows(30, n=1500))
    assert model.predictor_.network.embedding is not None
    assert model.held_out_.outputs[0].r2 > 0.7


@pytest.mark.parametrize("categories", [4, 14])
def test_every_way_to_predict_reads_labels_alike(categories, tmp_path):
    """Labels known, unseen and missing: the file, the ONNX file and the stream predict what the model predicts."""
    model = small().fit(windows(categories))
    new = table(categories, n=60, seed=5).with_columns(
        pl.when(pl.int_range(pl.len()) % 7 == 0).then(pl.lit("other")).otherwise(pl.col("shop")).alias("shop")
    )
    with pytest.warns(UnknownCategoryWarning, match="'shop' holds labels .*'other'. They are read as the average"):
        given = apply_schema(new, model.schema_, targets=False)
    expected = model.predict(given)
    model.save(tmp_path / "m.unflat")
    again = load(tmp_path / "m.unflat")
    np.testing.assert_array_equal(again.predict(given), expected)
    assert again.predictor_.network.config == model.predictor_.network.config
    export_onnx(model, tmp_path / "m.onnx", sample=given)
    np.testing.assert_allclose(OnnxPredictor(tmp_path / "m.onnx").predict(given), expected, rtol=1e-5, atol=1e-6)
    for number in (0, 3, 5):
        stream = model.stream()
        for step in given.sequences.dense()[number]:
            prediction = stream.feed(step)
        assert prediction == pytest.approx(expected[number], rel=1e-5, abs=1e-6)


def test_an_unseen_category_has_a_code_of_its_own():
    """It is neither a missing value nor any that was seen, and the linear part takes the mean of those."""
    rows = np.array([[0.0], [1.0], [2.0], [3.0], [np.nan], [7.0]])
    model = small().fit(windows(3))
    scaled = model.predictor_.inputs(torch.from_numpy(np.column_stack([rows, np.zeros(6)])))
    indicators = scaled[:, -3:]
    assert (indicators[:3] == torch.eye(3)).all()
    torch.testing.assert_close(indicators[[3, 5]], torch.full((2, 3), 1 / 3))
    assert not indicators[4].any()


def test_a_file_without_shares_predicts_what_it_did(tmp_path):
    """Files written before read an unseen category as none, as they were trained to."""
    model = small().fit(windows(4))
    model.save(tmp_path / "m.unflat")
    tensors, document = read_artifact(tmp_path / "m.unflat")
    del tensors["predictor.inputs.unseen"], document["network"]["embedded"]
    write_artifact(tmp_path / "old.unflat", tensors, document)
    old = load(tmp_path / "old.unflat").predictor_
    assert isinstance(old, Predictor)
    values = torch.tensor([[[0.0, 0.5]], [[9.0, 0.5]], [[float("nan"), 0.5]]], dtype=torch.float64)
    known, unseen, missing = old(values)[:, 0].tolist()
    assert unseen == missing != known
    assert model.predictor_(values)[0, 0] == known


def test_a_model_with_an_embedding_can_be_diagnosed():
    """The inside of such a network is seen, its embedding as a layer."""
    cut = windows(14)
    found = diagnose(small().fit(cut), cut)
    assert found.verdict


def test_codes_need_no_names():
    """Sequences that say which columns are codes are embedded without a table."""
    random = np.random.default_rng(0)
    rows = np.column_stack([random.integers(0, 12, 300), random.normal(size=300)]).astype(float)
    sequences = Sequences(rows, np.arange(290), np.full(290, 4), categorical=(0,))
    model = small(n_members=1).fit(sequences, rows[3:293, 0])
    assert model.predictor_.network.embedding.width == 1 + embedding_width(12)
