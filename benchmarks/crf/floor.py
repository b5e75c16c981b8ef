"""The least CPU time that loss and gradient of a CRF could take on this machine."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from benchmarks.measuring.timing import medians


def rates() -> dict[str, float]:
    """Measure the machine's peak per CPU second: float32 operations in a matrix product, bytes copied."""
    side = 1024
    square, row = tf.ones([side, side]), tf.ones([16 * 2**20])
    product = tf.function(lambda x: tf.matmul(x, x))
    copy = tf.function(lambda x: x + 1.0)
    multiplied = medians({"product": product}, [square], seconds=1.0)["product"]
    copied = medians({"copy": copy}, [row], seconds=1.0)["copy"]
    return {"operations": 2 * side**3 / multiplied, "bytes": 2 * row.shape[0] * 4 / copied}


def floor(batch: int, steps: int, tags: int, measured: Mapping[str, float]) -> float:
    """The least CPU seconds that loss and gradient could take on this machine.

    Three products of [B, K] by [K, K] a step (forward, backward, expected steps), and one reading of the emissions
    and one writing of their gradient.
    """
    operations = 3 * 2 * batch * steps * tags * tags
    moved = 2 * 4 * batch * steps * tags
    return operations / measured["operations"] + moved / measured["bytes"]
