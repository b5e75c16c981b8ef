"""Curves over epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from components.report.html.svg import COLOURS, LINE, svg


def curves(
    lines: Mapping[str, Sequence[float]],
    title: str,
    *,
    name: str,
    best: Mapping[str, int] | None = None,
    show_values: bool = True,
) -> Markup:
    """Plot at most three lines over epochs 1, 2, ...

    Args:
        lines: by name; the name of a single one is not shown.
        title: of the plot.
        name: as in `svg`.
        best: by a line's name, the epoch to mark.
        show_values: whether to write the values at the marks.
    """
    marked = best or {}

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for colour, marker, (line, values) in zip(COLOURS, "os^", lines.items(), strict=False):
            axes.plot(
                range(1, len(values) + 1), values, color=colour, marker=marker, markersize=3.5, label=line
            )
            epoch = marked.get(line)
            if epoch and epoch <= len(values):
                axes.axvline(epoch, color=LINE, linewidth=1, zorder=0)
                axes.plot(
                    [epoch], [values[epoch - 1]],
                    color=colour, marker="o", markersize=9, fillstyle="none", markeredgewidth=1.5,
                )  # fmt: skip
            if epoch and epoch <= len(values) and show_values:
                axes.annotate(
                    f"{values[epoch - 1]:.4g}", (epoch, values[epoch - 1]),
                    xytext=(0, 9), textcoords="offset points", ha="center", fontsize=8,
                )  # fmt: skip
        axes.margins(x=0.06, y=0.2)
        axes.set_title(title, loc="left")
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if len(lines) > 1:
            axes.legend()

    return svg(draw, name=name, title=title, width=3.3, height=2.3)
