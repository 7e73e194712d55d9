"""scikit-learn's contract of an estimator, kept without loading scikit-learn until scikit-learn itself asks.

Loading it takes longer than fitting some thousand sequences, and a script that fits and predicts needs nothing of it.
"""

from __future__ import annotations

from copy import deepcopy
from inspect import signature
from typing import TYPE_CHECKING, Any, Self

from unflat.errors import UnknownParameterError

if TYPE_CHECKING:
    from sklearn.utils import Tags
    from sklearn.utils.metadata_routing import MetadataRequest

_UNCHANGED = "$UNCHANGED$"
"""What a request stays at that is not mentioned; scikit-learn's own word for it."""

_METADATA = {
    "fit": ("sample_weight", "groups", "validation"),
    "partial_fit": ("sample_weight",),
    "score": ("sample_weight",),
}
"""What each method takes beside X and y."""


class SequenceRegressor:
    """A regressor as scikit-learn's tools know one: `clone`, `GridSearchCV`, `Pipeline`, routing, pictures.

    It does for a regressor without estimators among its parameters what `sklearn.base.BaseEstimator` does. A subclass
    has a constructor that does no more than keep its parameters, all by keyword.
    """

    _metadata_request: MetadataRequest

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        """Name the parameters, with what they are if nothing is said."""
        return {name: parameter.default for name, parameter in signature(cls).parameters.items()}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Give the parameters.

        Parameters
        ----------
        deep : bool
            Changes nothing: no parameter is an estimator.

        Returns
        -------
        dict
            Names and values.
        """
        return {name: getattr(self, name) for name in sorted(self._defaults())}

    def set_params(self, **parameters: Any) -> Self:  # noqa: ANN401 - parameters of every kind
        """Set parameters.

        Parameters
        ----------
        **parameters
            By name.

        Returns
        -------
        SequenceRegressor
            This estimator.

        Raises
        ------
        UnknownParameterError
            If there is none of that name; then none is set.
        """
        known = sorted(self._defaults())
        for name in parameters:
            if name not in known:
                raise UnknownParameterError(type(self).__name__, name, known)
        for name, value in parameters.items():
            setattr(self, name, value)
        return self

    def get_metadata_routing(self) -> MetadataRequest:
        """Say what of sample weights, groups and validation data each method wants to be handed on to it.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRequest
            What `set_fit_request`, `set_partial_fit_request` and `set_score_request` have asked for.
        """
        from sklearn.utils.metadata_routing import MetadataRequest  # noqa: PLC0415 - only scikit-learn asks for it

        if hasattr(self, "_metadata_request"):
            return deepcopy(self._metadata_request)
        request = MetadataRequest(owner=self)
        for method, names in _METADATA.items():
            for name in names:
                getattr(request, method).add_request(param=name, alias=None)
        return request

    def set_fit_request(
        self,
        *,
        sample_weight: bool | str | None = _UNCHANGED,
        groups: bool | str | None = _UNCHANGED,
        validation: bool | str | None = _UNCHANGED,
    ) -> Self:
        """Say what a tool of scikit-learn's is to hand on to `fit`, where routing of metadata is enabled.

        Parameters
        ----------
        sample_weight, groups, validation : bool, str or None
            True asks for it, False ignores it, None makes it an error, a text asks for it under that name.

        Returns
        -------
        SequenceRegressor
            This estimator.

        Raises
        ------
        RuntimeError
            If routing is not enabled, so that nothing would be handed on.
        """
        return self._request("fit", sample_weight=sample_weight, groups=groups, validation=validation)

    def set_partial_fit_request(self, *, sample_weight: bool | str | None = _UNCHANGED) -> Self:
        """Say what is to be handed on to `partial_fit`, as `set_fit_request` does.

        Parameters
        ----------
        sample_weight : bool, str or None
            As there.

        Returns
        -------
        SequenceRegressor
            This estimator.
        """
        return self._request("partial_fit", sample_weight=sample_weight)

    def set_score_request(self, *, sample_weight: bool | str | None = _UNCHANGED) -> Self:
        """Say what is to be handed on to `score`, as `set_fit_request` does.

        Parameters
        ----------
        sample_weight : bool, str or None
            As there.

        Returns
        -------
        SequenceRegressor
            This estimator.
        """
        return self._request("score", sample_weight=sample_weight)

    def _request(self, method: str, **wanted: bool | str | None) -> Self:
        from sklearn import get_config  # noqa: PLC0415 - only scikit-learn's tools read requests

        if not get_config()["enable_metadata_routing"]:
            raise RuntimeError(
                f"set_{method}_request is only available when metadata routing is enabled: nothing would be handed on. "
                "You can enable it using sklearn.set_config(enable_metadata_routing=True)."
            )
        request = self.get_metadata_routing()
        for name, alias in wanted.items():
            if alias != _UNCHANGED:
                getattr(request, method).add_request(param=name, alias=alias)
        self._metadata_request = request
        return self

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn what this estimator takes, and that it is a regressor."""
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags  # noqa: PLC0415 - only scikit-learn asks

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=True, multi_output=True),
            regressor_tags=RegressorTags(),
            input_tags=InputTags(three_d_array=True, allow_nan=True),
        )

    def __repr__(self) -> str:
        """Write the call that makes this estimator: the parameters that are not as they are by themselves."""
        given, defaults = self.get_params(), self._defaults()
        changed = [f"{name}={given[name]!r}" for name in defaults if repr(given[name]) != repr(defaults[name])]
        return f"{type(self).__name__}({', '.join(changed)})"

    def _repr_html_(self) -> str:
        """Draw it as scikit-learn draws estimators in a notebook."""
        from sklearn.utils import estimator_html_repr  # noqa: PLC0415 - in a notebook only

        return str(estimator_html_repr(self))


def check_is_fitted(model: object) -> None:
    """Insist that a regressor has been fitted.

    Parameters
    ----------
    model : object
        The regressor.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If it has not been.
    """
    if not hasattr(model, "predictor_"):
        from sklearn.utils.validation import check_is_fitted  # noqa: PLC0415 - where all is in vain

        check_is_fitted(model, "predictor_")
