"""From a data set to a predictor before its first step: scales, and the weights that training begins at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from unflat.errors import ConstantTargetError
from unflat.fitting.starting import starts_of
from unflat.fitting.strangers import levels_of
from unflat.network import Predictor, make_network
from unflat.network.embedding import MOST_ONE_HOT
from unflat.scaling.limits import limits_of
from unflat.scaling.scales import fit_affine, fit_context_scaling, fit_input_scaling, fit_target_scaler

if TYPE_CHECKING:
    from unflat.config import NetworkConfig, ScalingConfig
    from unflat.dataset import Dataset
    from unflat.parting import Parting
    from unflat.scaling.scales import InputScaling


@dataclass(frozen=True, eq=False)
class Prepared:
    """A predictor before its first step, its scales fitted.

    Parameters
    ----------
    predictor : Predictor
        Scales and initial weights.
    constant : tuple of str
        Features with one value in all training rows.
    """

    predictor: Predictor
    constant: tuple[str, ...]


def prepare(parting: Parting, config: NetworkConfig, scales: ScalingConfig, generator: torch.Generator) -> Prepared:
    """Fit the scales on what is learned from, and draw the initial weights.

    Parameters
    ----------
    parting : Parting
        What networks learn from; all of it is what scales are fitted on, and what each begins at, on its own part.
        What all hold out may speak against the line that training would begin at, and for the last value; and against
        limits of the target.
    config : NetworkConfig
        The network's shape.
    scales : ScalingConfig
        Which scales.
    generator : torch.Generator
        Draws the weights.

    Returns
    -------
    Prepared
        The predictor, and what was noticed.

    Raises
    ------
    ConstantTargetError
        If an output has one value throughout.
    ScaleDomainError
        If the logarithm of a target does not exist, held-out ones included.
    """
    training, validation = parting.whole, None if parting.crossed else parting.held_out
    _refuse_constant(training)
    inputs, constant = fit_input_scaling(training.sequences, scales.scale_inputs)
    judged = None if validation is None else validation.y
    limits = limits_of(training.y, scales.target_range, training.names, judged)
    target = fit_target_scaler(training.y, scales.scale_target, training.names, limits)
    if judged is not None:
        target.refuse(judged, training.names)
    context, constant_beside = fit_context_scaling(training.sequences, scales.scale_inputs)
    starts = starts_of(inputs, context, target, parting) if config.skip else ()
    asks = config.input_noise is None and training.for_other_series
    levels = levels_of(inputs, target, training) if asks or config.input_noise else None
    if config.input_noise is None:
        config = replace(config, input_noise=0.0 if levels is None else levels.noise)
    read = starts[0].line.terms._asdict() if starts else {}
    config = replace(config, n_members=len(parting.of_each), embedded=_embedded(inputs), **read)
    network = make_network(
        config,
        features=inputs.width,
        outputs=training.y.shape[1],
        generator=generator,
        context=0 if context is None else context.width,
    )
    for place, (member, start) in enumerate(zip(network.members, starts, strict=bool(starts))):
        if place in parting.at_line:
            member.start_at(start.line, start.bounds)
        else:
            member.start_at(start.line.silent, start.bounds, generator)
    for member in network.members:
        if member.noise is not None and levels is not None:
            member.noise.deviations[: len(levels.between)] = torch.from_numpy(levels.between)
    names = [repr(training.sequences.context_names[column]) for column in constant_beside]
    predictor = Predictor(inputs, network, target, context)
    return Prepared(predictor, (*map(training.sequences.feature, constant), *names))


def _embedded(inputs: InputScaling) -> tuple[tuple[int, int], ...]:
    """Find the columns of many categories: the first indicator of each, and how many it has."""
    columns, counts = np.unique(inputs.code_columns.numpy(), return_counts=True)
    firsts = len(inputs.numeric) + len(inputs.with_missing) + np.concatenate([[0], np.cumsum(counts)[:-1]])
    many = counts[: len(columns)] > MOST_ONE_HOT
    return tuple(zip(firsts[many].astype(int).tolist(), counts[many].tolist(), strict=True))


def _refuse_constant(training: Dataset) -> None:
    for name, column in zip(training.names, training.y.T, strict=True):
        if fit_affine(column, "standard").constant:
            raise ConstantTargetError(name, float(column[0]), len(column))
