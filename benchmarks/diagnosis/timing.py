"""How long `diagnose` takes, and what its proof says of the document's raw case.

Two measurements: 3,000 sequences of 20 steps and 5 features through this package's networks, without proof, again and
again; and the document's flat model, with proof, on several seeds: `python benchmarks/diagnosis/timing.py`. Writes
JSON into the folder `results` beside this file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are no part of the package

from benchmarks.accuracy.storage import surroundings

from unflat import LSTMRegressor, diagnose
from unflat.recipes import TRAIN, article, generate_data

SHAPE = (3000, 20, 5)


def without_proof(repetitions: int) -> dict[str, Any]:
    """Diagnose a healthy model, and one that was trained on an unscaled target, several times."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=SHAPE)
    y = X[:, -1, 0] + X[:, -3:, 1].mean(axis=1) + 0.3 * generator.normal(size=len(X))
    healthy = LSTMRegressor(epochs=2, random_state=0, progress=False).fit(X, y)
    failing = article(random_state=0, epochs=2, progress=False).fit(X, 5e4 + 1e4 * y)
    return {
        "shape": SHAPE,
        "healthy": _timed(healthy, X, y, repetitions),
        "target unscaled": _timed(failing, X, 5e4 + 1e4 * y, repetitions),
    }


def _timed(model: LSTMRegressor, X: Any, y: Any, repetitions: int) -> dict[str, Any]:  # noqa: ANN401 - arrays
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        diagnosis = diagnose(model, X, y)
        seconds.append(round(time.perf_counter() - start, 3))
    return {
        "verdict": diagnosis.verdict,
        "causes": [cause.id for cause in diagnosis.causes],
        "seconds": seconds,
        "median": statistics.median(seconds),
    }


def document(seed: int) -> dict[str, Any]:
    """Diagnose the document's model on raw data, with proof."""
    X, y = generate_data(*TRAIN)
    model = article(random_state=seed, progress=False).fit(X, y)
    start = time.perf_counter()
    diagnosis = diagnose(model, X, y, prove=True, random_state=seed)
    seconds = time.perf_counter() - start
    proof = diagnosis.proof
    if proof is None:
        raise SystemExit("The document's raw model is healthy, which it never was.")
    return {
        "seed": seed,
        "verdict": diagnosis.verdict,
        "causes": [cause.id for cause in diagnosis.causes],
        "proven": list(proof.proven),
        "trials": [
            {
                "change": trial.change,
                "beside": list(trial.beside),
                "skill": round(statistics.mean(trial.skills), 4),
                "without": round(statistics.mean(trial.control), 4),
                "p": round(trial.p_value, 5),
                "outcome": trial.outcome,
            }
            for trial in proof.trials
        ],
        "notes": list(proof.notes),
        "seconds": round(seconds, 1),
    }


def main() -> int:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5, help="diagnoses without proof, of each model")
    parser.add_argument("--seeds", type=int, default=3, help="of the document's model")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # that the models are bad is the point
    found = {
        "environment": surroundings(" ".join(["python", "benchmarks/diagnosis/timing.py", *sys.argv[1:]])),
        "without proof": without_proof(options.repetitions),
        "document, raw": [document(seed) for seed in range(options.seeds)],
    }
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / "timing.json").write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
