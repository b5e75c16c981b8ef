"""Bars: sentence lengths and the distribution of labels, by split."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from components.report.html.svg import COLOURS, svg
from components.report.html.text import shortened, visible

# More labels would be too thin to distinguish; the table beside the plot has them all.
MOST_LABELS = 30
_BINS = 24


def lengths(sentences: Mapping[str, Mapping[int, int]], *, name: str) -> Markup:
    """Plot a histogram of sentence lengths, a line for each split, as shares of its sentences.

    Args:
        sentences: by split, how many sentences have each number of tokens.
        name: as in `svg`.
    """
    edges = _edges(max((length for counts in sentences.values() for length in counts), default=1))

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for colour, style, (split, counts) in zip(COLOURS, ("-", "--", ":"), sentences.items(), strict=False):
            total = sum(counts.values()) or 1
            shares = np.zeros(len(edges) - 1)
            for length, count in counts.items():
                shares[bisect.bisect_right(edges, length) - 1] += count / total
            axes.stairs(shares, edges, color=colour, linewidth=1.5, linestyle=style, label=visible(split))
        axes.set_title("share of sentences", loc="left")
        axes.set_xlabel("tokens of a sentence")
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.legend()

    return svg(draw, name=name, title="Histogram of sentence lengths by split", width=4.1, height=2.5)


def _edges(longest: int) -> list[int]:
    """Edges of the bins, whole numbers; the last bin includes `longest`."""
    step = max(1, -(-(longest + 1) // _BINS))
    return list(range(0, longest + step + 1, step))


def labels(counts: Mapping[str, Mapping[str, int]], order: Sequence[str], *, name: str) -> Markup:
    """Plot the share of each label in a split's entities (or tokens), a bar for each split.

    Args:
        counts: by split, then by label.
        order: the labels from the top; the first `MOST_LABELS` are drawn.
        name: as in `svg`.
    """
    shown = list(order[:MOST_LABELS])

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        height = 0.8 / max(1, len(counts))
        places = np.arange(len(shown))
        for index, (colour, (split, of_label)) in enumerate(zip(COLOURS, counts.items(), strict=False)):
            total = sum(of_label.values()) or 1
            axes.barh(
                places + (index - (len(counts) - 1) / 2) * height,
                [of_label.get(label, 0) / total for label in shown],
                height,
                color=colour,
                label=visible(split),
            )
        axes.set_yticks(places, [shortened(label, 24) for label in shown])
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.grid(axis="x")
        axes.set_title("share of the split", loc="left")
        axes.legend()

    return svg(
        draw,
        name=name,
        title="Distribution of labels by split",
        width=4.1,
        height=max(2.5, 1.0 + 0.34 * len(shown)),
    )
