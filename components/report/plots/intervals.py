"""Scores with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from matplotlib.figure import Figure

from components.report.html.svg import COLOURS, FAINT, svg
from components.report.html.text import shortened
from components.report.tables.scores import Row

MOST_ROWS = 40


def interval_plot(
    rows: Sequence[Row], title: str, *, name: str, whole: float | None = None, level: float = 0.95
) -> Markup:
    """Plot a point and its interval for each row, other models' points hollow.

    Args:
        rows: from the top; at most `MOST_ROWS` are drawn.
        title: of the plot.
        name: as in `svg`.
        whole: the value of the whole test split, where a line is drawn; None for none.
        level: of the intervals.
    """
    shown = rows[:MOST_ROWS]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        places = range(len(shown))
        if whole is not None:
            axes.axvline(whole, color=FAINT, linewidth=1, linestyle="--", zorder=0)
        for place, row in zip(places, shown, strict=True):
            low, high = row.score.low, row.score.high
            if low is not None and high is not None:
                axes.hlines(place, low, high, color=COLOURS[0], linewidth=2)
        axes.plot(
            [row.score.value for row in shown], places,
            color=COLOURS[0], marker="o", markersize=5.5, linestyle="none", label=f"this model, {level:.0%} interval",
        )  # fmt: skip
        for label, marker, colour, field in (
            ("latest blessed", "D", COLOURS[1], "baseline"),
            ("CRFsuite", "s", COLOURS[2], "crfsuite"),
        ):
            other = [
                (getattr(row, field).value, place)
                for place, row in zip(places, shown, strict=True)
                if getattr(row, field)
            ]
            if other:
                axes.plot(
                    *zip(*other, strict=True),
                    color=colour, marker=marker, markersize=5, fillstyle="none", linestyle="none", label=label,
                )  # fmt: skip
        axes.set_yticks(places, [shortened(row.name, 24) for row in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(-0.02, 1.02)
        axes.grid(axis="x")
        axes.set_title(title, loc="left")
        figure.legend(loc="outside lower left", ncols=3)

    return svg(draw, name=name, title=f"{title}, with intervals", width=4.6, height=1.15 + 0.24 * len(shown))
