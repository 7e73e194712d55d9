"""What the tests of runs share."""

import numpy as np
import pytest


@pytest.fixture
def ts_files(tmp_path):
    """Write 40 and 12 sequences of 5 steps, each with its sum as its target."""
    random = np.random.default_rng(0)
    paths = []
    for name, n in (("train.ts", 40), ("test.ts", 12)):
        values = random.normal(size=(n, 5))
        lines = [",".join(f"{value:.6f}" for value in row) + f":{row.sum():.6f}" for row in values]
        path = tmp_path / name
        path.write_text("\n".join(["@problemName sums", "@targetlabel true", "@data", *lines]))
        paths.append(path)
    return paths
