"""A fitted model as one file: what was learned, and the parameters it was learned with."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat._version import __version__
from unflat.baselines import Baselines
from unflat.config import NetworkConfig
from unflat.errors import CorruptArtifactError, NewerFormatError
from unflat.history import History
from unflat.intervals import Bands
from unflat.metrics import Assessment
from unflat.network import Predictor
from unflat.saving.artifact import read_artifact, write_artifact
from unflat.scaling.ranges import InputRange
from unflat.windows import WindowSchema

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from os import PathLike

    from numpy.typing import NDArray


_DOCUMENT_OF_BEFORE = {"fewest_steps": 1}
"""What older documents do not say, as it was then: sequences of any length were taken."""


@dataclass(frozen=True, eq=False)
class Learned:
    """Everything that a fit leaves behind, and nothing of the data.

    Parameters
    ----------
    predictor : Predictor
        From raw values to raw predictions.
    baselines : Baselines
        What the model is held against.
    histories : tuple of History
        What training recorded, of each network.
    held_out : Assessment or None
        Figures on the part that was held out.
    schema : WindowSchema or None
        What the columns mean, for windows of a table.
    target_names : tuple of str
        Names of the outputs.
    flat_target : bool
        Whether targets came without an axis for outputs.
    bands : Bands
        What intervals are made of.
    input_range : InputRange
        The range of each feature.
    fewest_steps : int
        Time steps of the shortest sequence.
    """

    predictor: Predictor
    baselines: Baselines
    histories: tuple[History, ...]
    held_out: Assessment | None
    schema: WindowSchema | None
    target_names: tuple[str, ...]
    flat_target: bool
    bands: Bands
    input_range: InputRange
    fewest_steps: int


def write_model(path: str | PathLike[str], parameters: Mapping[str, Any], learned: Learned) -> None:
    """Write a fitted model to one file.

    Parameters
    ----------
    path : str or path
        The file; an older one is replaced, at once and whole.
    parameters : mapping
        The estimator's parameters; callbacks and a generator's state are left out.
    learned : Learned
        What was learned.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    tensors = {f"predictor.{name}": tensor for name, tensor in learned.predictor.state_dict().items()}
    parts = (
        ("baselines", learned.baselines.to_arrays()),
        ("intervals", learned.bands.to_arrays()),
        ("range", learned.input_range.to_arrays()),
    )
    for part, arrays in parts:
        tensors |= {f"{part}.{name}": torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
    document = {
        "written_by": __version__,
        "parameters": _plain_parameters(parameters),
        "network": asdict(learned.predictor.network.config),
        "logarithmic": learned.predictor.target.logarithmic,
        "baselines": learned.baselines.to_dict(),
        "histories": [history.to_dict() for history in learned.histories],
        "held_out": None if learned.held_out is None else learned.held_out.to_dict(),
        "schema": None if learned.schema is None else learned.schema.to_dict(),
        "target_names": list(learned.target_names),
        "flat_target": learned.flat_target,
        "fewest_steps": learned.fewest_steps,
        "interval_groups": [] if learned.bands.calibration is None else _plain_labels(learned.bands.calibration.labels),
    }
    write_artifact(path, tensors, document)


def read_model(path: str | PathLike[str], known: Collection[str] | None = None) -> tuple[dict[str, Any], Learned]:
    """Read what `write_model` wrote; nothing in the file is executed.

    Parameters
    ----------
    path : str or path
        The file.
    known : collection of str, optional
        The parameters that the estimator has, if others are to be refused.

    Returns
    -------
    parameters : dict
        The estimator's parameters.
    learned : Learned
        What was learned.

    Raises
    ------
    MissingArtifactError
        If there is no such file; it is a FileNotFoundError, too.
    ArtifactError
        If it is not a model file, is damaged, or was written by a later unflat; its subclasses say which.
    """
    tensors, document = read_artifact(path)
    try:
        _refuse_unknown(path, document, known)
        return _with_tuples(document["parameters"]), _learned(tensors, document)
    except NewerFormatError:
        raise
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        if _numbers(document.get("written_by")) > _numbers(__version__):
            raise _newer(path, document, f"what it cannot read ({error})") from error
        raise CorruptArtifactError(
            path,
            "all parts of a model",
            f"a file in which something is missing or altered ({error})",
            "Copy it again from where it was saved, or train again.",
        ) from error


def _refuse_unknown(path: str | PathLike[str], document: dict[str, Any], known: Collection[str] | None) -> None:
    """Raise `NewerFormatError` for names that this unflat has none of: in a whole file, they are a later one's."""
    fields_known = {field.name for field in fields(NetworkConfig)}
    strange = set(document["network"]) - fields_known
    strange |= set() if known is None else set(document["parameters"]) - set(known)
    if strange:
        raise _newer(path, document, ", ".join(map(repr, sorted(strange))))


def _newer(path: str | PathLike[str], document: dict[str, Any], received: str) -> NewerFormatError:
    writer = document.get("written_by", "of a later version")
    return NewerFormatError(
        path, f"what unflat {__version__} knows", f"{received}, by unflat {writer}",
        "Upgrade: python -m pip install --upgrade unflat",
    )  # fmt: skip


def _numbers(version: object) -> tuple[int, ...]:
    """Give a version's numbers, to be compared; none of what is no version."""
    return tuple(map(int, re.findall(r"\d+", str(version))[:3]))


def _learned(tensors: dict[str, torch.Tensor], document: dict[str, Any]) -> Learned:
    network = NetworkConfig(**_with_tuples(document["network"]))
    numbers = _under("predictor.", tensors)
    predictor = Predictor.restore(network, _of_before(numbers) | numbers, logarithmic=document["logarithmic"])
    baselines = Baselines.from_saved(_arrays("baselines.", tensors), document["baselines"])
    held_out, schema = document["held_out"], document["schema"]
    return Learned(
        predictor,
        baselines,
        tuple(map(History.from_dict, document["histories"])),
        None if held_out is None else Assessment.from_dict(held_out),
        None if schema is None else WindowSchema.from_dict(schema),
        tuple(document["target_names"]),
        bool(document["flat_target"]),
        Bands.from_saved(_arrays("intervals.", tensors), tuple(document["interval_groups"])),
        InputRange.from_saved(_arrays("range.", tensors)),
        (_DOCUMENT_OF_BEFORE | document)["fewest_steps"],
    )


def _of_before(numbers: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Give a predictor's numbers that older files lack, as they would have been when these were written."""
    center = numbers["target.center"]
    held = torch.full((len(center),), torch.inf, dtype=torch.float32, device="cpu")
    coded = [part for part in ("inputs", "context") if f"{part}.codes" in numbers]
    return {
        # Categories that training never saw were none to them.
        **{f"{part}.unseen": torch.zeros_like(numbers[f"{part}.codes"], dtype=torch.float32) for part in coded},
        # Targets had no limits,
        "target.lowest": torch.full_like(center, -torch.inf),
        "target.highest": torch.full_like(center, torch.inf),
        # and predictions were not held.
        "hold.low": -held,
        "hold.high": held,
    }


def _plain_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Give the parameters that a file can hold: not callbacks, nor a generator's state."""
    plain = {name: _plain(value) for name, value in parameters.items() if name != "callbacks"}
    if not isinstance(plain["random_state"], int):
        plain["random_state"] = None
    return plain


def _plain_labels(labels: Sequence[object]) -> list[object]:
    """Write infinite numbers, which JSON has none of, as the text that labels are compared as."""
    return [str(label) if isinstance(label, float) and not math.isfinite(label) else label for label in labels]


def _plain(value: object) -> object:
    """Turn NumPy's numbers and arrays, which searches over parameters bring, and torch's devices into Python's."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, torch.device):
        return str(value)
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _arrays(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, NDArray[Any]]:
    return {name: tensor.numpy() for name, tensor in _under(prefix, tensors).items()}


def _with_tuples(values: dict[str, Any]) -> dict[str, Any]:
    """Turn JSON's lists back into the tuples that parameters are."""
    return {name: _tupled(value) for name, value in values.items()}


def _tupled(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    return tuple(map(_tupled, value)) if isinstance(value, list) else value
