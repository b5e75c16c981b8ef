"""A cache of parsed sentences, so that only the first epoch unzips and parses Transform's examples."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import tensorflow as tf

from trainer.input_pipeline import batches

log = logging.getLogger("tagline.trainer")

# Bytes of gzipped files that are still cached in memory, where they take some 17 times as much.
MOST_IN_MEMORY = 8 << 20


@contextmanager
def cached(
    files: Sequence[str], *, folder: str, most_in_memory: int = MOST_IN_MEMORY
) -> Iterator[tf.data.Dataset]:
    """Yield the sentences of `files` as `batches.sentences` reads them, cached for any number of passes.

    Args:
        files: gzipped TFRecords.
        folder: of this process alone; written if the files are too large for memory, deleted at the end. A
            folder that a killed process left is never read, as it may be incomplete.
        most_in_memory: bytes of `files` that are still cached in memory.
    """
    sentences = batches.sentences(files)
    if sum(tf.io.gfile.stat(file).length for file in files) <= most_in_memory:
        yield sentences.cache()
        return
    _discard(folder)
    try:
        tf.io.gfile.makedirs(os.path.dirname(folder))
        sentences.save(folder)
        log.info("the sentences of %d files are too many for memory: cached in %s", len(files), folder)
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
