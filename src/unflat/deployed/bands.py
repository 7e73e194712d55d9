"""Intervals of an exported model: distances that were learned, times a quantile that was calibrated, in NumPy."""

from __future__ import annotations

import io
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.conformal import Calibration, PredictionInterval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_CALIBRATION = "calibration."


@dataclass(frozen=True, eq=False)
class DeployedBands:
    """What intervals are made of: see `unflat.intervals.Bands`, which does the same with torch.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Those of `Bands.to_arrays`, and under `spread.farthest`, `spread.floor`, `target.center`, `target.scale`,
        `target.lowest` and `target.highest` the limits of the distances, the target's scale and its limits.
    labels : tuple of int, float or str
        What the groups of the calibration are called.
    """

    arrays: Mapping[str, NDArray[Any]]
    labels: tuple[Any, ...] = ()

    @property
    def calibration(self) -> Calibration:
        """The scores of data that the model had not learned from."""
        scores = {n.removeprefix(_CALIBRATION): a for n, a in self.arrays.items() if n.startswith(_CALIBRATION)}
        return Calibration.from_saved(scores, self.labels)

    def bounds(
        self, scaled: NDArray[np.float32], vector: NDArray[np.float32], count: NDArray[np.float64], *, logarithmic: bool
    ) -> PredictionInterval:
        """Go a number of distances to either side of predictions, and back to raw units.

        Parameters
        ----------
        scaled : ndarray of shape (n, outputs)
            Predictions on the target's scale.
        vector : ndarray of shape (n, width)
            What they were made of, the states first.
        count : ndarray of shape (n, outputs)
            How many distances.
        logarithmic : bool
            Whether the target's logarithm was taken before its scale.

        Returns
        -------
        PredictionInterval
            Of shape (n, outputs).
        """
        center = scaled.astype(np.float64)
        reach = count[:, None] * self._distances(scaled, vector)
        ends = np.stack([center - reach[:, 0], center + reach[:, 1]])
        raw = ends * self.arrays["target.scale"] + self.arrays["target.center"]
        raw = np.exp(raw) if logarithmic else raw
        # Files from before there were limits have none.
        low, high = self.arrays.get("target.lowest"), self.arrays.get("target.highest")
        lower, upper = raw if low is None or high is None else np.clip(raw, low, high)
        return PredictionInterval(lower, upper)

    def _distances(self, scaled: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float64]:
        """Give the distances below and above, (n, 2, outputs): see `unflat.intervals.distances.Distances`."""
        of = {name: self.arrays[f"spread.{name}"] for name in ("center", "scale", "weight", "bias", "size", "learned")}
        states = vector[:, : len(of["center"]) - scaled.shape[1]]
        standardized = (np.concatenate([scaled, states], axis=1).astype(np.float64) - of["center"]) / of["scale"]
        farthest = self.arrays["spread.farthest"]
        products = np.clip(standardized, -farthest, farthest) @ of["weight"].astype(np.float64) + of["bias"]
        shares = np.logaddexp(0.0, products) + self.arrays["spread.floor"] if of["learned"] else np.ones_like(products)
        distances: NDArray[np.float64] = (shares * of["size"]).reshape(len(scaled), 2, -1)
        return distances

    def to_text(self) -> str:
        """Write it down for a file's metadata."""
        stream = io.BytesIO()
        np.savez_compressed(stream, **self.arrays)  # type: ignore[arg-type]  # none is called allow_pickle
        return json.dumps({"labels": self.labels, "arrays": b64encode(stream.getvalue()).decode()})

    @classmethod
    def from_text(cls, text: str) -> DeployedBands:
        """Read what `to_text` gave."""
        kept = json.loads(text)
        with np.load(io.BytesIO(b64decode(kept["arrays"])), allow_pickle=False) as arrays:
            return cls(dict(arrays), tuple(kept["labels"]))
