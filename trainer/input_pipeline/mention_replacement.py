"""Mention replacement: sentences of the training split with some mentions replaced by others of the same label.

`play [Thriller] by [Michael Jackson]` is as good a sentence with any album by any artist. Each time a
sentence is trained on, some of its mentions are replaced by mentions of the same label, drawn as often as the
split has them.

Shape letters: `N` tokens of concatenated sentences, `S` segments (a mention, or a token outside any), `M`
mentions, `L` labels, `K` tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tagging.schemes import OUTSIDE, Scheme
from tagging.tables import split_tag
from trainer.input_pipeline.batches import Batch

# Mentions are collected from this many first sentences, so that a long corpus is not read twice.
SAMPLE = 50_000
_AT_ONCE = 1024

_FIELDS = ("tokens", "tags", "words", "cases", "labels")


class _Segments(NamedTuple):
    """Start, end and label number of each segment among N tokens, int64[S]; label -1 outside mentions."""

    starts: tf.Tensor
    limits: tf.Tensor
    kinds: tf.Tensor


class Mentions:
    """The mentions of a training split, grouped by label.

    Args:
        sentences: as `batches.sentences` returns them.
        tags: the tags of the vocabulary, by id.
        scheme: of the tags; must be `movable`.
        share: of a sentence's mentions that are replaced, 0 to 1.
    """

    def __init__(
        self, sentences: tf.data.Dataset, *, tags: Sequence[str], scheme: Scheme, share: float
    ) -> None:
        pairs = [split_tag(tag) for tag in tags]
        labels = sorted({label for prefix, label in pairs if prefix != OUTSIDE})
        # The last row and column stand for no tag: a sentence's border, or a tag outside the vocabulary.
        continues = np.zeros([len(tags) + 1] * 2, bool)
        for i, (before, label_before) in enumerate(pairs):
            for j, (here, label) in enumerate(pairs):
                continues[i, j] = (before, here, label == label_before) in scheme.continues
        self._continues = tf.constant(continues)
        self._kinds = tf.constant(
            [-1 if prefix == OUTSIDE else labels.index(label) for prefix, label in pairs] + [-1], tf.int64
        )
        self._share = share
        self._collect(sentences, len(labels))

    def _collect(self, sentences: tf.data.Dataset, labels: int) -> None:
        fields: list[list[np.ndarray]] = [[] for _ in _FIELDS]
        lengths: list[np.ndarray] = [np.zeros([0], np.int64)]
        kinds: list[np.ndarray] = [np.zeros([0], np.int64)]
        for batch in sentences.take(SAMPLE).ragged_batch(_AT_ONCE):
            segments = self._segments(batch.labels.values, batch.labels.value_rowids())
            chosen = tf.where(segments.kinds >= 0)[:, 0]
            starts, limits = tf.gather(segments.starts, chosen), tf.gather(segments.limits, chosen)
            places = tf.ragged.range(starts, limits).values
            for parts, field in zip(fields, _FIELDS, strict=True):
                parts.append(tf.gather(getattr(batch, field).values, places).numpy())
            lengths.append((limits - starts).numpy())
            kinds.append(tf.gather(segments.kinds, chosen).numpy())
        kind = np.concatenate(kinds)
        limit = np.cumsum(np.concatenate(lengths))
        # Sorted by label: a label's mentions are one stretch of the list, so one number draws one of them.
        order = np.argsort(kind, kind="stable")
        self.count = len(kind)
        self._limits = tf.constant(limit[order])
        self._starts = tf.constant((limit - np.concatenate(lengths))[order])
        self._number = tf.constant(np.bincount(kind, minlength=labels), tf.int64)
        self._first = tf.math.cumsum(self._number, exclusive=True)
        self._fields = {
            field: tf.constant(np.concatenate(parts)) if self.count else None
            for field, parts in zip(_FIELDS, fields, strict=True)
        }

    def _segments(self, labels: tf.Tensor, rows: tf.Tensor) -> _Segments:
        """Cut concatenated sentences into segments: int64[N] labels, and the sentence of each, int64[N] `rows`."""
        border = tf.constant([self._continues.shape[0] - 1], tf.int64)
        labels = tf.where(labels < 0, border, labels)
        at_border = rows != tf.concat([[-1], rows], 0)[:-1]
        before = tf.where(at_border, border, tf.concat([border, labels], 0)[:-1])
        continued = tf.gather_nd(self._continues, tf.stack([before, labels], 1))
        starts = tf.where(tf.logical_not(continued))[:, 0]
        limits = tf.concat([starts, [tf.size(labels, out_type=tf.int64)]], 0)[1:]
        return _Segments(starts, limits, tf.gather(self._kinds, tf.gather(labels, starts)))

    # AutoGraph would take seconds to search for Python control flow, and find none.
    @tf.autograph.experimental.do_not_convert
    def replaced(self, batch: Batch, seed: tf.Tensor) -> Batch:
        """Replace some mentions of a batch, and pad it to its new longest sentence.

        Args:
            batch: B sentences.
            seed: int64[2]; draws which mentions are replaced, and by which.
        """
        lengths = tf.cast(batch.lengths, tf.int64)
        own = {
            field: tf.RaggedTensor.from_tensor(getattr(batch, field), lengths=lengths) for field in _FIELDS
        }
        rows = own["labels"].value_rowids()
        starts, limits, kinds = self._segments(own["labels"].values, rows)
        drawn = tf.random.stateless_uniform([tf.size(starts), 2], seed)  # [S,2]
        kinds_or_0 = tf.maximum(kinds, 0)
        number = tf.gather(self._number, kinds_or_0)
        replace = (kinds >= 0) & (number > 0) & (drawn[:, 0] < self._share)
        nth = tf.cast(drawn[:, 1] * tf.cast(number, tf.float32), tf.int64)
        # The product may round up to `number`, one too many.
        mention = tf.gather(self._first, kinds_or_0) + tf.maximum(tf.minimum(nth, number - 1), 0)
        mention = tf.where(replace, mention, tf.zeros_like(mention))
        # Positions from `after` on are those of the mentions' tokens.
        after = tf.size(rows, out_type=tf.int64)
        new_starts = tf.where(replace, after + tf.gather(self._starts, mention), starts)
        new_limits = tf.where(replace, after + tf.gather(self._limits, mention), limits)
        places = tf.ragged.range(new_starts, new_limits).values
        stays = places < after
        nowhere = tf.zeros_like(places)
        here, there = tf.where(stays, places, nowhere), tf.where(stays, nowhere, places - after)
        new_lengths = tf.math.unsorted_segment_sum(
            new_limits - new_starts, tf.gather(rows, starts), tf.size(lengths)
        )

        def dense(field: str) -> tf.Tensor:
            mixed = tf.where(stays, tf.gather(own[field].values, here), tf.gather(self._fields[field], there))
            return tf.RaggedTensor.from_row_lengths(mixed, new_lengths).to_tensor()

        return Batch(**{field: dense(field) for field in _FIELDS}, lengths=tf.cast(new_lengths, tf.int32))


def movable(scheme: Scheme) -> bool:
    """Whether an entity has the same tags in any place: true of every scheme but IOB1, false for plain tags."""
    return not scheme.is_plain and scheme.touching is None
