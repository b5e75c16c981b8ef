"""Faults injected on purpose, counted in the closing lines: tried, survived, lost, wrong.

Each test is marked `faults` and left to `make test-faults`. A fault is survived if the block that injects it ends
without an error; what was lost or wrong is counted by comparing what is there with what should be.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import pytest

_COUNTS = ("tried", "survived", "lost", "wrong")
_Key = TypeVar("_Key", bound=Hashable)


class Faults:
    """The faults of one test."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(_COUNTS, 0)

    @contextlib.contextmanager
    def tried(self, times: int = 1) -> Iterator[None]:
        """Count faults injected within the block, survived if it ends without an error."""
        self.counts["tried"] += times
        yield
        self.counts["survived"] += times

    def compare(self, found: Mapping[_Key, object], expected: Mapping[_Key, object]) -> None:
        """Count what is missing in `found` as lost and what differs as wrong, and fail if there is any."""
        lost = [key for key in expected if key not in found]
        wrong = [key for key in expected if key in found and found[key] != expected[key]]
        self.counts["lost"] += len(lost)
        self.counts["wrong"] += len(wrong)
        assert not lost, f"lost: {lost[:5]}"
        assert not wrong, {key: (found[key], expected[key]) for key in wrong[:5]}


@pytest.fixture
def faults(record_property: Callable[[str, object], None]) -> Iterator[Faults]:
    """Counts the faults of a test for the closing line, whether the test passes or not."""
    counted = Faults()
    yield counted
    # Properties travel from the workers of pytest-xdist to the process that prints.
    record_property("faults", counted.counts)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was counted: a line a file, and the sum of all."""
    by_file: dict[str, Counter[str]] = {}
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        if getattr(report, "when", "") == "teardown":
            for name, counts in report.user_properties:
                if name == "faults":
                    by_file.setdefault(report.nodeid.partition("::")[0], Counter()).update(counts)
    for file in sorted(by_file):
        terminalreporter.write_line(f"{file}: {_line(by_file[file])}")
    if by_file:
        terminalreporter.write_line(f"faults: {_line(sum(by_file.values(), Counter()))}")


def _line(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[name]:,} {name}" for name in _COUNTS)
