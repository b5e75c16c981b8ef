"""Measures the CRF's speed: contestants in turn in one process, medians of the process's CPU time.

CPU time, because wall time on a shared machine measures the neighbours; in turn, so that what disturbs one
disturbs all.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

Contestant = Callable[..., Any]


def medians(
    contestants: Mapping[str, Contestant], arguments: Sequence[tf.Tensor], *, seconds: float = 2.0
) -> dict[str, float]:
    """CPU seconds a call, each contestant's median over as many turns as `seconds` hold (at least 5)."""
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


def rates() -> dict[str, float]:
    """Measure the machine's peak per CPU second: float32 operations in a matrix product, bytes copied."""
    side = 1024
    square, row = tf.ones([side, side]), tf.ones([16 * 2**20])
    product = tf.function(lambda x: tf.matmul(x, x))
    copy = tf.function(lambda x: x + 1.0)
    multiplied = medians({"product": product}, [square], seconds=1.0)["product"]
    copied = medians({"copy": copy}, [row], seconds=1.0)["copy"]
    return {"operations": 2 * side**3 / multiplied, "bytes": 2 * row.shape[0] * 4 / copied}


def machine() -> dict[str, Any]:
    """The processor and its number of cores."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {"processor": names[0] if names else platform.processor(), "cores": os.cpu_count()}


def floor(batch: int, steps: int, tags: int, measured: Mapping[str, float]) -> float:
    """The least CPU seconds that loss and gradient could take on this machine.

    Three products of [B, K] by [K, K] a step (forward, backward, expected steps), and one reading of the emissions
    and one writing of their gradient.
    """
    operations = 3 * 2 * batch * steps * tags * tags
    moved = 2 * 4 * batch * steps * tags
    return operations / measured["operations"] + moved / measured["bytes"]


def problem(batch: int, steps: int, tags: int) -> list[tf.Tensor]:
    """Emissions, gold tags, transitions and lengths between T/2 and T, always the same."""
    random = np.random.default_rng(0)
    return [
        tf.constant(random.normal(size=[batch, steps, tags]).astype(np.float32)),
        tf.constant(random.integers(0, tags, [batch, steps]).astype(np.int32)),
        tf.constant(0.5 * random.normal(size=[tags, tags]).astype(np.float32)),
        tf.constant(random.integers((steps + 1) // 2, steps + 1, batch).astype(np.int32)),
    ]
