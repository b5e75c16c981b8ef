"""Heat map of a CRF's transition scores.

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

from components.report.html.svg import svg
from components.report.html.text import shortened
from tagging.schemes import PLAIN, Scheme, split_tag, transition_masks
from trainer.export.transitions import Transitions

# More rows cannot be distinguished; the most frequent tags of train are shown.
MOST_TAGS = 44
_EXTREMES = 8
# Legible on white and on black; their opacity is the distance of a score from 0.
_POSITIVE, _NEGATIVE, _FORBIDDEN = (0.80, 0.33, 0.12), (0.15, 0.43, 0.78), (0.5, 0.5, 0.5, 0.22)
_PREFIXES = "BIMELSU"


class Transition(NamedTuple):
    """A transition from one tag to the next, with its score in nats."""

    before: str
    after: str
    score: float


class HeatMap(NamedTuple):
    """The plot, and its highest and lowest scores.

    Attributes:
        plot: K x K tags, from one (down) to the next (across).
        shown, tags: how many tags the plot has, and the model.
        forbidden: how many of the shown transitions the scheme forbids; 0 for an unconstrained CRF.
        highest, lowest: the highest positive and the lowest negative scores of allowed transitions shown.
    """

    plot: Markup
    shown: int
    tags: int
    forbidden: int
    highest: list[Transition]
    lowest: list[Transition]


def heat_map(learned: Transitions, *, scheme: Scheme, frequency: Mapping[str, int], name: str) -> HeatMap:
    """Plot the transition scores of a model.

    Args:
        learned: the scores that were exported with the model.
        scheme: of its tags.
        frequency: how often train has each tag.
        name: as in `svg`.
    """
    frequent = sorted(learned.tags, key=lambda tag: (-frequency.get(tag, 0), tag))[:MOST_TAGS]
    order = sorted(frequent, key=lambda tag: _order(tag, scheme))
    rows = [learned.tags.index(tag) for tag in order]
    scores = np.asarray(learned.transitions, np.float64)[np.ix_(rows, rows)]  # [K, K]
    allowed = np.ones_like(scores, bool)
    if learned.constrained:
        allowed = np.asarray(transition_masks(order, scheme).allowed, bool)
    limit = float(np.abs(scores[allowed]).max(initial=1e-6))
    ordered = sorted(
        (Transition(order[i], order[j], float(scores[i, j])) for i, j in np.argwhere(allowed)),
        key=lambda transition: -transition.score,
    )
    return HeatMap(
        plot=_plot(order, scores, allowed, limit, name),
        shown=len(order),
        tags=len(learned.tags),
        forbidden=int((~allowed).sum()),
        highest=[transition for transition in ordered[:_EXTREMES] if transition.score > 0],
        lowest=[transition for transition in reversed(ordered[-_EXTREMES:]) if transition.score < 0],
    )


def _order(tag: str, scheme: Scheme) -> tuple[str, int]:
    """Sort `O` first, then label by label, each from its first to its last tag."""
    if scheme is PLAIN:
        return tag, 0
    prefix, label = split_tag(tag)
    return label, _PREFIXES.find(prefix)


def _plot(order: list[str], scores: np.ndarray, allowed: np.ndarray, limit: float, name: str) -> Markup:
    pixels = np.zeros((*scores.shape, 4))
    pixels[..., :3] = np.where(scores[..., None] >= 0, _POSITIVE, _NEGATIVE)
    pixels[..., 3] = np.clip(np.abs(scores) / limit, 0, 1)
    pixels[~allowed] = _FORBIDDEN
    side = max(2.6, 0.2 * len(order) + 1.2)

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        # A picture of K x K pixels: as SVG elements, the cells of fifty labels would take megabytes.
        axes.imshow(pixels, interpolation="none")
        names = [shortened(tag, 22) for tag in order]
        axes.set_xticks(range(len(order)), names, rotation=90)
        axes.set_yticks(range(len(order)), names)
        axes.set_xlabel("to")
        axes.set_ylabel("from")
        colours = [(*_NEGATIVE, 1.0), (*_NEGATIVE, 0.0), (*_POSITIVE, 0.0), (*_POSITIVE, 1.0)]
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
