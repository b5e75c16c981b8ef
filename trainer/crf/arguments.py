"""One place that checks and cleans what callers hand to the CRF functions.

Everything behind this module may rely on: scores in float32 or float64, lengths between 0 and T, nothing
but zeros in the padding of the emissions (unless they asked for it as it is), forbidden steps at minus
infinity.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf


class Chain(NamedTuple):
    """A batch of linear chains, checked and cleaned.

    Letters: `B` sentences, `T` tokens, `K` tags.
    """

    emissions: tf.Tensor  # [B, T, K], zeros in the padding unless `chain` was told to leave it
    lengths: tf.Tensor  # int32[B], 0..T
    valid: tf.Tensor  # bool[B, T], true where there is a token
    transitions: tf.Tensor  # [K, K], from tag i to tag j; -inf where forbidden
    start: tf.Tensor | None  # [K]; -inf where forbidden
    end: tf.Tensor | None  # [K]; -inf where forbidden
    allowed: np.ndarray | None  # bool[K, K], when it was given and is known before the graph runs
    allowed_start: np.ndarray | None  # bool[K], likewise
    allowed_end: np.ndarray | None  # bool[K], likewise
    masks_known: bool  # false when one of the masks is only known while the graph runs

    @property
    def dtype(self) -> tf.DType:
        return self.emissions.dtype

    def start_scores(self) -> tf.Tensor:
        """[K], zeros when there are none."""
        return tf.zeros_like(self.transitions[0]) if self.start is None else self.start

    def end_scores(self) -> tf.Tensor:
        """[K], zeros when there are none."""
        return tf.zeros_like(self.transitions[0]) if self.end is None else self.end


def chain(
    emissions: Any,
    transitions: Any,
    *,
    lengths: Any,
    start: Any = None,
    end: Any = None,
    allowed: Any = None,
    allowed_start: Any = None,
    allowed_end: Any = None,
    clean: bool = True,
) -> Chain:
    """Checks shapes, types and lengths, and cleans the padding.

    Args:
        emissions: float[B, T, K]. Whatever the padding holds is replaced by zeros and gets no gradient.
        transitions: float[K, K], `transitions[i, j]` scores the step from tag i to tag j.
        lengths: int[B], tokens in each sentence, 0..T.
        start, end: float[K] or None, scores of the first and of the last tag.
        allowed: bool[K, K] or None, `allowed[i, j]` tells whether tag j may follow tag i.
        allowed_start, allowed_end: bool[K] or None, which tags may begin and end a sentence.
        clean: false leaves the padding as it is, for those who never read it.

    Raises:
        ValueError: a shape, a type or (where known) a length is not as described.
        tf.errors.InvalidArgumentError: a length outside 0..T that is only known while the graph runs.
    """
    emissions = tf.convert_to_tensor(emissions, name="emissions")
    transitions = tf.convert_to_tensor(transitions, name="transitions")
    for name, tensor in (("emissions", emissions), ("transitions", transitions)):
        if not tensor.dtype.is_floating:
            raise ValueError(
                f"{name}: expected floating-point scores, got {tensor.dtype.name}; cast them first"
            )
    if emissions.shape.rank not in (None, 3):
        raise ValueError(f"emissions: expected shape [B, T, K] (3 axes), got {emissions.shape}")
    if emissions.shape.rank is None:
        emissions = tf.ensure_shape(emissions, [None, None, None])
    tags = _number_of_tags(emissions, transitions)
    if emissions.shape[2] != tags:
        emissions = tf.ensure_shape(emissions, [None, None, tags])

    double = tf.float64 in (emissions.dtype, transitions.dtype)
    dtype = tf.float64 if double else tf.float32
    emissions = tf.cast(emissions, dtype)
    transitions = tf.cast(transitions, dtype)

    lengths = checked_lengths(lengths, emissions)
    # What the shape of one tells of B the other gets to know: a loop may carry what comes of either.
    if emissions.shape[0] is None and lengths.shape[0] is not None:
        emissions = tf.ensure_shape(emissions, [lengths.shape[0], None, None])
    elif lengths.shape[0] is None and emissions.shape[0] is not None:
        lengths = tf.ensure_shape(lengths, emissions.shape[:1])
    valid = tf.range(tf.shape(emissions)[1]) < lengths[:, tf.newaxis]  # [B, T]
    if clean:
        emissions = _without_padding(emissions, valid)

    known = True
    masks: dict[str, tf.Tensor | None] = {}
    static: dict[str, np.ndarray | None] = {}
    for name, mask, shape in (
        ("allowed", allowed, [tags, tags]),
        ("allowed_start", allowed_start, [tags]),
        ("allowed_end", allowed_end, [tags]),
    ):
        masks[name] = None if mask is None else _shaped(name, mask, shape, tf.bool)
        static[name] = None if mask is None else tf.get_static_value(masks[name])
        known = known and (mask is None or static[name] is not None)

    return Chain(
        emissions=emissions,
        lengths=lengths,
        valid=valid,
        transitions=_forbid(transitions, masks["allowed"]),
        start=_edge("start", start, masks["allowed_start"], tags, dtype),
        end=_edge("end", end, masks["allowed_end"], tags, dtype),
        allowed=static["allowed"],
        allowed_start=static["allowed_start"],
        allowed_end=static["allowed_end"],
        masks_known=known,
    )


@tf.custom_gradient
def _without_padding(emissions: tf.Tensor, valid: tf.Tensor) -> tuple:
    """Zeros in the padding, whatever it held.

    Gradients pass as they come: all that is computed from a chain sends zeros to the padding, and selecting them
    again would cost as much as the selection itself.
    """
    clean = tf.where(valid[:, :, tf.newaxis], emissions, tf.zeros([], emissions.dtype))
    return clean, lambda upstream: (upstream, None)


def checked_lengths(lengths: Any, emissions: tf.Tensor) -> tf.Tensor:
    """int32[B] between 0 and T.

    Where asserts are dropped (under XLA) lengths outside the range are clipped to it, so that no read is
    out of bounds.
    """
    lengths = tf.convert_to_tensor(lengths, name="lengths")
    if not lengths.dtype.is_integer:
        raise ValueError(f"lengths: expected whole numbers int32[B], got {lengths.dtype.name}")
    if lengths.shape.rank not in (None, 1):
        raise ValueError(f"lengths: expected shape [B] (1 axis), got {lengths.shape}")
    if not lengths.shape.is_compatible_with(emissions.shape[:1]):
        raise ValueError(
            f"lengths: expected [{emissions.shape[0]}] for emissions {emissions.shape}, got {lengths.shape}"
        )
    lengths = tf.cast(lengths, tf.int32)
    steps = tf.shape(emissions)[1]
    known, known_steps = tf.get_static_value(lengths), tf.get_static_value(steps)
    if known is not None and known_steps is not None:
        wrong = np.flatnonzero((known < 0) | (known > known_steps))
        if wrong.size:
            row = int(wrong[0])
            raise ValueError(
                f"lengths[{row}]: expected 0..{int(known_steps)} (T of emissions), got {int(known[row])}; "
                "cut the sentence or pad the emissions"
            )
        return lengths
    within = tf.maximum(tf.minimum(lengths, steps), 0)
    # A function runs its asserts whether or not something depends on them.
    tf.debugging.Assert(
        tf.reduce_all(within == lengths),
        ["lengths: expected each within 0..T of emissions; T and lengths are", steps, lengths],
        summarize=64,
    )
    return within


def checked_tags(tags: Any, chain: Chain) -> tf.Tensor:
    """int32[B, T], zeros in the padding.

    Raises:
        ValueError: the shape is not that of the emissions, or (where known) a tag is outside 0..K-1.
    """
    tags = tf.convert_to_tensor(tags, name="tags")
    if not tags.dtype.is_integer:
        raise ValueError(f"tags: expected tag numbers int32[B, T], got {tags.dtype.name}")
    if not tags.shape.is_compatible_with(chain.emissions.shape[:2]):
        raise ValueError(
            f"tags: expected shape {chain.emissions.shape[:2]} as the emissions, got {tags.shape}"
        )
    tags = tf.where(chain.valid, tf.cast(tags, tf.int32), 0)
    number = chain.emissions.shape[2]
    number = tf.shape(chain.emissions)[2] if number is None else number
    known, known_number = tf.get_static_value(tags), tf.get_static_value(number)
    if known is not None and known_number is not None:
        wrong = np.argwhere((known < 0) | (known >= known_number))
        if wrong.size:
            row, position = (int(index) for index in wrong[0])
            raise ValueError(
                f"tags[{row}, {position}]: expected 0..{int(known_number) - 1}, "
                f"got {int(known[row, position])}; shorten lengths if this is padding"
            )
        return tags
    asserted = tf.debugging.Assert(
        (tf.reduce_min(tags) >= 0) & (tf.reduce_max(tags) < number),
        ["tags: expected each within 0..K-1 before the sentence's end; K and tags are", number, tags],
        summarize=64,
    )
    with tf.control_dependencies([] if asserted is None else [asserted]):
        return tf.clip_by_value(tags, 0, tf.maximum(number - 1, 0))


def checked_weights(name: str, weights: Any, shape: tf.TensorShape, dtype: tf.DType) -> tf.Tensor:
    """Weights as scores of the chain's type.

    Raises:
        ValueError: the shape is another, or they are not numbers.
    """
    weights = tf.convert_to_tensor(weights, name=name)
    if weights.dtype == tf.bool or not weights.shape.is_compatible_with(shape):
        raise ValueError(
            f"{name}: expected numbers of shape {shape}, got {weights.dtype.name} {weights.shape}"
        )
    return tf.cast(weights, dtype)


def _number_of_tags(emissions: tf.Tensor, transitions: tf.Tensor) -> int | None:
    """K where it is known from either; None where neither tells."""
    if transitions.shape.rank not in (None, 2):
        raise ValueError(f"transitions: expected shape [K, K] (2 axes), got {transitions.shape}")
    sizes = [emissions.shape[2]]
    if transitions.shape.rank == 2:
        sizes += [transitions.shape[0], transitions.shape[1]]
    found = {size for size in sizes if size is not None}
    if len(found) > 1:
        raise ValueError(
            f"transitions: expected [K, K] with K = {emissions.shape[2]} as in emissions {emissions.shape}, "
            f"got {transitions.shape}"
        )
    return found.pop() if found else None


def _shaped(name: str, value: Any, shape: list[int | None], dtype: tf.DType) -> tf.Tensor:
    tensor = tf.convert_to_tensor(value, name=name)
    if dtype == tf.bool and tensor.dtype != tf.bool:
        raise ValueError(
            f"{name}: expected booleans (true where the step is allowed), got {tensor.dtype.name}"
        )
    if dtype != tf.bool and not tensor.dtype.is_floating:
        raise ValueError(f"{name}: expected floating-point scores, got {tensor.dtype.name}")
    if not tensor.shape.is_compatible_with(shape):
        raise ValueError(f"{name}: expected shape {shape}, got {tensor.shape}")
    return tf.cast(tensor, dtype)


def _forbid(scores: tf.Tensor, mask: tf.Tensor | None) -> tf.Tensor:
    if mask is None:
        return scores
    return tf.where(mask, scores, tf.constant(-np.inf, scores.dtype))


def _edge(
    name: str, scores: Any, mask: tf.Tensor | None, tags: int | None, dtype: tf.DType
) -> tf.Tensor | None:
    if scores is None and mask is None:
        return None
    if scores is None:
        return _forbid(tf.zeros(tf.shape(mask), dtype), mask)
    return _forbid(_shaped(name, scores, [tags], dtype), mask)
