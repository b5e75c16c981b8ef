"""The scores of a batch of linear chains, checked once for everything that is computed from them.

The algorithms rely on what `checked` guarantees: scores in float32 or float64, lengths between 0 and T, and minus
infinity where the masks forbid a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from trainer.crf.arguments.masks import Masks


class Potentials(NamedTuple):
    """The checked scores of a batch of chains.

    Letters: `B` sentences, `T` tokens, `K` tags.
    """

    emissions: tf.Tensor  # [B, T, K]; the padding may hold anything, see `cleaned`
    lengths: tf.Tensor  # int32[B], 0..T
    valid: tf.Tensor  # bool[B, T], true where there is a token
    transitions: tf.Tensor  # [K, K], from tag i to tag j; -inf where forbidden
    start: tf.Tensor | None  # [K]; -inf where forbidden
    end: tf.Tensor | None  # [K]; -inf where forbidden
    masks: Masks | None  # None where a mask is known only while the graph runs

    @property
    def dtype(self) -> tf.DType:
        return self.emissions.dtype

    def scores(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return emissions, transitions, start and end scores, which have gradients; missing edges as zeros."""
        start = tf.zeros_like(self.transitions[0]) if self.start is None else self.start
        end = tf.zeros_like(self.transitions[0]) if self.end is None else self.end
        return self.emissions, self.transitions, start, end

    def with_scores(
        self, emissions: tf.Tensor, transitions: tf.Tensor, start: tf.Tensor, end: tf.Tensor
    ) -> Potentials:
        """Copy the chains with other values for `scores`."""
        return self._replace(emissions=emissions, transitions=transitions, start=start, end=end)

    def cleaned(self) -> Potentials:
        """Copy the chains with zeros in the padding of the emissions, which gets no gradient."""
        return self._replace(emissions=_without_padding(self.emissions, self.valid))

    def centred(self) -> tuple[Potentials, tf.Tensor]:
        """Subtract each token's largest emission; also returns the sum of what was subtracted [B].

        A constant per token changes no probability; without it float32 spends its digits on the constant. The
        constant takes no part in the gradient, which is exact because the shift cancels.
        """
        peak = tf.stop_gradient(tf.reduce_max(self.emissions, axis=2))  # [B, T]
        peak = tf.where(tf.math.is_finite(peak), peak, tf.zeros_like(peak))
        shifted = self._replace(emissions=self.emissions - peak[:, :, tf.newaxis])
        return shifted, tf.reduce_sum(peak, axis=1)


@tf.custom_gradient
def _without_padding(emissions: tf.Tensor, valid: tf.Tensor) -> tuple:
    # The gradient passes unchanged: everything computed from the chain sends zeros to the padding, and selecting
    # them again would cost as much as the selection itself.
    clean = tf.where(valid[:, :, tf.newaxis], emissions, tf.zeros([], emissions.dtype))
    return clean, lambda upstream: (upstream, None)


def checked(
    emissions: Any, transitions: Any, *, lengths: Any, start: Any, end: Any, masks: Sequence[Any] | None
) -> Potentials:
    """Check the arguments of `LinearChain`, which documents them, and bring them to one type.

    Raises:
        ValueError: a shape, a type or (where known) a length is not as described.
        tf.errors.InvalidArgumentError: a length outside 0..T that is only known while the graph runs.
    """
    emissions, transitions = _checked_scores(emissions, transitions)
    dtype, tags = emissions.dtype, emissions.shape[2]
    lengths = _checked_lengths(lengths, emissions)
    # If only one of the two has a static B, the other gets it: a loop may carry tensors made of either.
    if emissions.shape[0] is None and lengths.shape[0] is not None:
        emissions = tf.ensure_shape(emissions, [lengths.shape[0], None, None])
    elif lengths.shape[0] is None and emissions.shape[0] is not None:
        lengths = tf.ensure_shape(lengths, emissions.shape[:1])
    (allowed, allowed_start, allowed_end), static_masks = _checked_masks(masks, tags)
    return Potentials(
        emissions=emissions,
        lengths=lengths,
        valid=tf.range(tf.shape(emissions)[1]) < lengths[:, tf.newaxis],
        transitions=_masked(transitions, allowed),
        start=_checked_edge("start", start, allowed_start, tags, dtype),
        end=_checked_edge("end", end, allowed_end, tags, dtype),
        masks=static_masks,
    )


def _checked_scores(emissions: Any, transitions: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Check emissions [B, T, K] and transitions [K, K], and cast both to float32 or both to float64."""
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
    return tf.cast(emissions, dtype), tf.cast(transitions, dtype)


def _number_of_tags(emissions: tf.Tensor, transitions: tf.Tensor) -> int | None:
    """Return K if either shape has it."""
    if transitions.shape.rank not in (None, 2):
        raise ValueError(f"transitions: expected shape [K, K] (2 axes), got {transitions.shape}")
    sizes = [emissions.shape[2]]
    if transitions.shape.rank == 2:
        sizes += [transitions.shape[0], transitions.shape[1]]
    distinct = {size for size in sizes if size is not None}
    if len(distinct) > 1:
        raise ValueError(
            f"transitions: expected [K, K] with K = {emissions.shape[2]} as in emissions {emissions.shape}, "
            f"got {transitions.shape}"
        )
    return distinct.pop() if distinct else None


def _checked_lengths(lengths: Any, emissions: tf.Tensor) -> tf.Tensor:
    """Check lengths, and return them as int32[B] between 0 and T.

    Where asserts are dropped (under XLA), lengths outside the range are clipped to it, so that no read is
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
    static_lengths, static_steps = tf.get_static_value(lengths), tf.get_static_value(steps)
    if static_lengths is not None and static_steps is not None:
        wrong = np.flatnonzero((static_lengths < 0) | (static_lengths > static_steps))
        if wrong.size:
            row = int(wrong[0])
            raise ValueError(
                f"lengths[{row}]: expected 0..{int(static_steps)} (T of emissions), "
                f"got {int(static_lengths[row])}; cut the sentence or pad the emissions"
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


def _checked_masks(
    masks: Sequence[Any] | None, tags: int | None
) -> tuple[list[tf.Tensor | None], Masks | None]:
    """Check the three masks: as tensors, and as arrays if all of them are known before the graph runs."""
    if masks is None:
        masks = (None, None, None)
    if len(masks) != 3:
        raise ValueError(f"masks: expected (allowed, start, end), as in `Masks`, got {len(masks)} values")
    shapes = {"masks.allowed": [tags, tags], "masks.start": [tags], "masks.end": [tags]}
    tensors = [
        None if mask is None else _of_shape(name, mask, shape, tf.bool)
        for (name, shape), mask in zip(shapes.items(), masks, strict=True)
    ]
    values = [None if tensor is None else tf.get_static_value(tensor) for tensor in tensors]
    all_static = all(mask is None or value is not None for mask, value in zip(masks, values, strict=True))
    return tensors, Masks(*values) if all_static else None


def _checked_edge(
    name: str, scores: Any, mask: tf.Tensor | None, tags: int | None, dtype: tf.DType
) -> tf.Tensor | None:
    """Check start or end scores [K]; None without scores and mask."""
    if scores is not None:
        return _masked(_of_shape(name, scores, [tags], dtype), mask)
    return None if mask is None else _masked(tf.zeros(tf.shape(mask), dtype), mask)


def _of_shape(name: str, value: Any, shape: list[int | None], dtype: tf.DType) -> tf.Tensor:
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


def _masked(scores: tf.Tensor, mask: tf.Tensor | None) -> tf.Tensor:
    """Set scores to minus infinity where the mask is false."""
    return scores if mask is None else tf.where(mask, scores, tf.constant(-np.inf, scores.dtype))
