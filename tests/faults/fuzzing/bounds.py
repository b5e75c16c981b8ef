"""How many inputs a test tries: as many each time, the same ones each time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings

# An input that takes longer has found a loop: they are a few hundred bytes.
LONGEST = timedelta(seconds=10)


def bounded(inputs: int) -> Callable[[Any], Any]:
    """Try so many inputs, drawn alike in every run, none for longer than `LONGEST`."""
    return settings(
        max_examples=inputs,
        derandomize=True,
        database=None,
        deadline=LONGEST,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
        ],
    )


@contextlib.contextmanager
def refused(error: type[Exception], require: Callable[[Any], bool]) -> Iterator[None]:
    """Take an error of this kind for an answer, if it is as required."""
    try:
        yield
    except error as found:
        if not require(found):
            raise
