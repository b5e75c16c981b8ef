"""Which devices train."""

from __future__ import annotations

import tensorflow as tf


def strategy_for_visible_devices() -> tf.distribute.Strategy:
    """Every visible GPU, each with a replica; without any, several logical CPU devices if there are; else one CPU.

    GPU memory is taken as it is needed, so that a server on the same card keeps its own.
    """
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) > 1:
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()
