"""Which devices train."""

from __future__ import annotations

import os

import tensorflow as tf


def strategy_for_visible_devices() -> tf.distribute.Strategy:
    """Every visible GPU, each with a replica; without any, several logical CPU devices if there are; else one CPU.

    GPU memory is taken as it is needed (`take_gpu_memory_as_needed`).
    """
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) > 1:
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


def take_gpu_memory_as_needed() -> None:
    """Leave the rest of a card to a server beside; to be called before anything has used a GPU.

    By the environment, since TensorFlow's own setting is an error once a component before the Trainer has
    started the devices; what was started without it stays as it is.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
