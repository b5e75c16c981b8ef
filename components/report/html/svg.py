"""Figures of matplotlib as inline SVG, in the colours of the page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable

import matplotlib
from markupsafe import Markup
from matplotlib.figure import Figure

# Placeholders, which are replaced by the page's colours, so that a plot follows light and dark and prints well.
INK = "#010203"
FAINT = "#010204"
LINE = "#010205"
COLOURS = ("#010206", "#010207", "#010208")
_ON_THE_PAGE = {
    INK: "currentColor",
    FAINT: "var(--faint)",
    LINE: "var(--line)",
    **{colour: f"var(--c{index})" for index, colour in enumerate(COLOURS)},
}
# Without author and date: the same figure gives the same bytes.
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def svg(draw: Callable[[Figure], None], *, name: str, title: str, width: float, height: float) -> Markup:
    """Render a figure as an SVG element.

    Args:
        draw: fills the figure, in the colours of this module.
        name: letters and hyphens, unique in the page: ids begin with it.
        title: what the plot shows, for screen readers.
        width, height: in inches of 72 points.
    """
    settings = {
        # Text stays text, ids depend on the name alone, and a label such as $x$ is not a formula.
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "text.parse_math": False,
        "font.size": 9,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "axes.titlesize": 9,
        "axes.labelsize": 9,
        "axes.edgecolor": FAINT,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "legend.labelcolor": INK,
        "legend.frameon": False,
        "legend.fontsize": 8,
        "grid.color": LINE,
        "grid.linewidth": 0.6,
        "axes.axisbelow": True,
    }
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # The browser's font has the characters that matplotlib's lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata=_NO_METADATA)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    # A style element would apply to the whole page.
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", text, count=1, flags=re.DOTALL)
    for drawn, shown in _ON_THE_PAGE.items():
        text = text.replace(drawn, shown)
    # Two plots on a page must not share ids.
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\1{name}-", text)
    return Markup(text.replace("<svg", Markup('<svg role="img" aria-label="{}"').format(title), 1))
