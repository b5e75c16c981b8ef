"""What static masks leave reachable: needed to tell a forbidden state from one whose probability ran out
of digits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from trainer.crf.arguments import Chain


class Reach(NamedTuple):
    """Which tags a legal path can hold so many steps from an end of the sentence.

    Row d of a table tells it for d steps from that end; the last row stands for all later ones.
    """

    from_start: np.ndarray  # bool[D, K]
    from_end: np.ndarray  # bool[D', K]


def reach(chain: Chain) -> Reach | None:
    """The tables of a chain; None where there are none: masks known only in the graph, or sets that
    never settle."""
    tags = chain.transitions.shape[0]
    if not chain.masks_known:
        return None
    masks = (chain.allowed, chain.allowed_start, chain.allowed_end)
    if all(mask is None for mask in masks):
        everywhere = np.ones([1, 1 if tags is None else tags], bool)
        return Reach(everywhere, everywhere)
    tags = next(mask.shape[-1] for mask in masks if mask is not None)
    steps = np.ones([tags, tags], bool) if chain.allowed is None else chain.allowed
    from_start = _spread(np.ones(tags, bool) if chain.allowed_start is None else chain.allowed_start, steps)
    from_end = _spread(np.ones(tags, bool) if chain.allowed_end is None else chain.allowed_end, steps.T)
    if from_start is None or from_end is None:
        return None
    return Reach(from_start, from_end)


def refuse_forbidden(tags: tf.Tensor, chain: Chain) -> None:
    """Says where gold tags break the masks, when both are known before the graph runs.

    Raises:
        ValueError: with the row and the position of the first tag that may not stand there.
    """
    known, lengths = tf.get_static_value(tags), tf.get_static_value(chain.lengths)
    if known is None or lengths is None:
        return
    if chain.allowed is not None:
        inside = np.arange(1, known.shape[1]) < lengths[:, np.newaxis]  # [B, T-1]
        for row, before in np.argwhere(inside & ~chain.allowed[known[:, :-1], known[:, 1:]])[:1]:
            step = f"from tag {known[row, before]} to tag {known[row, before + 1]}"
            raise ValueError(_forbidden(row, before + 1, f"`allowed` has no step {step}"))
    rows = np.flatnonzero(lengths)
    for name, mask, positions in (
        ("allowed_start", chain.allowed_start, np.zeros_like(lengths)),
        ("allowed_end", chain.allowed_end, lengths - 1),
    ):
        if mask is not None:
            held = known[rows, positions[rows]]
            for wrong in np.flatnonzero(~mask[held])[:1]:
                row = rows[wrong]
                raise ValueError(_forbidden(row, positions[row], f"`{name}` has no tag {held[wrong]}"))


def _forbidden(row: int, position: int, why: str) -> str:
    return f"tags[{row}, {position}]: expected a tag that the masks allow, but {why}; repair either of them"


def _spread(first: np.ndarray, steps: np.ndarray) -> np.ndarray | None:
    """bool[D, K]: the sets reached after 0, 1, ... steps up to where they stop changing; None where they
    alternate."""
    rows, seen = [first.astype(bool)], {first.astype(bool).tobytes()}
    while True:
        following = rows[-1] @ steps  # booleans: any predecessor reached
        if (following == rows[-1]).all():
            return np.stack(rows)
        if following.tobytes() in seen:
            return None
        seen.add(following.tobytes())
        rows.append(following)
