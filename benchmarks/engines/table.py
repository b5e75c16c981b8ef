"""Measurements of engines as a table: what a start and a million sentences cost, and where an engine begins to pay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Measured(NamedTuple):
    """One command on one engine.

    Attributes:
        engine: its name.
        slots: how many parts of a job run at a time.
        part: `line`, up to Transform, or `predict`.
        sentences: in the corpus.
        wall: seconds.
        cpu: CPU seconds of the command, the cluster and its workers.
        started: seconds that the cluster took to start.
    """

    engine: str
    slots: int
    part: str
    sentences: int
    wall: float
    cpu: float
    started: float


class Line(NamedTuple):
    """Seconds by sentences: `start` and `each`."""

    start: float
    each: float


def line(measured: Sequence[Measured], *, cpu: bool = False) -> Line:
    """Draw the line through the smallest and the largest corpus."""
    ordered = sorted(measured, key=lambda one: one.sentences)
    first, last = ordered[0], ordered[-1]
    seconds = [one.cpu if cpu else one.wall for one in (first, last)]
    each = (seconds[1] - seconds[0]) / (last.sentences - first.sentences)
    return Line(seconds[0] - each * first.sentences, each)


def pays_from(engine: Line, direct: Line) -> int | None:
    """Return the number of sentences from which an engine takes less time; None if it never does."""
    if engine.each >= direct.each:
        return None
    return max(0, round((engine.start - direct.start) / (direct.each - engine.each)))


def table(measured: Sequence[Measured]) -> str:
    """Make the rows in Markdown, engines in the order measured."""
    rows = [
        "| engine, slots | cluster's start, s | part | start, s | a million sentences, s | CPU s | pays from |",
        "|---|--:|---|--:|--:|--:|--:|",
    ]
    for part in ("line", "predict"):
        of_part = [one for one in measured if one.part == part]
        keys = list(dict.fromkeys((one.engine, one.slots) for one in of_part))
        series = {key: [one for one in of_part if (one.engine, one.slots) == key] for key in keys}
        base = series.get(("direct", 1))
        for (engine, slots), found in series.items():
            wall, cpu = line(found), line(found, cpu=True)
            pays = ""
            if base and found is not base:
                from_here = pays_from(wall, line(base))
                pays = "never" if from_here is None else f"{from_here:,}"
            rows.append(
                f"| {engine}, {slots} | {found[0].started:.0f} | {part} | {wall.start:.0f} | {1e6 * wall.each:,.0f} "
                f"| {1e6 * cpu.each:,.0f} | {pays} |"
            )
    return "\n".join(rows)
