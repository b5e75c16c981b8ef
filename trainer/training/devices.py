"""The devices that train, and how their number scales the batch and the learning rate."""

from __future__ import annotations

import os

import msgspec
import tensorflow as tf

from trainer.hyperparameters import Hyperparameters


def strategy_for_visible_devices() -> tf.distribute.Strategy:
    """Make one replica per visible GPU; without GPUs, one per logical CPU device, usually a single one.

    GPU memory is taken as it is needed (`take_gpu_memory_as_needed`).
    """
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) > 1:
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


def take_gpu_memory_as_needed() -> None:
    """Leave unused GPU memory to a server beside the training; must be called before anything uses a GPU.

    Set by the environment, since TensorFlow's own setting raises once an earlier component has started the
    devices; a device that was started without it stays as it is.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


def scaled(hyperparameters: Hyperparameters, replicas: int) -> Hyperparameters:
    """Scale batch size and learning rate to the number of replicas, by the rule that `scaling` names.

    Twice the batch halves the noise of a gradient. SGD is then stable at twice the learning rate, Adam, which
    divides by the gradient's root mean square, at the square root of two.
    """
    hp = hyperparameters
    if hp.scaling == "none":
        return hp
    return msgspec.structs.replace(
        hp,
        batch_size=hp.batch_size * replicas,
        learning_rate=hp.learning_rate * (replicas if hp.scaling == "linear" else replicas**0.5),
    )
