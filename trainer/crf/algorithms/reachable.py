"""The states that the masks leave reachable: a forbidden state has not run out of digits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trainer.crf.arguments.potentials import Potentials


class Reachable(NamedTuple):
    """The tags that a legal path can have at each distance from an end of the sentence.

    Row d of a table is for d steps from that end; the last row is also for all later ones.
    """

    from_start: np.ndarray  # bool[D, K]
    from_end: np.ndarray  # bool[D', K]


def reachable(potentials: Potentials) -> Reachable | None:
    """Compute the tables of the masks; None if a mask is known only in the graph, or the sets never settle."""
    masks = potentials.masks
    if masks is None:
        return None
    if all(mask is None for mask in masks):
        everywhere = np.ones([1, potentials.transitions.shape[0] or 1], bool)
        return Reachable(everywhere, everywhere)
    tags = next(mask.shape[-1] for mask in masks if mask is not None)
    steps = np.ones([tags, tags], bool) if masks.allowed is None else masks.allowed
    from_start = _spread(np.ones(tags, bool) if masks.start is None else masks.start, steps)
    from_end = _spread(np.ones(tags, bool) if masks.end is None else masks.end, steps.T)
    if from_start is None or from_end is None:
        return None
    return Reachable(from_start, from_end)


def _spread(first: np.ndarray, steps: np.ndarray) -> np.ndarray | None:
    """List the sets reached after 0, 1, ... steps until they stop changing: bool[D, K]; None if they alternate."""
    rows, seen = [first], {first.tobytes()}
    while True:
        following = rows[-1] @ steps  # booleans: any predecessor reached
        if (following == rows[-1]).all():
            return np.stack(rows)
        if following.tobytes() in seen:
            return None
        seen.add(following.tobytes())
        rows.append(following)
