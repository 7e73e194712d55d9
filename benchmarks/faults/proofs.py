"""Whether what a proof calls proven holds: the cures of mutants, tried, and proven ones trained again on fresh seeds.

`python -m benchmarks.faults.proofs --help`
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded
os.environ.setdefault("KERAS_BACKEND", "torch")

import argparse
import json
import sys
import time
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
from benchmarks.accuracy.storage import surroundings
from benchmarks.faults import __main__ as faults
from benchmarks.faults import frameworks
from benchmarks.faults.frameworks import asking
from benchmarks.faults.halves import SETS
from benchmarks.faults.plan import plan
from benchmarks.faults.preparing import prepare
from benchmarks.faults.program import FRAMEWORKS
from benchmarks.faults.rates import Share, counted
from benchmarks.faults.running import described
from benchmarks.faults.storage import load
from benchmarks.lines import append, lines_of, write

import unflat
from unflat.diagnosis import diagnosing
from unflat.diagnosis.programs import EDITS
from unflat.diagnosis.proof import prove
from unflat.diagnosis.proof.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.faults.plan import Entry

    from unflat.diagnosis import Diagnosis
    from unflat.diagnosis.proof import Proof, Trial

FRESH = 4
"""Trainings of each kind with seeds that the proof did not use, at the user's own length."""


class Witness:
    """Looks on while `diagnose` proves, to train the same programs again afterwards."""

    def __init__(self) -> None:
        self.program: Any = None
        self.examination: Any = None

    def __call__(self, program: Any, causes: Any, examination: Any, clock: Any, generator: Any) -> Proof:  # noqa: ANN401 - as `prove`
        """Prove, and remember what was proven with."""
        self.program, self.examination = program, examination
        return prove(program, causes, examination, clock, generator)

    def gains(self, trial: Trial) -> list[float]:
        """Train with a trial's change and without it, on fresh seeds: the gain of each."""
        seeds = [int(seed) for seed in np.random.default_rng(10**6).integers(2**31, size=FRESH)]
        bench = Bench(self.program, self.examination.training, self.examination.held_out, seeds)
        changed, control = (self._edits(cures) for cures in (trial.cures, trial.beside))
        return [bench.skill(changed, place) - bench.skill(control, place) for place in range(FRESH)]

    def _edits(self, cures: Sequence[str]) -> frozenset[Any]:
        wanted = frozenset().union(*(EDITS[cure] for cure in cures))
        return frozenset(edit for edit in wanted if self.program.refuses(edit) is None)


def chosen(half: Any, data: Path, every: int, names: Sequence[str]) -> Iterator[Entry]:  # noqa: ANN401 - a literal
    """Give every so manieth mutant that lowered skill in the stored run of its half."""
    stored = {record["key"]: record for record in load(faults.FOLDER / f"{half}.json")}
    mutants = [record["key"] for record in counted(stored.values())["mutants"]]
    wanted = set(sorted(mutants)[::every])
    return (entry for entry in plan(half, data, frameworks=names) if entry.key in wanted)


def run(entry: Entry, budget: float) -> dict[str, Any]:
    """Train a mutant, ask for a diagnosis with proof, and train what was proven on fresh seeds."""
    witness, record = Witness(), described(entry)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepared = prepare(entry.program)
        trained = frameworks.train(entry.program, prepared)
        for edit in entry.program.asked:
            prepared = edit(prepared)
        started = time.perf_counter()
        proving = partial(unflat.diagnose, prove=True, budget=budget)
        with patch.object(asking, "diagnose", proving), patch.object(diagnosing, "prove_cures", witness):
            diagnosis = frameworks.diagnose(entry.program, prepared, trained)
        record["seconds"] = round(time.perf_counter() - started, 2)
        return record | _said(diagnosis) | {"trials": [_trial(trial, witness) for trial in _trials(diagnosis)]}


def _trials(diagnosis: Diagnosis) -> tuple[Trial, ...]:
    return () if diagnosis.proof is None else diagnosis.proof.trials


def _said(diagnosis: Diagnosis) -> dict[str, Any]:
    proof = diagnosis.proof
    left_out = () if proof is None else proof.left_out
    return {
        "verdict": diagnosis.verdict,
        "causes": [cause.id for cause in diagnosis.causes],
        "proven": [] if proof is None else list(proof.proven),
        "notes": [] if proof is None else list(proof.notes),
        "left out": [[list(item.cures), item.why[:120]] for item in left_out],
    }


def _trial(trial: Trial, witness: Witness) -> dict[str, Any]:
    record = {
        "cures": list(trial.cures),
        "beside": list(trial.beside),
        "outcome": trial.outcome,
        "skill": round(float(np.mean(trial.skills)), 4),
        "control": round(float(np.mean(trial.control)), 4),
        "p": round(trial.p_value, 5),
    }
    if trial.outcome == "proven":
        record["fresh gains"] = [round(gain, 4) for gain in witness.gains(trial)]
    return record


def figures(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Count what was proven, and what of it holds on fresh seeds: a mean gain above 0."""
    trials = [trial for record in records for trial in record.get("trials", ())]
    proven = [trial for trial in trials if trial["outcome"] == "proven"]
    tried = [record for record in records if record.get("trials")]
    injected = [
        record for record in tried if record["cause"] in {cure for t in record["trials"] for cure in t["cures"]}
    ]
    outcomes = {name: sum(trial["outcome"] == name for trial in trials) for name in ("proven", "refuted", "unsettled")}
    return {
        "mutants": len(records),
        "with a cure tried": len(tried),
        "trials": outcomes,
        "proven that hold on fresh seeds": Share(
            sum(float(np.mean(trial["fresh gains"])) > 0 for trial in proven), len(proven)
        )._asdict(),
        "injected cause's cure proven, where it was tried": Share(
            sum(record["cause"] in record["proven"] for record in injected), len(injected)
        )._asdict(),
        "longest seconds": max((record["seconds"] for record in records if "seconds" in record), default=None),
    }


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.proofs", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder that holds the data folders")
    parser.add_argument("--half", choices=SETS, default="second", help="which data sets and architectures")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth mutant")
    parser.add_argument("--frameworks", default=",".join(FRAMEWORKS), help="only these")
    parser.add_argument("--budget", type=float, default=30.0, help="seconds that each diagnosis may take")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where results are stored, as JSON")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; take up where an earlier run stopped."""
    options = parse(arguments)
    output = options.output or faults.FOLDER / f"proofs-{options.half}.json"
    lines = lines_of(output)
    done = {record["key"] for record in load(lines)}
    for entry in chosen(options.half, options.data, options.every, tuple(options.frameworks.split(","))):
        if entry.key not in done:
            record = run(entry, options.budget)
            append(lines, record)
            print(f"{entry.key}: {record['proven'] or '-'}", flush=True)
    records = sorted(load(lines), key=lambda record: str(record["key"]))
    command = faults.command_line(arguments).replace("benchmarks.faults", "benchmarks.faults.proofs", 1)
    found = figures(records)
    write(output, {"environment": surroundings(command), "figures": found}, "programs", records)
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
