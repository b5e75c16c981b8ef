"""Writes files whole or not at all, in a bucket too; on a local disk use `files.atomic`."""

from __future__ import annotations

import os

import tensorflow as tf


def write(path: str, content: str | bytes) -> None:
    """Write a small file, and its folder where that is missing. A process killed meanwhile leaves what was there."""
    tf.io.gfile.makedirs(os.path.dirname(path))
    # Several processes may write the same: each has a draft of its own.
    draft = f"{path}.draft-{os.getpid()}"
    with tf.io.gfile.GFile(draft, "wb") as file:
        file.write(content)
    tf.io.gfile.rename(draft, path, overwrite=True)
