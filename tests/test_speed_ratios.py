"""Guards of the hot paths: each against the bare work in it, in turn, as a ratio that a busy machine hardly changes.

Bounds leave room: they catch a pass over the data too many, not a few percent. Beside other tests and under coverage
nothing is measured; `make test` runs this file once more, by itself.
"""

import os
import time
import warnings
from statistics import median

import numpy as np
import polars as pl
import pytest
import torch

from unflat import OnnxPredictor, export_onnx, recipes
from unflat.config import NetworkConfig, TrainingConfig
from unflat.errors import FitWarning
from unflat.network import Network, kernel
from unflat.scaling.scales import fit_input_scaling
from unflat.sequences import as_sequences
from unflat.sequences.batches import BatchSource
from unflat.training.examples import Examples
from unflat.training.loop import Conduct, train
from unflat.windows import make_windows

BATCH, STEPS, UNITS, BATCHES = 128, 16, (50, 100), 3
WARM_UP = 3


@pytest.fixture(autouse=True)
def alone():
    """Compute with one thread: a second one would wait for a processor that other work holds."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def ratio(request):
    """Time work and, before each time, a reference; give the median of their ratios, round by round."""
    if "PYTEST_XDIST_WORKER" in os.environ or request.config.pluginmanager.hasplugin("_cov"):
        pytest.skip("nothing is measured beside other tests or under coverage")
    benchmark = request.getfixturevalue("benchmark")

    def measured(work, reference, rounds, times=1):
        seconds = []

        def repeated(call):
            for _ in range(times):
                call()

        def before():
            began = time.perf_counter()
            repeated(reference)
            seconds.append(time.perf_counter() - began)

        benchmark.pedantic(repeated, args=(work,), setup=before, rounds=rounds, warmup_rounds=WARM_UP)
        worked = benchmark.stats.stats.data
        found = median(ours / bare for ours, bare in zip(worked, seconds[-len(worked) :], strict=True))
        benchmark.extra_info["ratio"] = found
        return found

    return measured


@pytest.fixture(scope="module")
def model():
    """Fit the document's network, for its shape."""
    X, y = recipes.generate_data(start=1, num_sample=256)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        return recipes.article(epochs=1, random_state=0).set_params(scale_inputs="standard").fit(X, y)


@pytest.fixture
def network():
    """Make the document's network."""
    config = NetworkConfig(units=UNITS, dropout=0.0, readout=("last",), skip=False)
    return Network(config, features=1, outputs=1, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def examples():
    """Make a few batches of sequences."""
    random = np.random.default_rng(0)
    sequences = as_sequences(random.normal(size=(BATCH * BATCHES, STEPS, 1)))
    scaling, _ = fit_input_scaling(sequences, "standard")
    return Examples(BatchSource(sequences), scaling, torch.from_numpy(random.normal(size=(len(sequences), 1))).float())


def bare_epoch(network, examples):
    """Do what no training can do without: the network's forward and backward, on batches that lie ready."""
    ready = [examples.draw(index, torch.device("cpu")) for index in torch.arange(len(examples)).split(BATCH)]

    def epoch():
        for example in ready:
            network.zero_grad()
            (network(example.x) - example.target).square().mean().backward()

    return epoch


def test_the_ratio_sees_work_that_is_done_twice(ratio, network, examples):
    """Twice the reference is about twice its time: the guards below can fail."""
    bare = bare_epoch(network, examples)
    assert 1.6 < ratio(lambda: (bare(), bare()), bare, rounds=9) < 2.5


def test_training_costs_little_beside_its_network(ratio, network, examples):
    """An epoch, with drawing, scaling, clipping and the optimizer's steps, against forward and backward alone."""
    config = TrainingConfig(epochs=1, batch_size=BATCH)

    def epoch():
        train(network, examples, None, config, Conduct(torch.Generator().manual_seed(0)))

    assert ratio(epoch, bare_epoch(network, examples), rounds=15) < 1.6


@pytest.mark.skipif(not kernel.available(), reason="no kernel is compiled")
def test_the_kernel_is_no_slower_than_torch(ratio, network, examples):
    """Forward and backward through the compiled layers, against the same through torch's."""
    bare = bare_epoch(network, examples)

    def by_torch():
        with kernel.using(None):
            bare()

    assert ratio(bare, by_torch, rounds=15) < 1.1


def test_one_prediction_costs_little_beside_its_network(ratio, model):
    """`predict` of one sequence — checks, scaling, range — against the predictor's bare network."""
    X = recipes.generate_data(start=100, num_sample=1)[0][:, :, None]
    network, x = model.predictor_.members[0].eval(), torch.zeros(1, STEPS, 1)

    @torch.inference_mode()
    def bare():
        network(x)

    assert ratio(lambda: model.predict(X), bare, rounds=25, times=10) < 3


def test_many_predictions_cost_little_beside_their_network(ratio, model):
    """`predict` of 2,000 sequences against the bare network on all of them."""
    X = recipes.generate_data(start=1, num_sample=2000)[0][:, :, None] % 2000
    network, x = model.predictor_.members[0].eval(), torch.zeros(len(X), STEPS, 1)

    @torch.inference_mode()
    def bare():
        for part in x.split(256):
            network(part)

    assert ratio(lambda: model.predict(X), bare, rounds=9) < 1.4


def test_an_exported_prediction_costs_little_beside_onnx_runtime(ratio, model, tmp_path):
    """`OnnxPredictor.predict` of one sequence against ONNX Runtime's own run."""
    X = recipes.generate_data(start=100, num_sample=1)[0][:, :, None]
    export_onnx(model, tmp_path / "model.onnx", sample=X)
    predictor = OnnxPredictor(tmp_path / "model.onnx")
    feed = {"sequences": X, "lengths": np.array([STEPS])}
    assert ratio(lambda: predictor.predict(X), lambda: predictor._session.run(None, feed), rounds=25, times=50) < 1.5


def test_a_step_of_a_stream_is_far_from_a_whole_prediction(ratio, model):
    """One step fed to a stream against `predict` of a sequence of 16."""
    X = recipes.generate_data(start=100, num_sample=1)[0][:, :, None]
    stream = model.stream()
    assert ratio(lambda: stream.feed(X[0, 0]), lambda: model.predict(X), rounds=25, times=20) < 0.1


def test_drawing_windows_is_faster_than_indexing(ratio):
    """A batch of windows from the rows they share, against a copy by an array of indices."""
    random = np.random.default_rng(0)
    table = {f"x{number}": random.random(50_000, dtype=np.float32) for number in range(8)}
    windows = make_windows(pl.DataFrame(table), target="x0", length=96)
    source, rows, starts = BatchSource(windows.sequences), windows.sequences.rows, windows.sequences.starts
    index = torch.from_numpy(random.permutation(len(windows))[:512])
    chosen, steps = starts[index.numpy()][:, None], np.arange(96)
    assert ratio(lambda: source.draw(index), lambda: rows[chosen + steps], rounds=25, times=3) < 0.6


def test_cutting_windows_takes_a_few_passes_over_the_table(ratio):
    """`make_windows` of float32 columns, against one pass that joins and checks them."""
    random = np.random.default_rng(0)
    columns = {f"x{number}": random.random(400_000, dtype=np.float32) for number in range(8)}
    table = pl.DataFrame(columns)

    def joined():
        return np.isfinite(np.stack(list(columns.values()), axis=1)).all(axis=0)

    assert ratio(lambda: make_windows(table, target="x0", length=96), joined, rounds=15) < 6
