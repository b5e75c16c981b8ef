"""What a CRF has learned of tags beside each other: which steps it favours, which it shuns.

Shape letters: `K` tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from components.report.plots.svg import svg
from components.report.text import shortened
from tagging.schemes import PLAIN, Scheme, split_tag, transition_masks
from trainer.export.transitions import Transitions

# More rows than these cannot be told apart; the tags that train has most of are shown.
MOST_TAGS = 44
_EXTREMES = 8
# Read on white and on black; how far a score is from 0 is how opaque they are.
_FAVOURED, _SHUNNED, _FORBIDDEN = (0.80, 0.33, 0.12), (0.15, 0.43, 0.78), (0.5, 0.5, 0.5, 0.22)
_PREFIXES = "BIMELSU"


class Step(NamedTuple):
    """A step from one tag to the next, with its score in nats."""

    before: str
    after: str
    score: float


class HeatMap(NamedTuple):
    """The plot, and in words what stands out.

    Attributes:
        plot: the K tags shown, from down to across.
        shown, tags: how many tags the plot has, and the model.
        forbidden: how many of the shown steps the scheme forbids; 0 where nothing was shut out.
        favoured, shunned: the highest and the lowest scores among allowed steps of the tags shown.
    """

    plot: Markup
    shown: int
    tags: int
    forbidden: int
    favoured: list[Step]
    shunned: list[Step]


def heat_map(learned: Transitions, *, scheme: Scheme, frequency: Mapping[str, int], name: str) -> HeatMap:
    """The transition scores of a model.

    Args:
        learned: what the model wrote beside itself.
        scheme: the one its tags are in.
        frequency: how often train has each tag.
        name: as in `svg`.
    """
    frequent = sorted(learned.tags, key=lambda tag: (-frequency.get(tag, 0), tag))[:MOST_TAGS]
    order = sorted(frequent, key=lambda tag: _place(tag, scheme))
    rows = [learned.tags.index(tag) for tag in order]
    scores = np.asarray(learned.transitions, np.float64)[np.ix_(rows, rows)]  # [K, K]
    allowed = np.ones_like(scores, bool)
    if learned.constrained:
        allowed = np.asarray(transition_masks(order, scheme).allowed, bool)
    limit = float(np.abs(scores[allowed]).max(initial=1e-6))
    steps = sorted(
        (Step(order[i], order[j], float(scores[i, j])) for i, j in np.argwhere(allowed)),
        key=lambda step: -step.score,
    )
    return HeatMap(
        plot=_drawn(order, scores, allowed, limit, name),
        shown=len(order),
        tags=len(learned.tags),
        forbidden=int((~allowed).sum()),
        favoured=[step for step in steps[:_EXTREMES] if step.score > 0],
        shunned=[step for step in reversed(steps[-_EXTREMES:]) if step.score < 0],
    )


def _place(tag: str, scheme: Scheme) -> tuple[str, int]:
    """`O` first, then label by label, each from its first to its last tag."""
    if scheme is PLAIN:
        return tag, 0
    prefix, label = split_tag(tag)
    return label, _PREFIXES.find(prefix)


def _drawn(order: list[str], scores: np.ndarray, allowed: np.ndarray, limit: float, name: str) -> Markup:
    pixels = np.zeros((*scores.shape, 4))
    pixels[..., :3] = np.where(scores[..., None] >= 0, _FAVOURED, _SHUNNED)
    pixels[..., 3] = np.clip(np.abs(scores) / limit, 0, 1)
    pixels[~allowed] = _FORBIDDEN
    side = max(2.6, 0.2 * len(order) + 1.2)

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        # A picture of K x K pixels: as elements, the cells of fifty labels would fill the page's megabytes.
        axes.imshow(pixels, interpolation="none")
        names = [shortened(tag, 22) for tag in order]
        axes.set_xticks(range(len(order)), names, rotation=90)
        axes.set_yticks(range(len(order)), names)
        axes.set_xlabel("to")
        axes.set_ylabel("from")
        colours = [(*_SHUNNED, 1.0), (*_SHUNNED, 0.0), (*_FAVOURED, 0.0), (*_FAVOURED, 1.0)]
        scale = LinearSegmentedColormap.from_list(
            "scores", list(zip((0, 0.5, 0.5, 1), colours, strict=True)), N=64
        )
        bar: Colorbar = figure.colorbar(
            ScalarMappable(Normalize(-limit, limit), scale), ax=axes, shrink=0.7, aspect=14
        )
        bar.set_label("score, nats")
        bar.outline.set_visible(False)  # type: ignore[operator]

    return svg(
        draw,
        name=name,
        title="Heat map of the transition scores, from tag to tag",
        width=side + 0.9,
        height=side,
    )
