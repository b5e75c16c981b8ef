"""Which engines tests run on, each started once for a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from benchmarks.engines.cluster import Engine
from benchmarks.engines.flink import flink
from benchmarks.engines.parts import Missing
from benchmarks.engines.prism import prism
from benchmarks.engines.spark import spark

STARTS: dict[str, Callable[[Path], AbstractContextManager[Engine]]] = {
    "prism": prism,
    "flink": flink,
    "spark": spark,
}


@contextmanager
def started(name: str, scratch: Path) -> Iterator[Engine]:
    """The engine, or a skipped test with the reason why it cannot be had."""
    with ExitStack() as stack:
        try:
            there = stack.enter_context(STARTS[name](scratch))
        except Missing as missing:
            pytest.skip(str(missing))
        yield there
