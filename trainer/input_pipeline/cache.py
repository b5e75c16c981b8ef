"""Transformed sentences kept for the epochs to come, so that only the first pass unzips and parses them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import tensorflow as tf

from trainer.input_pipeline import batches

log = logging.getLogger("tagline.trainer")

# Of gzipped files: what is not larger is kept in memory, where it takes some 17 times as much.
MOST_IN_MEMORY = 8 << 20


@contextmanager
def cached(
    files: Sequence[str], *, folder: str, most_in_memory: int = MOST_IN_MEMORY
) -> Iterator[tf.data.Dataset]:
    """What `inputs.sentences` gives of `files`, in the same order, for as many passes as there are within.

    Args:
        files: gzipped TFRecords.
        folder: of this process alone; made where the sentences do not fit into memory, deleted in the end. One
            that a killed process has left is never read: how much of it is whole nobody knows.
        most_in_memory: bytes of `files`.
    """
    sentences = batches.sentences(files)
    if sum(tf.io.gfile.stat(file).length for file in files) <= most_in_memory:
        yield sentences.cache()
        return
    _discard(folder)
    try:
        tf.io.gfile.makedirs(os.path.dirname(folder))
        sentences.save(folder)
        log.info("the sentences of %d files are too many for memory: kept in %s", len(files), folder)
        yield tf.data.Dataset.load(
            folder,
            element_spec=sentences.element_spec,
            reader_func=lambda parts: parts.flat_map(lambda part: part),
        )
    finally:
        _discard(folder)


def _discard(folder: str) -> None:
    if tf.io.gfile.exists(folder):
        tf.io.gfile.rmtree(folder)
