"""Lines over epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from components.report.plots.svg import COLOURS, LINE, svg


def curve(
    values: Sequence[float], title: str, *, name: str = "curve", best: int | None = None, tell: bool = False
) -> Markup:
    """`values` over epochs 1, 2, ...; the epoch `best` is marked, and `tell`ed with its value. `name` as in `svg`."""
    return curves({"": values}, title, name=name, best={"": best} if best else {}, tell=tell)


def curves(
    lines: Mapping[str, Sequence[float]],
    title: str,
    *,
    name: str,
    best: Mapping[str, int] | None = None,
    tell: bool = True,
) -> Markup:
    """At most three lines over epochs 1, 2, ..., each with its name.

    Args:
        lines: by name; a single one needs none.
        title: of the plot.
        name: as in `svg`.
        best: by a line's name, the epoch that is marked.
        tell: whether the values there are written beside the marks.
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
            if epoch and epoch <= len(values) and tell:
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
