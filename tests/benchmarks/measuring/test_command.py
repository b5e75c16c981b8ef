"""The cost and the output of a command, and a command that fails."""

from __future__ import annotations

import sys

import pytest

from benchmarks.measuring.command import run

PROGRAM = (
    "import sys; held = bytearray(100_000_000); print('done'); print('broken', file=sys.stderr); sys.exit(2)"
)


def test_the_cost_and_the_output_of_a_command() -> None:
    cost, output = run([sys.executable, "-c", PROGRAM], statuses=(0, 2))
    assert output == "done\n"
    assert cost.memory > 100
    assert cost.cpu > 0
    assert 0 < cost.wall < 60


def test_a_command_that_fails_ends_the_benchmark_with_its_log() -> None:
    with pytest.raises(SystemExit, match=r"(?s)failed with status 2:\nbroken\n$"):
        run([sys.executable, "-c", PROGRAM])
