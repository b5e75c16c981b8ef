"""A line over epochs as inline SVG, in the page's own colours."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import matplotlib
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Replaced by the page's text colour, so that the plot follows light and dark.
_INK = "#123456"
# Who made the file and when is no part of the plot.
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def curve(values: Sequence[float], title: str) -> Markup:
    """`values` over epochs 1, 2, ... as an SVG element."""
    # The same run gives the same bytes, and text stays text.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": title}):
        figure = Figure(figsize=(4.2, 2.6), layout="constrained")
        axes = figure.add_subplot()
        axes.plot(range(1, len(values) + 1), values, color=_INK, marker="o", markersize=3)
        axes.set_title(title, fontsize=10, color=_INK)
        axes.set_xlabel("epoch", fontsize=9, color=_INK)
        axes.tick_params(colors=_INK, labelsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        for spine in axes.spines.values():
            spine.set_color(_INK)
        axes.spines[["top", "right"]].set_visible(False)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata=_NO_METADATA)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    # Two plots on a page must not share ids.
    own = re.sub(r"[^a-z0-9]+", "-", title.lower())
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\1{own}-", svg)
    return Markup(svg.replace("<svg", Markup('<svg role="img" aria-label="{}"').format(title), 1))
