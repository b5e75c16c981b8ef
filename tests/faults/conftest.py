"""Faults injected on purpose, counted in one closing line: tried, survived, lost, wrong.

Each test is marked `faults` and left to `make test-faults`. A fault is survived if the block that injects it ends
without an error; what was lost or wrong is counted by comparing what is there with what should be.
"""

from __future__ import annotations

import contextlib
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
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    counted = [
        value
        for report in reports
        if getattr(report, "when", "") == "teardown"
        for name, value in report.user_properties
        if name == "faults"
    ]
    if counted:
        sums = {name: sum(counts[name] for counts in counted) for name in _COUNTS}
        terminalreporter.write_line(
            "faults: {tried} tried, {survived} survived, {lost} lost, {wrong} wrong".format(**sums)
        )
