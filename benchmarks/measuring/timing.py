"""Measure speed: contestants in turn in one process, medians of the process's CPU time.

CPU time, because wall time on a shared machine measures the neighbours; in turn, so that what disturbs one
disturbs all.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

Contestant = Callable[..., Any]


def medians(
    contestants: Mapping[str, Contestant], arguments: Sequence[tf.Tensor], *, seconds: float = 2.0
) -> dict[str, float]:
    """Measure CPU seconds a call: each contestant's median over as many turns as fit `seconds`, at least 5."""
    for run in contestants.values():  # trace, compile and warm the caches
        run(*arguments)
        run(*arguments)
    calls = {
        name: max(1, round(0.02 / max(1e-5, _cpu(run, arguments, 3)))) for name, run in contestants.items()
    }
    turns: dict[str, list[float]] = {name: [] for name in contestants}
    began, rounds = time.monotonic(), 0
    while rounds < 5 or time.monotonic() - began < seconds:
        for name, run in contestants.items():
            turns[name].append(_cpu(run, arguments, calls[name]))
        rounds += 1
    return {name: statistics.median(values) for name, values in turns.items()}


def _cpu(run: Contestant, arguments: Sequence[tf.Tensor], calls: int) -> float:
    began = time.process_time()
    for _ in range(calls):
        results = run(*arguments)
    tf.nest.flatten(results)[0].numpy()  # what is still running belongs to this turn
    return (time.process_time() - began) / calls
