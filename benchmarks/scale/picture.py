"""The picture of the measurements: CPU time a sentence and memory by size, a line for each part."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from benchmarks.scale.measured import Measured
from components.report.html.svg import COLOURS, FAINT, INK, svg

# The report's page defines its colours by name; a picture alone needs their values.
_COLOURS = {"var(--c0)": "#2266aa", "var(--c1)": "#bb5522", "var(--c2)": "#228855", "currentColor": "#222222",
            "var(--faint)": "#888888", "var(--line)": "#dddddd"}  # fmt: skip
_PAINT = {"CorpusGen": COLOURS[0], "Transform": COLOURS[1], "predict": COLOURS[2], "Trainer": INK}


def picture_of(measured: Sequence[Measured], names: Sequence[str]) -> str:
    """Draw the SVG. One worker is a solid line, more are dashed; StatisticsGen and CorpusGate are grey."""

    def draw(figure: Figure) -> None:
        time, memory = figure.subplots(1, 2)
        for workers in sorted({each.workers for each in measured}):
            for name, marker in zip(names, "ovx^sd", strict=True):
                series = [
                    (each.sentences, part)
                    for each in measured
                    if each.workers == workers and (part := each.part(name))
                ]
                sizes = [size for size, _ in series]
                look = {
                    "color": _PAINT.get(name, FAINT), "marker": marker, "markersize": 4, "linewidth": 1,
                    "linestyle": "-" if workers == 1 else "--",
                }  # fmt: skip
                label = f"{name}, {workers} worker{'s' * (workers > 1)}"
                costs = [1e3 * part.cpu / size for size, part in series]
                if series:
                    time.plot(sizes, costs, label=label, **look)
                    memory.plot(sizes, [part.memory for _, part in series], **look)
        sizes = sorted({each.sentences for each in measured})
        _axes(time, "CPU time a sentence, ms", sizes)
        _axes(memory, "memory at the peak, MB", sizes)
        time.set_yscale("log")
        # Plain numbers: the page's style has no formulas such as 10^3.
        time.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        time.yaxis.set_minor_formatter(NullFormatter())
        memory.set_ylim(bottom=0)
        figure.legend(*time.get_legend_handles_labels(), loc="outside right center", fontsize=8)

    title = "CPU time a sentence and memory by the number of sentences"
    text = str(svg(draw, name="scale", title=title, width=9.0, height=3.4))
    for name, colour in _COLOURS.items():
        text = text.replace(name, colour)
    # A background, for a page of any colour.
    head, end, body = text.partition(">")
    return f'{head}{end}<rect width="100%" height="100%" fill="#ffffff"/>{body}'


def _axes(axes: Axes, title: str, sizes: Sequence[int]) -> None:
    axes.set_xscale("log")
    axes.set_title(title, loc="left")
    axes.set_xlabel("sentences")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())
