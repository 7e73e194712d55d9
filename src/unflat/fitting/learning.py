"""From prepared networks to trained ones: each learns from its part, and all go as far from their lines as pays."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from unflat.fitting.picking import NOTHING_PICKED
from unflat.history import History
from unflat.network import assembled
from unflat.parting.moderation import Move, is_moderated, mean_of, settle
from unflat.sequences.batches import BatchSource
from unflat.sequences.folds import places_apart
from unflat.training.examples import Examples
from unflat.training.loop import Trained, errors_on, train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from unflat.config import TrainingConfig
    from unflat.dataset import Dataset
    from unflat.fitting.picking import Picks
    from unflat.network import Network, Predictor
    from unflat.parting import Part, Parting
    from unflat.parting.moderation import Settled
    from unflat.training.loop import Conduct


def examples(data: Dataset, predictor: Predictor) -> Examples:
    """Make a data set ready to be drawn from, its targets scaled once."""
    return Examples(
        BatchSource(data.sequences),
        predictor.inputs,
        predictor.target(torch.from_numpy(data.y)).float(),
        None if data.weights is None else torch.from_numpy(data.weights / data.weights.mean()).float(),
        predictor.context,
    )


def learn(
    predictor: Predictor,
    parting: Parting,
    config: TrainingConfig,
    conduct: Conduct,
    *,
    moments: Sequence[dict[str, Any] | None] | None = None,
    picks: Picks = NOTHING_PICKED,
) -> tuple[Trained, ...]:
    """Train a predictor's networks, one after the other, on a device and bring them back.

    They differ by their initial weights, by the order in which each sees the sequences, and by what each holds out
    where they hold out different parts.

    Parameters
    ----------
    predictor : Predictor
        What `prepare` made; its networks are trained in place.
    parting : Parting
        What each learns from, and what is held out of it.
    config : TrainingConfig
        Loss, schedule, limits.
    conduct : Conduct
        Where it computes, what it draws by, who looks on, and what is kept.
    moments : sequence of dict or None, or None
        Of each network, the optimizer's moments of an earlier training to go on from.
    picks : Picks
        Lines that networks are mixed with, as far as these pay.

    Returns
    -------
    tuple of Trained
        What each training left; none follows one that was interrupted, and there are none of networks
        without a line where these are not worth their while. Networks that have none are of no further use.
    """
    trained: list[Trained] = []
    moved: list[_Moved] = []
    for place, (member, part) in enumerate(zip(predictor.members, parting.of_each, strict=True)):
        one, move = _learn_one(
            member,
            part,
            config,
            conduct,
            moments=None if moments is None else moments[place],
            turn=(place + 1, len(parting.of_each)),
        )
        trained.append(one)
        moved += [] if move is None else [move]
        if one.history.stopped == "interrupted" or _nothing_is_left(trained, parting):
            break
    kept = parting.kept(len(trained))
    if moved and kept.held_out is not None:
        moves, apart = _moves(moved, kept, picks), places_apart(kept.held_out.sequences)
        settled = settle(moves, apart, ends_series=kept.held_out.goes_on)
        # The history of an interrupted training is to be told of.
        if not settled.of_free.any() and trained[-1].history.stopped != "interrupted":
            kept = kept.kept(len(kept.at_line))
        _moderate(moved, kept, settled)
        if settled.of_picks.any():
            _mix(predictor, kept, picks, settled.of_picks)
    return tuple(trained[: len(kept.of_each)])


def _nothing_is_left(trained: Sequence[Trained], parting: Parting) -> bool:
    """Whether all networks at their lines have ended where nothing is left to learn, for those without one either."""
    return len(trained) == len(parting.at_line) and all(one.history.stopped == "exact" for one in trained)


class _Moved(NamedTuple):
    """A trained network, the skip's map that it began at, and its errors on what it holds out, before and after."""

    network: Network
    start: dict[str, Tensor]
    before: Tensor
    after: Tensor


def _learn_one(
    predictor: Predictor,
    part: Part,
    config: TrainingConfig,
    conduct: Conduct,
    *,
    moments: dict[str, Any] | None,
    turn: tuple[int, int],
) -> tuple[Trained, _Moved | None]:
    (network,) = predictor.network.members
    network.to(conduct.runtime.device)
    judged = None if part.held_out is None else examples(part.held_out, predictor)
    # Where errors are judged by something else than squares, no share of the way is best.
    line = network.skip if judged is not None and is_moderated(network.config, config.loss) else None
    start = {} if line is None else {name: tensor.clone() for name, tensor in line.map.state_dict().items()}
    before = None if line is None or judged is None else errors_on(network, judged, conduct.runtime)
    try:
        for callback in conduct.callbacks:
            callback.on_model(predictor, config)
        learned_from = examples(part.training, predictor)
        trained = train(network, learned_from, judged, config, conduct, moments=moments, turn=turn)
        if before is None or judged is None:
            return trained, None
        return trained, _Moved(network, start, before, errors_on(network, judged, conduct.runtime))
    finally:
        network.to("cpu")


def _moves(moved: Sequence[_Moved], parting: Parting, picks: Picks) -> list[Move]:
    """Say of each part how its networks err on what they hold out, at their lines and where training has moved them."""
    return [
        Move(
            moved[part.members[0]].before,
            mean_of([moved[place].after for place in part.at_line]),
            mean_of([moved[place].after for place in part.free]) if part.free else None,
            None if held_out.weights is None else torch.from_numpy(held_out.weights),
            picked,
        )
        for (part, held_out), picked in zip_longest(parting.held_out_parts, picks.errors[: len(parting.parts)])
    ]


def _moderate(moved: Sequence[_Moved], parting: Parting, settled: Settled) -> None:
    """Weigh trained networks, and move them back towards their lines, so that their mean is what was settled."""
    networks = len(parting.of_each)
    for part in parting.parts:
        line = moved[part.members[0]].start
        for places, count in _counts(part, settled).items():
            for place in places:
                # The mean is that of all networks, and should be that of the parts.
                moved[place].network.weigh(count * networks / len(parting.parts) / len(places))
                moved[place].network.moderate(settled.share, line)


def _mix(predictor: Predictor, parting: Parting, picks: Picks, share: Tensor) -> None:
    """Move the networks of each part to their share of the way to its line that picks."""
    members = predictor.network.members[: len(parting.of_each)]
    for part, line in zip(parting.parts, picks.lines, strict=False):  # after Ctrl-C there are fewer parts
        for place in part.members:
            members[place].mix_with(line, picks.bounds, share)
    predictor.network = assembled(members)  # which read other terms now


def _counts(part: Part, settled: Settled) -> dict[tuple[int, ...], Tensor]:
    """Say how much each kind of a part's networks counts, output by output."""
    if not part.free:
        return {part.at_line: torch.ones_like(settled.of_free)}
    return {part.at_line: 1 - settled.of_free, part.free: settled.of_free}


def continued(histories: Sequence[History], later: Sequence[History]) -> tuple[History, ...]:
    """Append trainings that went on from earlier ones; after Ctrl-C there are fewer of them."""
    return tuple(before + after for before, after in zip_longest(histories, later, fillvalue=History()))
