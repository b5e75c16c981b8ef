"""What `benchmarks.scale` measured: a table, what it costs, and a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator
from rich.console import Console
from rich.table import Table

from components.report.svg import COLOURS, INK, svg

# Those whose work grows with the corpus, and what is claimed of growing tenfold to a million sentences.
GROWING = ("CorpusGen", "Transform", "Trainer")
TIME_BOUND, MEMORY_BOUND = 1.3, 1.2
LARGE = 100_000


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A component of a run, or a command: seconds of wall and CPU, MB of all its processes at the peak."""

    name: str
    wall: float
    cpu: float
    memory: float


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One size by so many workers."""

    sentences: int
    workers: int
    parts: list[Part]
    machine: str

    def part(self, name: str) -> Part:
        """The one of this name.

        Raises:
            StopIteration: there is none.
        """
        return next(part for part in self.parts if part.name == name)


def show(measured: Sequence[Measured], *, price: float, picture: Path) -> bool:
    """Print all and draw the picture; False where a bound is not met."""
    console = Console(width=140, highlight=False)
    for workers in sorted({each.workers for each in measured}):
        series = [each for each in measured if each.workers == workers]
        console.print(_table(series, price))
        console.print()
    met = [_flat(console, each, after) for each, after in _tenfold(measured)]
    for line in _paying(measured):
        console.print(line)
    picture.write_text(_picture(measured), encoding="utf-8")
    console.print(f"picture  {picture}", soft_wrap=True)
    return all(met)


def _table(series: Sequence[Measured], price: float) -> Table:
    workers = series[0].workers
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.title = (
        f"{workers} worker{'s' * (workers > 1)}: ms of wall and CPU a sentence, MB at the peak; cost at {price:g} for "
        "a core and hour"
    )
    table.add_column("part")
    for each in series:
        table.add_column(f"{each.sentences:,}", justify="right")
    # What takes no second of the largest is in the file alone.
    for name in [part.name for part in series[-1].parts if part.wall >= 1]:
        cells = []
        for each in series:
            part = each.part(name)
            wall, cpu = (1e3 * seconds / each.sentences for seconds in (part.wall, part.cpu))
            cells.append(f"{wall:,.3f}  {cpu:,.3f}  {part.memory:6,.0f}")
        table.add_row(name, *cells)
    for name in ("run", "predict"):
        costs = [price * each.part(name).cpu / 3600 / each.sentences * 1e6 for each in series]
        table.add_row(f"{name}, cost of a million", *(f"{cost:,.3f}" for cost in costs))
    return table


def _tenfold(measured: Sequence[Measured]) -> Iterable[tuple[Measured, Measured]]:
    """Pairs of the same workers, of which the larger has ten times the sentences."""
    for each in measured:
        for other in measured:
            if (other.sentences, other.workers) == (10 * each.sentences, each.workers):
                yield each, other


def _flat(console: Console, few: Measured, many: Measured) -> bool:
    """Says how time and memory have grown; False where a bound that is claimed is not met."""
    bound = few.sentences >= LARGE
    met = True
    for name in (*GROWING, "run", "predict"):
        before, after = few.part(name), many.part(name)
        time = after.cpu / 10 / before.cpu if before.cpu else 0.0
        memory = after.memory / before.memory
        good = time <= TIME_BOUND and memory <= MEMORY_BOUND
        word = ("met" if good else "not met") if bound else ""
        met &= good or not bound
        console.print(
            f"{few.sentences:>9,} to {many.sentences:>9,}, {few.workers} workers, {name:<10} "
            f"CPU a sentence x {time:.2f} (<= {TIME_BOUND}), memory x {memory:.2f} (<= {MEMORY_BOUND})  {word}"
        )
    return met


def _paying(measured: Sequence[Measured]) -> Iterable[str]:
    """From how many sentences on more workers take less wall time, by a line through each series."""
    by_workers = {
        workers: [each for each in measured if each.workers == workers]
        for workers in sorted({each.workers for each in measured})
    }
    one, *others = by_workers.items()
    for workers, series in others:
        for name in ("CorpusGen", "StatisticsGen", "Transform", "predict"):
            if min(len(one[1]), len(series)) < 2:
                continue
            (slope, begin), (slope_then, begin_then) = (_line(each, name) for each in (one[1], series))
            what = f"{name}: {workers} workers against {one[0]}"
            if slope_then >= slope:
                yield f"{what}: pay at no size measured"
            else:
                least = max((begin_then - begin) / (slope - slope_then), 0)
                yield f"{what}: pay from {least:,.0f} sentences on"


def _line(series: Sequence[Measured], name: str) -> tuple[float, float]:
    """Seconds a sentence and seconds to begin, weighted so that each size counts alike."""
    sizes = np.array([each.sentences for each in series], float)
    walls = np.array([each.part(name).wall for each in series])
    slope, begin = np.polyfit(sizes, walls, 1, w=1 / walls)
    return float(slope), float(begin)


def _picture(measured: Sequence[Measured]) -> str:
    one = min(each.workers for each in measured)
    series = [each for each in measured if each.workers == one]
    sizes = [each.sentences for each in series]

    def draw(figure: Figure) -> None:
        time, memory = figure.subplots(1, 2)
        names = (*GROWING, "predict")
        for name, colour, marker in zip(names, (*COLOURS, INK), "os^d", strict=True):
            parts = [each.part(name) for each in series]
            costs = [1e3 * part.cpu / size for part, size in zip(parts, sizes, strict=True)]
            for axes, values in ((time, costs), (memory, [part.memory for part in parts])):
                axes.plot(sizes, values, color=colour, marker=marker, markersize=4, label=name)
        for axes, title in ((time, "CPU time a sentence, ms"), (memory, "memory at the peak, MB")):
            axes.set_xscale("log")
            axes.set_title(title, loc="left")
            axes.set_xlabel("sentences")
            axes.set_xticks(sorted(set(sizes)), [f"{size:,}" for size in sorted(set(sizes))])
            axes.xaxis.set_minor_locator(NullLocator())
        time.set_yscale("log")
        # Numbers as they are said: the page's style has no formulas, such as 10^3 would be.
        time.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        time.yaxis.set_minor_formatter(NullFormatter())
        memory.set_ylim(bottom=0)
        time.legend()

    title = "CPU time a sentence and memory by the number of sentences"
    drawn = svg(draw, name="scale", title=title, width=7.0, height=2.8)
    # A page gives these colours; a picture of its own needs some.
    colours = {"var(--c0)": "#2266aa", "var(--c1)": "#bb5522", "var(--c2)": "#228855", "currentColor": "#222222",
               "var(--faint)": "#888888", "var(--line)": "#dddddd"}  # fmt: skip
    text = str(drawn)
    for name, colour in colours.items():
        text = text.replace(name, colour)
    return text
