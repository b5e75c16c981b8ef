"""What `benchmarks.scale` measured: tables, what it costs, from where on two workers pay, and a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.scale.picture import picture_of

# What is claimed of growing tenfold to a million sentences.
TIME_BOUND, MEMORY_BOUND = 1.3, 1.2
LARGE = 100_000

# What is told, in the order of the line; the rest takes no second of a million sentences.
SHOWN = ("CorpusGen", "StatisticsGen", "CorpusGate", "Transform", "Trainer", "predict")
PRICED = ("CorpusGen", "Transform", "predict")
BY_BEAM = ("CorpusGen", "StatisticsGen", "Transform", "predict")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A component of a run, or a command.

    Attributes:
        name: its name.
        wall: seconds.
        unhindered: seconds of wall without waits for a core.
        cpu: seconds.
        memory: MB of all its processes at the peak.
    """

    name: str
    wall: float
    unhindered: float
    cpu: float
    memory: float


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One size by so many workers."""

    sentences: int
    workers: int
    parts: list[Part]
    machine: str

    @property
    def size(self) -> tuple[int, int]:
        """Sentences and workers."""
        return self.sentences, self.workers

    def part(self, name: str) -> Part:
        """The one of this name.

        Raises:
            StopIteration: there is none.
        """
        return next(part for part in self.parts if part.name == name)

    def has(self, name: str) -> bool:
        """Was it measured?"""
        return any(part.name == name for part in self.parts)


def show(measured: Sequence[Measured], *, price: float, picture: Path) -> bool:
    """Print all and draw the picture; False where a bound is not met."""
    for workers in sorted({each.workers for each in measured}):
        series = [each for each in measured if each.workers == workers]
        print("\n".join(table(series, price=price)), end="\n\n")
    grown = [growth for pair in _tenfold(measured) for growth in growths(*pair)]
    print("\n".join(_growth_table(grown)), end="\n\n")
    for line in paying(measured):
        print(line)
    picture.write_text(picture_of(measured, SHOWN), encoding="utf-8")
    print(f"picture  {picture}")
    return all(growth.met for growth in grown if growth.bound)


def table(series: Sequence[Measured], *, price: float) -> Iterator[str]:
    """Lines of a table of what was measured with as many workers."""
    workers = series[0].workers
    yield (
        f"| {workers} worker{'s' * (workers > 1)} | "
        + " | ".join(f"{each.sentences:,}" for each in series)
        + " |"
    )
    yield "|---" + "|--:" * len(series) + "|"
    for name in SHOWN:
        if any(each.has(name) for each in series):
            cells = [_cell(each, name) if each.has(name) else "" for each in series]
            yield f"| {name} | " + " | ".join(cells) + " |"
    for name in PRICED:
        costs = [_cost(each, name, price) if each.has(name) else "" for each in series]
        yield f"| {name}, cost of a million | " + " | ".join(costs) + " |"


def _cell(each: Measured, name: str) -> str:
    part = each.part(name)
    cpu, wall = (f"{1e3 * seconds / each.sentences:,.3f}" for seconds in (part.cpu, part.unhindered))
    return f"{cpu} / {wall} / {part.memory:,.0f}"


def _cost(each: Measured, name: str, price: float) -> str:
    return f"{price * each.part(name).cpu / 3600 / each.sentences * 1e6:,.3f}"


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """How many times as much CPU a sentence and memory a part takes with ten times the sentences."""

    name: str
    workers: int
    few: int
    time: float
    memory: float

    @property
    def bound(self) -> bool:
        """Is anything claimed?"""
        return self.few >= LARGE

    @property
    def met(self) -> bool:
        """Is it as claimed?"""
        return self.time <= TIME_BOUND and self.memory <= MEMORY_BOUND


def growths(few: Measured, many: Measured) -> Iterator[Growth]:
    """Of all parts that both have."""
    for name in SHOWN:
        if few.has(name) and many.has(name):
            before, after = few.part(name), many.part(name)
            each = few.sentences / many.sentences
            yield Growth(
                name=name,
                workers=few.workers,
                few=few.sentences,
                time=after.cpu * each / before.cpu if before.cpu else 0.0,
                memory=after.memory / before.memory,
            )


def _growth_table(grown: Iterable[Growth]) -> Iterator[str]:
    yield f"| tenfold from | workers | part | CPU a sentence (<= {TIME_BOUND}) | memory (<= {MEMORY_BOUND}) | |"
    yield "|--:|--:|---|--:|--:|---|"
    for each in grown:
        word = ("met" if each.met else "not met") if each.bound else ""
        yield f"| {each.few:,} | {each.workers} | {each.name} | x {each.time:.2f} | x {each.memory:.2f} | {word} |"


def _tenfold(measured: Sequence[Measured]) -> Iterator[tuple[Measured, Measured]]:
    """Pairs of the same workers, of which the larger has ten times the sentences."""
    for each in measured:
        for other in measured:
            if other.size == (10 * each.sentences, each.workers):
                yield each, other


def paying(measured: Sequence[Measured]) -> Iterator[str]:
    """From how many sentences on more workers take less time, waits for a core aside: a line through each series."""
    one, *others = sorted({each.workers for each in measured})
    for workers in others:
        for name in BY_BEAM:
            single, several = (
                [each for each in measured if each.workers == number and each.has(name)]
                for number in (one, workers)
            )
            if min(len(single), len(several)) < 2:
                continue
            (slope, begin), (slope_then, begin_then) = (_line(each, name) for each in (single, several))
            what = f"{name}: {workers} workers against {one}"
            if slope_then >= slope:
                yield f"{what}: pay at no size measured"
            else:
                least = max((begin_then - begin) / (slope - slope_then), 0)
                yield f"{what}: pay from {least:,.0f} sentences on"


def _line(series: Sequence[Measured], name: str) -> tuple[float, float]:
    """Seconds a sentence and seconds to begin, weighted so that each size counts alike."""
    sizes = np.array([each.sentences for each in series], float)
    walls = np.array([each.part(name).unhindered for each in series])
    slope, begin = np.polyfit(sizes, walls, 1, w=1 / walls)
    return float(slope), float(begin)
