"""What the skip reads of a sequence: steps, their mean, extremes, and products where these tell more than a line can.

A sum of what is read, each with its weight, is a line; with products of pairs it is the second-order series of
Volterra and Wiener (Schetzen, The Volterra and Wiener Theories of Nonlinear Systems, 1980), cut off after some steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from unflat.network.steps import last_step, max_over_steps, mean_over_steps, steps_before_last, valid_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.config import NetworkConfig


class Terms(NamedTuple):
    """Which terms the skip reads, beside the last step, the mean step and the context.

    Parameters
    ----------
    lags : int
        Steps before the last.
    moments : bool
        Whether it reads products of a step's features in pairs, on average over steps.
    products : int
        The latest steps, the last included, of whose numbers it reads all products in pairs.
    extremes : bool
        Whether it reads the largest and the smallest value of each feature.
    first : bool
        Whether it reads the first step.
    """

    lags: int = 0
    moments: bool = False
    products: int = 0
    extremes: bool = False
    first: bool = False

    @classmethod
    def of(cls, config: NetworkConfig) -> Terms:
        """Take them from a network's shape."""
        return cls(config.lags, config.moments, config.products, config.extremes, config.first)

    @property
    def curved(self) -> bool:
        """Whether there are products among them."""
        return self.moments or self.products > 0

    @property
    def many(self) -> bool:
        """Whether there are more than the last and the mean step."""
        return self.curved or self.extremes or self.first or self.lags > 0

    def widths(self, features: int) -> tuple[int, ...]:
        """Count the columns of each kind: last and mean step, lags, moments, products, extremes, first step."""
        moments = pairs(features) if self.moments else 0
        extremes = 2 * features if self.extremes else 0
        first = features if self.first else 0
        return 2 * features, self.lags * features, moments, pairs(self.products * features), extremes, first

    def width(self, features: int) -> int:
        """Count all columns but the context's."""
        return sum(self.widths(features))

    def moments_among(self, features: int) -> slice:
        """Say which columns of a summary are mean products."""
        last_and_mean, lags, moments, *_ = self.widths(features)
        return slice(last_and_mean + lags, last_and_mean + lags + moments)

    def most_of_products(self, reach: Tensor) -> Tensor:
        """Say how large each product can be, of values that reach so far from zero.

        Parameters
        ----------
        reach : Tensor of shape (features,)
            The largest absolute value of each feature that enters a product.

        Returns
        -------
        Tensor of shape (mean products + products,)
            In the order of a summary.
        """
        row, column = _upper(len(reach), reach.device)
        moments = [reach[row] * reach[column]] if self.moments else []
        return torch.cat([*moments, _products(reach.repeat(self.products)[None])[0]])

    def products_among(self, features: int) -> slice:
        """Say which columns of a summary are products, mean ones included."""
        last_and_mean, lags, moments, products, *_ = self.widths(features)
        return slice(last_and_mean + lags, last_and_mean + lags + moments + products)

    def columns_among(self, richest: Terms, features: int, context: int) -> NDArray[np.int64]:
        """Find the places of these terms among those of richer ones.

        Parameters
        ----------
        richest : Terms
            As many lags or more, and products of as many steps or more.
        features : int
            Features of a step.
        context : int
            Numbers beside a sequence, the last columns.

        Returns
        -------
        ndarray of int64
            Their places.
        """
        lasts, lags, moments, _, extremes, first = self.widths(features)
        kinds = [np.arange(width) for width in (lasts, lags, moments)]
        row, column = np.triu_indices(richest.products * features)
        latest = self.products * features
        kinds.append(np.flatnonzero((row < latest) & (column < latest)))
        kinds += [np.arange(width) for width in (extremes, first, context)]
        begins = np.cumsum([0, *richest.widths(features)])
        return np.concatenate([begin + kind for begin, kind in zip(begins, kinds, strict=True)])

    def least(self, read: NDArray[np.bool_], features: int) -> Terms:
        """Give the fewest of these terms among which certain columns are.

        Parameters
        ----------
        read : ndarray of shape (width,), bool
            Which columns of a summary of these terms are needed.
        features : int
            Features of a step.

        Returns
        -------
        Terms
            Those of the kinds that are needed, and of them the latest steps only.
        """
        ends = np.cumsum(self.widths(features))
        _, lags, moments, products, extremes, first = np.split(read[: ends[-1]], ends[:-1])
        column = np.triu_indices(self.products * features)[1]
        return Terms(
            -(-(int(np.flatnonzero(lags).max(initial=-1)) + 1) // features),
            bool(moments.any()),
            -(-(int(column[products].max(initial=-1)) + 1) // features),
            bool(extremes.any()),
            bool(first.any()),
        )


def pairs(count: int) -> int:
    """Count the products of so many numbers in pairs, squares included."""
    return count * (count + 1) // 2


def summary(
    x: Tensor,
    lengths: Tensor | None,
    context: Tensor | None = None,
    terms: Terms | None = None,
    bounds: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """Put what the skip reads of each sequence side by side.

    Parameters
    ----------
    x : Tensor of shape (B, T, F)
        Scaled sequences.
    lengths : Tensor of shape (B,) or None
        Steps of each; None where all have T.
    context : Tensor of shape (B, C) or None
        What stands beside each.
    terms : Terms or None
        What is read beside the last and the mean step; of steps before the last, the first step stands for those
        before it.
    bounds : tuple of two Tensors of shape (F,), or None
        The least and the largest value of each feature that enters a product; what lies beyond enters as the nearest
        of the two. Needed where there are products.

    Returns
    -------
    Tensor of shape (B, terms.width(F) + C)
        The last step, the mean step, the steps before the last beginning with the latest, the mean products, the
        products of the latest steps, the largest and the smallest values, the first step, and the context.
    """
    terms = terms or Terms()
    parts = [last_step(x, lengths), mean_over_steps(x, lengths)]
    if terms.lags:
        parts.append(steps_before_last(x, lengths, terms.lags).flatten(1))
    if bounds is not None:
        held = x.clamp(*bounds)
        if terms.moments:
            parts.append(_mean_products(held, lengths))
        if terms.products:
            parts.append(_products(_latest(held, lengths, terms.products)))
    if terms.extremes:
        parts += [max_over_steps(x, lengths), -max_over_steps(-x, lengths)]
    if terms.first:
        parts.append(x[:, 0])
    return torch.cat(parts if context is None else [*parts, context], dim=-1)


def _latest(x: Tensor, lengths: Tensor | None, count: int) -> Tensor:
    """Take each sequence's latest steps, the last first: (B, T, F) to (B, count * F)."""
    before = steps_before_last(x, lengths, count - 1)
    return torch.cat([last_step(x, lengths)[:, None], before], dim=1).flatten(1)


def _mean_products(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Average the products of a step's features: (B, T, F) to (B, F (F + 1) / 2), row by row of the upper triangle."""
    row, column = _upper(x.shape[-1], x.device)
    kept = x if lengths is None else x.masked_fill(~valid_steps(lengths, x.shape[1]), 0.0)
    steps = x.shape[1] if lengths is None else lengths[:, None, None].to(x.dtype)
    return (kept.mT @ kept / steps)[:, row, column]


def _products(values: Tensor) -> Tensor:
    """Multiply numbers in pairs: (B, W) to (B, W (W + 1) / 2), row by row of the upper triangle."""
    row, column = _upper(values.shape[-1], values.device)
    return values[:, row] * values[:, column]


def _upper(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    row, column = torch.triu_indices(size, size, device=device)
    return row, column
