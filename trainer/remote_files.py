"""Small files on any file system of TensorFlow, buckets included; on a local disk use `files.atomic`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import tensorflow as tf


def write(path: str, content: str | bytes) -> None:
    """Write a file in one step, creating its folder; a process killed in between leaves the earlier file as it was.

    On a local disk the content is synced before the rename; a bucket keeps no half object.
    """
    tf.io.gfile.makedirs(os.path.dirname(path))
    # Several processes may write the same file: each has a draft of its own.
    draft = f"{path}.draft-{os.getpid()}"
    with tf.io.gfile.GFile(draft, "wb") as file:
        file.write(content)
    if "://" not in path:
        with open(draft, "rb") as written:
            os.fsync(written.fileno())
    tf.io.gfile.rename(draft, path, overwrite=True)


def chunks(path: str) -> Iterator[bytes]:
    """Read a file of any size piece by piece."""
    with tf.io.gfile.GFile(path, "rb") as file:
        while chunk := file.read(1 << 20):
            yield chunk
