"""The problems that CRF libraries are compared on."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

Shape = tuple[int, int, int]  # B, T, K


def problem(batch: int, steps: int, tags: int) -> list[tf.Tensor]:
    """Emissions, gold tags, transitions and lengths between T/2 and T, always the same."""
    random = np.random.default_rng(0)
    return [
        tf.constant(random.normal(size=[batch, steps, tags]).astype(np.float32)),
        tf.constant(random.integers(0, tags, [batch, steps]).astype(np.int32)),
        tf.constant(0.5 * random.normal(size=[tags, tags]).astype(np.float32)),
        tf.constant(random.integers((steps + 1) // 2, steps + 1, batch).astype(np.int32)),
    ]
