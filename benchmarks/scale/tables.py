"""Tables of the measurements: time and memory by size, their growth, and when two workers pay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
import numpy as np

from benchmarks.scale.measured import Measured, Part

# Bounds on the growth from 100,000 to a million sentences.
TIME_BOUND, MEMORY_BOUND = 1.3, 1.2
LARGE = 100_000

# The parts shown, in the order of the pipeline; the others take less than a second for a million sentences.
SHOWN = ("CorpusGen", "StatisticsGen", "CorpusGate", "Transform", "Trainer", "predict")
PRICED = ("CorpusGen", "Transform", "predict")
BY_BEAM = ("CorpusGen", "StatisticsGen", "Transform", "predict")


def show(measured: Sequence[Measured], *, price: float) -> bool:
    """Print all tables; return False if a bound is not met."""
    for workers in sorted({each.workers for each in measured}):
        series = [each for each in measured if each.workers == workers]
        print("\n".join(table(series, price=price)), end="\n\n")
    grown = [growth for pair in _tenfold(measured) for growth in growths(*pair)]
    print("\n".join(_growth_table(grown)), end="\n\n")
    for line in paying(measured):
        print(line)
    return all(growth.met for growth in grown if growth.has_bound)


def table(series: Sequence[Measured], *, price: float) -> Iterator[str]:
    """Yield the lines of a table of measurements with the same number of workers."""
    workers = series[0].workers
    sizes = " | ".join(f"{each.sentences:,}" for each in series)
    yield f"| {workers} worker{'s' * (workers > 1)} | {sizes} |"
    yield "|---" + "|--:" * len(series) + "|"
    for name in SHOWN:
        if any(each.part(name) for each in series):
            cells = [_cell(each, part) if (part := each.part(name)) else "" for each in series]
            yield f"| {name} | " + " | ".join(cells) + " |"
    for name in PRICED:
        costs = [_cost(each, part, price) if (part := each.part(name)) else "" for each in series]
        yield f"| {name}, cost of a million | " + " | ".join(costs) + " |"


def _cell(each: Measured, part: Part) -> str:
    cpu, wall = (f"{1e3 * seconds / each.sentences:,.3f}" for seconds in (part.cpu, part.unhindered))
    return f"{cpu} / {wall} / {part.memory:,.0f}"


def _cost(each: Measured, part: Part, price: float) -> str:
    return f"{price * part.cpu / 3600 / each.sentences * 1e6:,.3f}"


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """How much more CPU time a sentence and memory a part takes with ten times the sentences, as factors."""

    name: str
    workers: int
    few: int
    time: float
    memory: float

    @property
    def has_bound(self) -> bool:
        """Whether the bounds apply to a corpus of this size."""
        return self.few >= LARGE

    @property
    def met(self) -> bool:
        """Whether the growth is within the bounds."""
        return self.time <= TIME_BOUND and self.memory <= MEMORY_BOUND


def growths(few: Measured, many: Measured) -> Iterator[Growth]:
    """Compute the growth of each part that both measurements have."""
    for name in SHOWN:
        before, after = few.part(name), many.part(name)
        if before and after:
            ratio = few.sentences / many.sentences
            yield Growth(
                name=name,
                workers=few.workers,
                few=few.sentences,
                time=after.cpu * ratio / before.cpu if before.cpu else 0.0,
                memory=after.memory / before.memory,
            )


def _growth_table(grown: Iterable[Growth]) -> Iterator[str]:
    bounds = f"CPU a sentence (<= {TIME_BOUND}) | memory (<= {MEMORY_BOUND})"
    yield f"| tenfold from | workers | part | {bounds} | |"
    yield "|--:|--:|---|--:|--:|---|"
    for each in grown:
        word = ("met" if each.met else "not met") if each.has_bound else ""
        factors = f"x {each.time:.2f} | x {each.memory:.2f}"
        yield f"| {each.few:,} | {each.workers} | {each.name} | {factors} | {word} |"


def _tenfold(measured: Sequence[Measured]) -> Iterator[tuple[Measured, Measured]]:
    """Pairs of measurements with the same workers, the second with ten times the sentences of the first."""
    for each in measured:
        for other in measured:
            if other.size == (10 * each.sentences, each.workers):
                yield each, other


def paying(measured: Sequence[Measured]) -> Iterator[str]:
    """Compute from how many sentences on more workers take less time, by a line fitted to each series."""
    one, *others = sorted({each.workers for each in measured})
    for workers in others:
        for name in BY_BEAM:
            single, several = (
                [each for each in measured if each.workers == number and each.part(name)]
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
    """Fit seconds a sentence and seconds to start; weighted so that every size counts the same."""
    points = [(each.sentences, part.unhindered) for each in series if (part := each.part(name))]
    sizes, walls = np.array(points, float).T
    slope, begin = np.polyfit(sizes, walls, 1, w=1 / walls)
    return float(slope), float(begin)
