"""The floating-point type in which the encoder computes; its variables and the CRF stay float32.

float16 ends at 65,504 and rounds values below 6e-8 to 0: so gradients are taken of the loss times a scale,
and divided by it again. bfloat16 has the range of float32 and needs no scale.
"""

from __future__ import annotations

import tensorflow as tf

_TYPES = {"float32": tf.float32, "mixed_bfloat16": tf.bfloat16, "mixed_float16": tf.float16}

# The scale doubles after so many steps without an overflow and halves at each overflow.
_PATIENCE = 2000
_FIRST = 2.0**15
_SMALLEST, _LARGEST = 1.0, 2.0**24


def compute_type(precision: str) -> tf.DType:
    """Return the type that the setting `trainer.precision` names."""
    return _TYPES[precision]


class LossScale(tf.Module):
    """The scale of the loss, and the steps since it last overflowed; both variables, so that checkpoints hold them."""

    def __init__(self) -> None:
        super().__init__(name="loss_scale")
        self.value = tf.Variable(_FIRST, trainable=False, name="value")
        self.good_steps = tf.Variable(0, trainable=False, name="good_steps")

    def update(self, finite: tf.Tensor) -> None:
        """Adapt the scale after a step, by whether its gradients were `finite`, bool[]."""
        good = tf.where(finite, self.good_steps + 1, 0)
        grows = good >= _PATIENCE
        grown = tf.where(grows, self.value * 2.0, self.value)
        value = tf.where(finite, grown, self.value / 2.0)
        self.value.assign(tf.clip_by_value(value, _SMALLEST, _LARGEST))
        self.good_steps.assign(tf.where(grows, 0, good))


def loss_scale_for(precision: str) -> LossScale | None:
    """Make a loss scale if the precision needs one."""
    return LossScale() if precision == "mixed_float16" else None


def all_finite(tensors: list[tf.Tensor]) -> tf.Tensor:
    """Whether no value of any tensor is infinite or NaN, bool[]."""
    # A sum is finite only if every term is; finite values whose sum overflows float32 are as bad.
    return tf.math.is_finite(tf.add_n([tf.reduce_sum(tf.abs(tensor)) for tensor in tensors]))
