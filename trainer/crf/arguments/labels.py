"""Checks of a caller's arguments beside the potentials: gold tags, sets of tags, weights and spans."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from trainer.crf.arguments.potentials import Potentials


def checked_tags(tags: Any, potentials: Potentials) -> tf.Tensor:
    """Check tags int[B, T], and return them as int32[B, T] with zeros in the padding.

    Raises:
        ValueError: the shape is not that of the emissions, or (where known) a tag is outside 0..K-1.
        tf.errors.InvalidArgumentError: a tag outside 0..K-1 that is only known while the graph runs.
    """
    tags = tf.convert_to_tensor(tags, name="tags")
    if not tags.dtype.is_integer:
        raise ValueError(f"tags: expected tag numbers int32[B, T], got {tags.dtype.name}")
    if not tags.shape.is_compatible_with(potentials.emissions.shape[:2]):
        raise ValueError(
            f"tags: expected shape {potentials.emissions.shape[:2]} as the emissions, got {tags.shape}"
        )
    tags = tf.where(potentials.valid, tf.cast(tags, tf.int32), 0)
    number = potentials.emissions.shape[2]
    number = tf.shape(potentials.emissions)[2] if number is None else number
    static_tags, static_number = tf.get_static_value(tags), tf.get_static_value(number)
    if static_tags is not None and static_number is not None:
        wrong = np.argwhere((static_tags < 0) | (static_tags >= static_number))
        if wrong.size:
            row, position = (int(index) for index in wrong[0])
            raise ValueError(
                f"tags[{row}, {position}]: expected 0..{int(static_number) - 1}, "
                f"got {int(static_tags[row, position])}; shorten lengths if this is padding"
            )
        return tags
    asserted = tf.debugging.Assert(
        (tf.reduce_min(tags) >= 0) & (tf.reduce_max(tags) < number),
        ["tags: expected each within 0..K-1 before the sentence's end; K and tags are", number, tags],
        summarize=64,
    )
    with tf.control_dependencies([] if asserted is None else [asserted]):
        return tf.clip_by_value(tags, 0, tf.maximum(number - 1, 0))


def refuse_forbidden(tags: tf.Tensor, potentials: Potentials) -> None:
    """Raise where gold tags break the masks, if both are known before the graph runs.

    Raises:
        ValueError: with the row and the position of the first forbidden tag.
    """
    masks = potentials.masks
    static_tags, lengths = tf.get_static_value(tags), tf.get_static_value(potentials.lengths)
    if static_tags is None or lengths is None or masks is None:
        return
    if masks.allowed is not None:
        inside = np.arange(1, static_tags.shape[1]) < lengths[:, np.newaxis]  # [B, T-1]
        for row, before in np.argwhere(inside & ~masks.allowed[static_tags[:, :-1], static_tags[:, 1:]])[:1]:
            step = f"from tag {static_tags[row, before]} to tag {static_tags[row, before + 1]}"
            raise ValueError(_forbidden(row, before + 1, f"masks.allowed has no step {step}"))
    rows = np.flatnonzero(lengths)
    for name, mask, positions in (
        ("start", masks.start, np.zeros_like(lengths)),
        ("end", masks.end, lengths - 1),
    ):
        if mask is not None:
            tags_there = static_tags[rows, positions[rows]]
            for wrong in np.flatnonzero(~mask[tags_there])[:1]:
                row = rows[wrong]
                raise ValueError(
                    _forbidden(row, positions[row], f"masks.{name} has no tag {tags_there[wrong]}")
                )


def _forbidden(row: int, position: int, why: str) -> str:
    return f"tags[{row}, {position}]: expected a tag that the masks allow, but {why}; repair either of them"


def checked_tag_sets(tag_sets: Any, potentials: Potentials) -> tf.Tensor:
    """Check sets of tags, and return them as bool[B, T, K].

    Raises:
        ValueError: the shape is not that of the emissions, or they are not booleans.
    """
    tag_sets = tf.convert_to_tensor(tag_sets, name="tag_sets")
    if tag_sets.dtype != tf.bool or not tag_sets.shape.is_compatible_with(potentials.emissions.shape):
        raise ValueError(
            f"tag_sets: expected booleans of shape {potentials.emissions.shape} as the emissions, "
            f"got {tag_sets.dtype.name} {tag_sets.shape}"
        )
    return tag_sets


def checked_weights(name: str, weights: Any, shape: tf.TensorShape, dtype: tf.DType) -> tf.Tensor:
    """Check weights, and return them in the type of the scores.

    Raises:
        ValueError: the shape is another, or they are not numbers.
    """
    weights = tf.convert_to_tensor(weights, name=name)
    if weights.dtype == tf.bool or not weights.shape.is_compatible_with(shape):
        raise ValueError(
            f"{name}: expected numbers of shape {shape}, got {weights.dtype.name} {weights.shape}"
        )
    return tf.cast(weights, dtype)


def checked_spans(spans: Any, lengths: tf.Tensor) -> tf.Tensor:
    """Check spans, and return them as int32[S, 3]: row of the batch, first token, token after the last.

    Raises:
        ValueError: they are not whole numbers of shape [S, 3].
        tf.errors.InvalidArgumentError: a span reaches outside its sentence.
    """
    spans = tf.convert_to_tensor(spans, name="spans")
    if not spans.dtype.is_integer or not spans.shape.is_compatible_with([None, 3]):
        raise ValueError(
            f"spans: expected whole numbers of shape [S, 3], got {spans.dtype.name} {spans.shape}"
        )
    spans = tf.cast(tf.ensure_shape(spans, [None, 3]), tf.int32)
    row, first, after = tf.unstack(spans, axis=1)
    last_row = tf.shape(lengths)[0] - 1
    inside = (row >= 0) & (row <= last_row) & (first >= 0) & (first <= after)
    inside &= after <= tf.gather(lengths, tf.clip_by_value(row, 0, last_row))
    asserted = tf.debugging.Assert(
        tf.reduce_all(inside), ["spans: expected row, first and after within their sentences, got", spans]
    )
    with tf.control_dependencies([] if asserted is None else [asserted]):
        return tf.identity(spans)
