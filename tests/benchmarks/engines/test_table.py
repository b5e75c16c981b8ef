"""What a start and a million sentences cost, from two corpora, by hand."""

from __future__ import annotations

from benchmarks.engines.table import Line, Measured, line, pays_from, table


def measured(engine: str, slots: int, sentences: int, wall: float, cpu: float) -> Measured:
    return Measured(engine, slots, "line", sentences, wall, cpu, started=12.4)


DIRECT = [measured("direct", 1, 20_000, 30, 40), measured("direct", 1, 100_000, 70, 80)]
FLINK = [measured("flink", 2, 100_000, 80, 140), measured("flink", 2, 20_000, 60, 100)]


def test_a_line_goes_through_both() -> None:
    assert line(DIRECT) == Line(start=20, each=0.0005)
    assert line(FLINK) == Line(start=55, each=0.00025)
    assert line(FLINK, cpu=True) == Line(start=90, each=0.0005)


def test_an_engine_pays_where_the_lines_cross() -> None:
    # 20 + 70 = 55 + 35 seconds.
    assert pays_from(line(FLINK), line(DIRECT)) == 140_000
    assert pays_from(line(DIRECT), line(FLINK)) is None
    assert pays_from(Line(start=1, each=0.0001), line(DIRECT)) == 0


def test_the_table() -> None:
    assert table([*DIRECT, *FLINK]).splitlines()[2:] == [
        "| direct, 1 | 12 | line | 20 | 500 | 500 |  |",
        "| flink, 2 | 12 | line | 55 | 250 | 500 | 140,000 |",
    ]
    assert table(FLINK).splitlines()[2:] == ["| flink, 2 | 12 | line | 55 | 250 | 500 |  |"]
