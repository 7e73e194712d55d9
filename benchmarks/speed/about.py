"""What the figures depend on, as a line of JSON: a process of its own, for the run itself imports neither library.

python -m benchmarks.speed.about COMMAND
"""

from __future__ import annotations

import json
import os
import sys

from benchmarks.accuracy.storage import surroundings

from unflat.network import kernel

VARIABLES = ("OMP_", "MKL_", "OPENBLAS_", "KMP_", "GOMP_")
"""Beginnings of the names of variables that change how fast products are."""

if __name__ == "__main__":
    described = surroundings(sys.argv[1])
    del described["defaults"]
    variables = {name: value for name, value in sorted(os.environ.items()) if name.startswith(VARIABLES)}
    print(json.dumps({**described, "kernel": kernel.available(), "variables": variables}))
