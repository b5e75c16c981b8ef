from __future__ import annotations

import io

import pytest
from rich.console import Console

from pipeline.cli import progress_bar
from pipeline.cli.progress_bar import ProgressBar


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(progress_bar.time, "monotonic", lambda: now[0])
    return now


def test_off_a_terminal_a_line_is_printed_now_and_then(clock: list[float]) -> None:
    output = io.StringIO()
    with ProgressBar(Console(file=output), "sentences", 9_000) as count:
        clock[0] += 60  # what it takes to begin is no sentence's time
        count.add(1_000)  # done by an earlier run
        clock[0] += 9
        count.add(90)
        assert output.getvalue() == ""
        clock[0] += 1
        count.add(10)
        assert output.getvalue() == "1,100 of 9,000 sentences, 10/s\n"
        clock[0] += 1
        count.add(7_900)
    assert output.getvalue().count("\n") == 1


def test_on_a_terminal_a_bar_is_drawn() -> None:
    output = io.StringIO()
    with ProgressBar(Console(file=output, force_terminal=True, width=100), "sentences", 20) as count:
        count.add(0)
        count.add(20)
    assert "20/20" in output.getvalue()
