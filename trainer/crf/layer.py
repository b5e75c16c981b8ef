"""The CRF as a Keras layer: a thin shell over `LinearChain`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tagging.schemes import scheme_named
from trainer.crf.arguments.masks import masks_of
from trainer.crf.linear_chain import LinearChain


@tf.keras.utils.register_keras_serializable(package="tagline")
class CRF(tf.keras.layers.Layer):
    """Decodes emissions [B, T, K] into tags int32[B, T]; given labels, adds its loss.

    The loss, the mean negative log-likelihood of the sentences, goes through `add_loss`: it is in `model.losses`
    and `fit` minimizes it. A sentence whose labels the masks forbid takes no part in it.

    A Keras mask gives the lengths; it must be true up to the end of each sentence and false after it.

    Args:
        num_tags: K.
        tag_names: the K tags by number; needed with `scheme`.
        scheme: a tag scheme by name (see tagging.schemes); steps that it forbids get probability 0.
        edges: whether there are trainable scores for the first and the last tag.
        initializer: of the transitions [K, K]; `transitions[i, j]` scores the step from tag i to tag j.
        regularizer: of the transitions, or None.

    Raises:
        ValueError: num_tags is below 1, or scheme and tag_names do not go together.
    """

    def __init__(
        self,
        num_tags: int,
        *,
        tag_names: Sequence[str] | None = None,
        scheme: str | None = None,
        edges: bool = True,
        initializer: Any = "glorot_uniform",
        regularizer: Any = None,
        **options: Any,
    ) -> None:
        # Scores stay in float32 under mixed precision: the rounding of float16 adds up to nats over a sentence.
        super().__init__(autocast=False, **options)
        if num_tags < 1:
            raise ValueError(f"num_tags: expected at least 1, got {num_tags}")
        if scheme is not None and tag_names is None:
            raise ValueError(
                f"tag_names: expected the {num_tags} tags that scheme {scheme!r} reads, got None"
            )
        if tag_names is not None and len(tag_names) != num_tags:
            raise ValueError(f"tag_names: expected {num_tags} tags, as num_tags says, got {len(tag_names)}")
        self.num_tags = num_tags
        self.tag_names = None if tag_names is None else list(tag_names)
        self.scheme = scheme
        self.edges = edges
        self.initializer = tf.keras.initializers.get(initializer)
        self.regularizer = tf.keras.regularizers.get(regularizer)
        self.supports_masking = True
        self._masks = None
        if scheme is not None and tag_names is not None:
            self._masks = masks_of(tag_names, scheme_named(scheme))

    def build(self, input_shape: Any) -> None:
        """Make the trainable scores."""
        shape = tf.TensorShape(input_shape)
        if not shape.is_compatible_with([None, None, self.num_tags]):
            raise ValueError(f"emissions: expected shape [B, T, {self.num_tags}], got {shape}")
        self.transitions = self._add_scores("transitions", 2, self.initializer, self.regularizer)
        self.start = self._add_scores("start", 1, "zeros") if self.edges else None
        self.end = self._add_scores("end", 1, "zeros") if self.edges else None
        super().build(input_shape)

    def call(
        self, emissions: tf.Tensor, labels: tf.Tensor | None = None, mask: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Decode tags int32[B, T], 0 after the end.

        Args:
            emissions: float[B, T, K].
            labels: int[B, T] or None; with labels, the layer adds its loss.
            mask: bool[B, T] or None, where there are tokens.
        """
        chain = self._chain(emissions, mask)
        if labels is not None:
            self.add_loss(_mean_loss(chain.log_likelihood(tf.cast(labels, tf.int32))))
        return chain.viterbi()[0]

    def log_likelihood(self, emissions: Any, labels: Any, mask: Any = None) -> tf.Tensor:
        """Compute `LinearChain.log_likelihood`, float[B], for losses of one's own; the layer must be built."""
        return self._chain(emissions, mask).log_likelihood(labels)

    def marginals(self, emissions: Any, mask: Any = None) -> tf.Tensor:
        """Compute `LinearChain.marginals`, float[B, T, K]; differentiable, so that layers may follow."""
        return self._chain(emissions, mask).marginals()

    def compute_output_shape(self, input_shape: Any) -> tf.TensorShape:
        """Return the shape of the tags, [B, T]."""
        return tf.TensorShape(input_shape)[:2]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments with which `from_config` makes the same layer."""
        return {
            **super().get_config(),
            "num_tags": self.num_tags,
            "tag_names": self.tag_names,
            "scheme": self.scheme,
            "edges": self.edges,
            "initializer": tf.keras.initializers.serialize(self.initializer),
            "regularizer": tf.keras.regularizers.serialize(self.regularizer),
        }

    def _add_scores(self, name: str, axes: int, initializer: Any, regularizer: Any = None) -> tf.Variable:
        return self.add_weight(
            name=name,
            shape=[self.num_tags] * axes,
            dtype=tf.float64 if self.variable_dtype == "float64" else tf.float32,
            initializer=initializer,
            regularizer=regularizer,
            experimental_autocast=False,
        )

    def _chain(self, emissions: Any, mask: Any) -> LinearChain:
        return LinearChain(
            emissions,
            self.transitions,
            lengths=lengths_of(emissions, mask),
            start=self.start,
            end=self.end,
            masks=self._masks,
        )


def _mean_loss(likelihood: tf.Tensor) -> tf.Tensor:
    """Average the negative log-likelihood over the sentences whose labels the masks allow."""
    possible = tf.math.is_finite(likelihood)
    total = tf.reduce_sum(tf.where(possible, likelihood, tf.zeros_like(likelihood)))
    return -tf.math.divide_no_nan(total, tf.reduce_sum(tf.cast(possible, total.dtype)))


def lengths_of(emissions: Any, mask: Any) -> tf.Tensor:
    """Read the lengths int32[B] off a Keras mask bool[B, T]; T for each sentence without a mask.

    Raises:
        ValueError: the mask is not true up to an end and false after it, if it is known before the graph runs.
        tf.errors.InvalidArgumentError: the same, if it is known only while the graph runs.
    """
    shape = tf.shape(emissions)
    if mask is None:
        return tf.fill([shape[0]], shape[1])
    mask = tf.cast(mask, tf.bool)
    lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
    right = tf.reduce_all(mask == tf.sequence_mask(lengths, shape[1]))
    message = (
        "mask: expected true up to each sentence's end and false after it; move left padding to the right"
    )
    if tf.get_static_value(right) is False or (tf.executing_eagerly() and not bool(right)):
        raise ValueError(message)
    asserted = tf.debugging.Assert(right, [message, mask])
    with tf.control_dependencies([] if asserted is None else [asserted]):
        return tf.identity(lengths)
