"""Real engines, compilers and servers, met by tests that `make test-engines` runs; the closing lines say which.

The parts come from Maven Central, the Go module proxy, PyPI and Debian, and are kept in `build/engines`. What cannot
be had skips its tests with the reason, which the closing lines repeat.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

Met = Callable[[str, str], None]


@pytest.fixture
def met(record_property: Callable[[str, object], None]) -> Met:
    """Called with the name and the version of a part that the test has run against."""

    def note(name: str, version: str) -> None:
        # Properties travel from the workers of pytest-xdist to the process that prints.
        record_property("met", f"{name} {version}")

    return note


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.engines)
            # One process has the engines, so that only one of them runs at a time, the other Kubernetes' parts.
            item.add_marker(pytest.mark.xdist_group(item.path.parent.name))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was met, with versions, and what was not run, with the reason."""
    folder = Path(__file__).parent.relative_to(terminalreporter.config.rootpath).as_posix()
    met: set[str] = set()
    missing: set[str] = set()
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        if getattr(report, "when", "") == "teardown":
            met.update(str(value) for name, value in report.user_properties if name == "met")
        elif getattr(report, "outcome", "") == "skipped" and report.nodeid.startswith(folder):
            missing.add(str(report.longrepr[-1]).removeprefix("Skipped: "))
    for line in sorted(met):
        terminalreporter.write_line(f"met: {line}")
    for line in sorted(missing):
        terminalreporter.write_line(f"not run: {line}")
