"""Streams: fed one time step at a time, they predict at each."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat._arrays import shaped_as_targets
from unflat.config import AtLeast
from unflat.errors import ConfigurationError, ShapeError, StreamError
from unflat.network.arrays import PredictorArrays
from unflat.sequences import as_numbers
from unflat.streaming.cells import CELLS
from unflat.streaming.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from unflat.network import Predictor
    from unflat.network.arrays import Array
    from unflat.scaling.ranges import InputRange

_MODEL = "model"
"""Under which name a state says of which model it is."""


class Stream:
    """Sequences that grow by a step at a time; made by `LSTMRegressor.stream`.

    Parameters
    ----------
    predictor : Predictor
        Fitted, reading forward only. It is copied: training it further does not change the stream.
    ranges : InputRange
        The range of each raw feature in training.
    streams : int or None
        How many streams there are; None for a single one, whose steps and predictions have no axis of streams.
    one_dimensional : bool
        Whether predictions have no axis of outputs.
    beside : tuple of str
        The names of what stands beside a sequence.

    Raises
    ------
    StreamError
        If the network also reads from the sequence's end.
    ConfigurationError
        If the number of streams is no whole number of at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> from unflat import LSTMRegressor
    >>> X = np.random.default_rng(0).normal(1000, 50, size=(200, 12, 2))
    >>> model = LSTMRegressor(units=(8,), epochs=5, random_state=0).fit(X, X[:, -1, 0])
    >>> stream = model.stream()
    >>> for step in X[0]:
    ...     prediction = stream.feed(step)
    >>> bool(np.isclose(prediction, model.predict(X[:1])[0], rtol=1e-5))
    True
    """

    def __init__(
        self,
        predictor: Predictor,
        ranges: InputRange,
        *,
        streams: int | None = None,
        one_dimensional: bool = True,
        beside: tuple[str, ...] = (),
    ) -> None:
        if streams is not None and not AtLeast(1).admits(streams):
            raise ConfigurationError("stream", "streams", f"{AtLeast(1)} or None", streams)
        _refuse_other_networks(predictor)
        self._arrays = PredictorArrays.of(predictor)
        self._ranges = ranges
        self._beside = beside
        self._features = len(ranges.low)
        self._single = streams is None
        self._one_dimensional = one_dimensional
        self._engine = self._engine_of(streams or 1)
        self._shapes = self._shapes_of(streams or 1)
        self._fingerprint = np.array([_checksum(self._arrays)], dtype=np.uint32)

    def __len__(self) -> int:
        return len(self._engine.steps)

    def __repr__(self) -> str:
        return f"<Stream: {len(self)} of {self._features} features, fed up to {self.steps.max()} steps>"

    def __getstate__(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Give a copy or another process all but the engine, whose parts see each other's arrays and none of a copy."""
        return {name: value for name, value in vars(self).items() if name != "_engine"}, self.state()

    def __setstate__(self, given: tuple[dict[str, Any], dict[str, Array]]) -> None:
        attributes, state = given
        vars(self).update(attributes)
        self._engine = self._engine_of(len(state["steps"]))
        self.restore(state)

    @property
    def steps(self) -> NDArray[np.int64]:
        """How many steps each stream has been fed since it began, of shape (streams,)."""
        counts: NDArray[np.int64] = self._engine.steps[:, 0].astype(np.int64)
        return counts

    def feed(
        self, x: ArrayLike, streams: ArrayLike | None = None, *, context: ArrayLike | None = None
    ) -> Array | np.float64:
        """Feed the next step, and predict.

        Time and memory are the same for every step. The prediction equals, up to the rounding of float32, that of
        `LSTMRegressor.predict` for a list that holds the sequence so far.

        Parameters
        ----------
        x : array-like of shape (streams, features), or (features,) for a single stream
            Raw units, NaN where a value is missing. With one feature, its axis can be left out.
        streams : array-like of int, optional
            The numbers of the streams to feed, each once, as many as x has rows; the others wait. Without it, all.
        context : array-like of shape (streams, columns), or (columns,) for a single stream
            For a model that was fitted with known or static columns: what stands beside the sequence so far, in raw
            units, in the order of `model.schema_.beside`. What is known in advance is known of the rows to be predicted
            after this step; categories are codes, in the order of `model.schema_.categories`.

        Returns
        -------
        ndarray of shape (streams,) or (streams, outputs), float64; a number or (outputs,) for a single stream
            Predictions in the target's units, in the form that y had in training.

        Raises
        ------
        ShapeError
            If x has another number of features or streams, or the context of columns.
        NonFiniteError
            If a value is infinite.
        StreamError
            If there is no stream of a number, or one is named twice; if a context is missing, or the model has none.

        Warns
        -----
        MissingValuesWarning
            If a value is missing in a feature that was complete in training.
        OutOfRangeWarning
            If a value lies far outside of the range that training saw.
        """
        if streams is not None:
            return self._feed_some(x, streams, context)
        self._engine.advance(self._rows(x, self._shapes, len(self)), self._besides(context, len(self)))
        return self._shown(self._engine.predict())

    def predict(self) -> Array | np.float64:
        """Predict from what was fed so far, without a new step.

        Returns
        -------
        ndarray or float
            What the last `feed` of each stream gave.

        Raises
        ------
        StreamError
            If a stream has not been fed yet.
        """
        waiting = np.flatnonzero(self._engine.steps == 0)
        if len(waiting):
            raise StreamError(
                "The prediction of a stream", "at least one step in each", f"none in stream {waiting[0]}",
                "Feed a step first.",
            )  # fmt: skip
        return self._shown(self._engine.predict())

    def reset(self, streams: ArrayLike | None = None) -> None:
        """Begin anew.

        Parameters
        ----------
        streams : array-like of int, optional
            The numbers of the streams that begin anew; without it, all.

        Raises
        ------
        StreamError
            If there is no stream of a number.
        """
        self._engine.reset(slice(None) if streams is None else self._numbers(streams))

    def state(self) -> dict[str, Array]:
        """Copy all that the streams remember.

        Returns
        -------
        dict of str to ndarray
            Plain arrays, for `numpy.savez` or any other store; as large for long streams as for short ones.
        """
        return {_MODEL: self._fingerprint.copy()} | {name: a.copy() for name, a in self._engine.state.items()}

    def restore(self, state: Mapping[str, ArrayLike]) -> None:
        """Go on from where a state was taken.

        Parameters
        ----------
        state : mapping of str to array-like
            What `state` gave, of a stream of the same model and the same number of streams.

        Raises
        ------
        StreamError
            If it is no mapping, of another model or number of streams, or incomplete; the stream stays as it was.
        """
        if not isinstance(state, Mapping):
            raise StreamError(
                "The state", "what state() gave, or numpy.load of it", f"a value of type {type(state).__name__}",
                "Pass the dictionary, or the opened file, itself.",
            )  # fmt: skip
        kept = {name: np.asarray(state[name]) for name in state}
        live = {_MODEL: self._fingerprint, **self._engine.state}
        for name, array in live.items():
            if name not in kept or kept[name].shape != array.shape:
                found = f"an array of shape {kept[name].shape}" if name in kept else "a state without it"
                raise StreamError(
                    f"The array {name!r} of the state", f"shape {array.shape}", found,
                    "Restore what state() gave, into as many streams of the same model.",
                )  # fmt: skip
        if kept[_MODEL] != self._fingerprint:
            raise StreamError(
                "The state", "one of the same model", "one of a model with other weights or scales",
                "Restore it into a stream of the model that it was taken from.",
            )  # fmt: skip
        for name, array in self._engine.state.items():
            array[...] = kept[name]

    def _engine_of(self, streams: int) -> Engine:
        return Engine(self._arrays, self._ranges, streams, self._beside)

    def _shapes_of(self, streams: int) -> tuple[tuple[int, ...], ...]:
        """Give the shapes that a step may have, the full one first."""
        if self._single:
            return ((self._features,), ()) if self._features == 1 else ((self._features,),)
        return ((streams, self._features), (streams,)) if self._features == 1 else ((streams, self._features),)

    def _rows(self, x: ArrayLike, shapes: tuple[tuple[int, ...], ...], streams: int) -> Array:
        if type(x) is not np.ndarray or x.dtype != np.float64:
            x = np.asarray(as_numbers(x, "x"), dtype=np.float64)
        if x.shape not in shapes:
            raise ShapeError(
                "x", f"shape {shapes[0]}, {self._features} features of each stream as in training", x.shape,
                "Feed one time step: the same features in the same order.",
            )  # fmt: skip
        return x.reshape(streams, self._features)

    def _besides(self, context: ArrayLike | None, streams: int) -> Array | None:
        """Check what stands beside streams: (streams, columns), float64; None where nothing does."""
        if (context is not None) != bool(self._beside):
            raise StreamError(
                "The step of a stream", f"{', '.join(self._beside) or 'nothing'} beside it, as in training",
                "nothing" if context is None else "a context",
                "Feed these columns as context=." if self._beside else "Feed the step alone.",
            )  # fmt: skip
        if context is None:
            return None
        values = np.asarray(as_numbers(context, "context"), dtype=np.float64)
        shape = (len(self._beside),) if self._single else (streams, len(self._beside))
        if values.shape != shape:
            raise ShapeError(
                "context", f"shape {shape}: {', '.join(self._beside)} of each stream", values.shape,
                "Feed one row for each stream, with these columns in this order.",
            )  # fmt: skip
        return values.reshape(streams, -1)

    def _shown(self, predictions: Array) -> Array | np.float64:
        """Give predictions the form that y had."""
        shown = shaped_as_targets(predictions, one_dimensional=self._one_dimensional)
        return shown[0] if self._single else shown

    def _feed_some(self, x: ArrayLike, streams: ArrayLike, context: ArrayLike | None) -> Array | np.float64:
        """Feed some of the streams, by an engine of their own that takes over their state and gives it back."""
        numbers = self._numbers(streams)
        engine = self._engine_of(len(numbers))
        rows, beside = self._rows(x, self._shapes_of(len(numbers)), len(numbers)), self._besides(context, len(numbers))
        for name, array in engine.state.items():
            array[...] = self._engine.state[name][numbers]
        engine.advance(rows, beside)
        for name, array in engine.state.items():
            self._engine.state[name][numbers] = array
        return self._shown(engine.predict())

    def _numbers(self, streams: ArrayLike) -> NDArray[np.int64]:
        numbers = np.atleast_1d(np.asarray(streams))
        whole = numbers.ndim == 1 and numbers.dtype.kind in "iu" and len(numbers) > 0
        if not (whole and ((numbers >= 0) & (numbers < len(self))).all() and len(np.unique(numbers)) == len(numbers)):
            raise StreamError(
                "The numbers of streams", f"whole numbers from 0 to {len(self) - 1}, each once", repr(streams),
                "Name streams by their place.",
            )  # fmt: skip
        return numbers


def _refuse_other_networks(predictor: Predictor) -> None:
    config = predictor.network.config
    if config.bidirectional:
        raise StreamError(
            "The stream of a model", "a network that reads forward only", "bidirectional=True",
            "It reads each sequence from its end, which a stream does not have yet: fit with bidirectional=False, or "
            "predict for the sequence so far.",
        )  # fmt: skip
    if config.cell not in CELLS:
        known = ", ".join(map(repr, CELLS))
        raise StreamError("The stream of a model", f"one of the cells {known}", repr(config.cell), "Use predict.")


def _checksum(arrays: PredictorArrays) -> int:
    """Tell models apart by all that they are made of: weights, scales, limits, and in what order they are used."""
    checksum = 0
    for part in _parts(arrays):
        checksum = zlib.crc32(part, checksum)
    return checksum


def _parts(value: object) -> Iterator[bytes]:
    """Give the content of all arrays, words and switches within a value, in one order."""
    if isinstance(value, np.ndarray):
        yield repr(value.shape).encode() + np.ascontiguousarray(value).tobytes()
    elif isinstance(value, str | bool):
        yield repr(value).encode()
    elif isinstance(value, tuple):
        for part in value:
            yield from _parts(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
