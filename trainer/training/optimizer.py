"""Adam with one operation per variable, gradients clipped by their global norm, a rate that falls linearly to 0.

The equations are those of Keras's Adam; embedding rows that a batch lacks still move by their momentum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import tensorflow as tf

from trainer.model.precision import LossScale

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7

Gradient: TypeAlias = "tf.Tensor | tf.IndexedSlices"


class Adam(tf.Module):
    """The optimiser's state: two slots per variable and the number of steps; made in the scope of a strategy."""

    def __init__(
        self,
        variables: Sequence[tf.Variable],
        *,
        learning_rate: float,
        steps: int,
        clip_norm: float,
        loss_scale: LossScale | None = None,
    ) -> None:
        """Args:
        variables: float32; all that `apply_gradients` may update.
        learning_rate: of the first step.
        steps: the learning rate is 0 after so many.
        clip_norm: gradients with a larger global norm are scaled down to it.
        loss_scale: of gradients in float16; kept here so that the optimiser's checkpoint holds it.
        """
        super().__init__(name="adam")
        self.loss_scale = loss_scale
        self.iterations = tf.Variable(0, dtype=tf.int64, trainable=False, name="iterations")
        self._first_rate, self._steps, self._clip_norm = learning_rate, steps, clip_norm
        self._means = [self._slot(variable, "mean") for variable in variables]
        self._squares = [self._slot(variable, "square") for variable in variables]
        places = {variable.ref(): place for place, variable in enumerate(variables)}
        # A function, as a checkpoint has no name for such keys.
        self._place_of = lambda variable: places.get(variable.ref())

    @staticmethod
    def _slot(variable: tf.Variable, name: str) -> tf.Variable:
        return tf.Variable(
            tf.zeros(variable.shape), trainable=False, name=f"{variable.name.split(':')[0]}_{name}"
        )

    @property
    def learning_rate(self) -> tf.Tensor:
        """The learning rate of the next step, float32[]."""
        taken = tf.cast(tf.minimum(self.iterations, self._steps), tf.float32)
        return self._first_rate * (1.0 - taken / self._steps)

    def apply_gradients(self, pairs: Iterable[tuple[Gradient, tf.Variable]]) -> None:
        """Take a step inside a strategy's replica: gradients are first summed over the replicas.

        Args:
            pairs: gradients, dense or as IndexedSlices, each with its variable.

        Raises:
            ValueError: the optimiser was not made for a variable.
        """
        gradients, variables = zip(*pairs, strict=True)
        places = [self._place_of(variable) for variable in variables]
        if None in places:
            unknown = variables[places.index(None)].name
            raise ValueError(f"found a gradient of {unknown}; expected variables the optimiser was made for")
        context = tf.distribute.get_replica_context()
        if context.num_replicas_in_sync > 1:
            # Replicas can sum rows only where their shapes agree.
            dense = [tf.convert_to_tensor(gradient) for gradient in gradients]
            gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, dense)
        clipped = _clipped(gradients, self._clip_norm)
        context.merge_call(self._update, args=(clipped, list(variables), places))

    def _update(
        self,
        strategy: tf.distribute.Strategy,
        gradients: list[tf.Tensor],
        variables: list[tf.Variable],
        places: list[int],
    ) -> None:
        step = tf.cast(self.iterations + 1, tf.float32)
        rate = self.learning_rate
        powers = tf.pow(_BETA_1, step), tf.pow(_BETA_2, step)

        def update(
            variable: tf.Variable, gradient: tf.Tensor, mean: tf.Variable, square: tf.Variable
        ) -> None:
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=mean.handle,
                v=square.handle,
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=rate,
                beta1=_BETA_1,
                beta2=_BETA_2,
                epsilon=_EPSILON,
                grad=gradient,
            )

        for gradient, variable, place in zip(gradients, variables, places, strict=True):
            slots = self._means[place], self._squares[place]
            strategy.extended.update(variable, update, args=(gradient, *slots))
        self.iterations.assign_add(1)


def _clipped(gradients: Sequence[Gradient], norm: float) -> list[tf.Tensor]:
    """Scale gradients down to a global norm of at most `norm`, and make them dense."""
    # Scaled while sparse: most rows of an embedding have no gradient.
    summed = [_rows_summed(gradient) for gradient in gradients]
    values = [gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient for gradient in summed]
    scale = norm / tf.maximum(tf.linalg.global_norm(values), norm)
    return [tf.convert_to_tensor(_scaled(gradient, scale)) for gradient in summed]


def _rows_summed(gradient: Gradient) -> Gradient:
    """Sum the values of equal rows, so that each row comes at most once."""
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows, places = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, places, tf.size(rows))
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


def _scaled(gradient: Gradient, scale: tf.Tensor) -> Gradient:
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient * scale
    return tf.IndexedSlices(gradient.values * scale, gradient.indices, gradient.dense_shape)
