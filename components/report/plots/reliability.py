"""Reliability: the share of right answers by confidence."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, StrMethodFormatter

from components.report.html.svg import COLOURS, FAINT, INK, svg
from components.scores.analysis import Bin


def reliability(bins: Sequence[Bin], title: str, *, name: str, what: str) -> Markup:
    """Plot the share of right answers over mean confidence, and below it the number of answers in each bin.

    Args:
        bins: the non-empty ones.
        title: of the plot.
        name: as in `svg`.
        what: what is counted, such as `tokens`.
    """

    def draw(figure: Figure) -> None:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        above.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle="--")
        confidence = [each.mean_confidence for each in bins]
        right = [each.right for each in bins]
        # From the diagonal to the point: the error that the bin adds.
        above.vlines(confidence, confidence, right, color=COLOURS[1], linewidth=1.5)
        above.plot(confidence, right, color=COLOURS[0], marker="o", markersize=4.5, linewidth=1)
        above.set_xlim(0, 1.02)
        above.set_ylim(0, 1.05)
        above.set_title(title, loc="left")
        above.set_ylabel("right")
        above.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        above.grid()
        below.bar(
            [each.low for each in bins],
            [each.count for each in bins],
            [max(0.005, each.high - each.low) for each in bins],
            align="edge",
            color=COLOURS[0],
            edgecolor=INK,
            linewidth=0.4,
        )
        below.set_yscale("symlog", linthresh=10)
        below.set_ylim(bottom=0)
        below.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        below.set_ylabel(what)
        below.set_xlabel("confidence")
        below.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))

    return svg(draw, name=name, title=title, width=4.1, height=3.6)
