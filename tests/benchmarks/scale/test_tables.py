"""The tables of the scale benchmark, on measurements made up."""

from __future__ import annotations

import msgspec
import pytest

from benchmarks.scale.measured import Measured, Part
from benchmarks.scale.tables import SHOWN, growths, paying, show, table


def measured(
    sentences: int, *, workers: int = 1, begin: float = 1.0, each: float = 1e-3, **memory: float
) -> Measured:
    """Every part takes `begin` seconds and `each` a sentence, twice as much CPU, and 100 MB or as named."""
    seconds = begin + each * sentences
    parts = [
        Part(name=name, wall=9 * seconds, unhindered=seconds, cpu=2 * seconds, memory=memory.get(name, 100.0))
        for name in SHOWN
    ]
    return Measured(sentences=sentences, workers=workers, parts=parts, machine="")


def test_the_cost_of_a_sentence() -> None:
    lines = list(table([measured(1_000), measured(10_000)], price=0.36))
    assert lines[0] == "| 1 worker | 1,000 | 10,000 |"
    # 2 s and 11 s of wall, 4 s and 22 s of CPU.
    assert "| CorpusGen | 4.000 / 2.000 / 100 | 2.200 / 1.100 / 100 |" in lines
    # 0.36 an hour are 0.0001 a second; a million sentences are 4,000 s and 2,200 s.
    assert "| predict, cost of a million | 0.400 | 0.220 |" in lines


def test_an_interrupted_series_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    few, many = measured(1_000), measured(10_000)
    line = msgspec.structs.replace(many, parts=[part for part in many.parts if part.name != "predict"])
    assert show([few, line], price=1.0)
    assert "| predict | 4.000 / 2.000 / 100 |  |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("each", "memory", "met"),
    [
        (1e-3, 100.0, True),
        (1e-3, 120.0, True),
        (1e-3, 121.0, False),
        (1.2e-3, 100.0, True),
        (1.4e-3, 100.0, False),
    ],
)
def test_growth_against_its_bound(each: float, memory: float, met: bool) -> None:
    few, many = measured(100_000, begin=0.0), measured(1_000_000, begin=0.0, each=each, Transform=memory)
    (growth,) = (growth for growth in growths(few, many) if growth.name == "Transform")
    assert growth.time == pytest.approx(each / 1e-3)
    assert growth.memory == pytest.approx(memory / 100)
    assert growth.has_bound
    assert growth.met is met


def test_small_corpora_have_no_bound() -> None:
    assert not any(growth.has_bound for growth in growths(measured(1_000), measured(10_000, each=1.0)))


def test_the_size_from_which_workers_pay() -> None:
    # 1 + 0.001 n = 11 + 0.0005 n at n = 20,000.
    one = [measured(size) for size in (1_000, 10_000, 100_000)]
    two = [measured(size, workers=2, begin=11.0, each=5e-4) for size in (1_000, 10_000, 100_000)]
    assert "Transform: 2 workers against 1: pay from 20,000 sentences on" in list(paying([*one, *two]))
    slower = [measured(size, workers=2, begin=11.0, each=2e-3) for size in (1_000, 10_000)]
    assert "Transform: 2 workers against 1: pay at no size measured" in list(paying([*one, *slower]))
    assert not list(paying(one))


def test_a_bound_that_is_not_met_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    few, many = measured(100_000, begin=0.0), measured(1_000_000, begin=0.0)
    assert show([few, many], price=1.0)
    capsys.readouterr()
    assert not show([few, measured(1_000_000, begin=0.0, predict=130.0)], price=1.0)
    assert "| 100,000 | 1 | predict | x 1.00 | x 1.30 | not met |" in capsys.readouterr().out
