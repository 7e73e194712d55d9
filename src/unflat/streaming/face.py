"""What an estimator shows of streaming."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unflat.contract import check_is_fitted
from unflat.streaming.stream import Stream

if TYPE_CHECKING:
    from unflat.network import Predictor
    from unflat.scaling.ranges import InputRange
    from unflat.windows import WindowSchema


class StreamMixin:
    """Streams, for an estimator with `predictor_`."""

    predictor_: Predictor
    input_range_: InputRange
    schema_: WindowSchema | None
    flat_target_: bool

    def stream(self, streams: int | None = None) -> Stream:
        """Begin to predict step by step.

        Each step fed gives the prediction for the sequence so far, which is `predict`'s up to the rounding of float32,
        in the same time and memory however long the sequence has become. A model that was fitted on sequences of one
        length has learned what that length means: feed as many, and `reset`.

        Parameters
        ----------
        streams : int, optional
            How many sequences advance side by side. Without it, one, whose steps and predictions have no axis of
            streams.

        Returns
        -------
        Stream
            With `feed`, `predict`, `reset`, `state` and `restore`. It keeps the weights of now: training on does not
            reach it.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        StreamError
            If the network also reads sequences from their end.
        ConfigurationError
            If the number of streams is no whole number of at least 1.
        """
        check_is_fitted(self)
        beside = () if self.schema_ is None else self.schema_.beside
        return Stream(
            self.predictor_, self.input_range_, streams=streams, one_dimensional=self.flat_target_, beside=beside
        )
