"""A picture of the transition matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_transitions(
    transitions: Any, tag_names: Sequence[str], *, allowed: Any = None, axes: Axes | None = None
) -> Axes:
    """Draw the transitions as a heat map, from tags down and to tags across; forbidden cells are hatched.

    Args:
        transitions: [K, K], `transitions[i, j]` scores the step from tag i to tag j.
        tag_names: the K tags by number.
        allowed: bool[K, K] or None; steps that are false are hatched, and so are those at minus infinity.
        axes: where to draw; a new figure by default.

    Raises:
        ValueError: the shapes do not go together.
    """
    import matplotlib.figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.patches import Rectangle

    scores = np.asarray(transitions, np.float64)
    number = len(tag_names)
    if scores.shape != (number, number):
        raise ValueError(
            f"transitions: expected shape ({number}, {number}) for {number} tags, got {scores.shape}"
        )
    possible = np.isfinite(scores)
    if allowed is not None:
        if np.shape(allowed) != scores.shape:
            raise ValueError(f"allowed: expected shape {scores.shape}, got {np.shape(allowed)}")
        possible &= np.asarray(allowed, bool)
    if axes is None:
        side = max(3.0, 0.4 * number + 2)
        # The layout misjudges turned labels beside square cells; a margin keeps them off the edge.
        layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15)
        axes = matplotlib.figure.Figure(figsize=(side + 1, side), layout=layout).subplots()
    limit = np.abs(scores[possible]).max(initial=1e-6)
    # Symmetric about 0, so that the neutral colour means neither favoured nor discouraged.
    image = axes.imshow(np.where(possible, scores, np.nan), cmap="RdBu_r", vmin=-limit, vmax=limit)
    for row, column in np.argwhere(~possible):
        axes.add_patch(
            Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, hatch="////", edgecolor="0.6", linewidth=0)
        )
    axes.set_xticks(range(number), tag_names, rotation=90)
    axes.set_yticks(range(number), tag_names)
    axes.set_xlabel("to", labelpad=12)
    axes.set_ylabel("from")
    axes.figure.colorbar(image, ax=axes, label="score")
    return axes
