"""The optimiser's steps: gradients of a batch's log-likelihood over all replicas, applied."""

from __future__ import annotations

import tensorflow as tf

from trainer.input_pipeline.batches import Batch
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.model.precision import LossScale, all_finite
from trainer.training.optimizer import Adam, Gradient


class Steps:
    """Takes optimiser steps on a stream of batches.

    The loop runs inside the graph, so batches of any length share one tracing, and Python costs nothing per
    step.

    Args:
        model: the model to train.
        optimizer: made for the model's variables. With a loss scale, a step whose gradients overflow changes
            no weight.
        strategy: in whose scope both were made.
        seed: of the dropout.
        parts: each replica's batch is split into so many parts, taken one after another, and their gradients
            are summed: the same step in less memory, but with other dropout masks.
    """

    def __init__(
        self,
        model: BiLstmCrf,
        optimizer: Adam,
        strategy: tf.distribute.Strategy,
        *,
        seed: int,
        parts: int = 1,
    ) -> None:
        self._model, self._optimizer, self._strategy = model, optimizer, strategy
        self._seed, self._parts = seed, parts
        self._variables = model.trainable_variables
        self._loss_scale = optimizer.loss_scale
        # An embedding's gradient stays the rows of the batch's words where nothing is summed or divided on
        # its way.
        self._as_rows = parts == 1 and self._loss_scale is None and strategy.num_replicas_in_sync == 1
        # AutoGraph would read the source of all that is called, which takes longer than the tracing itself.
        self._loop = tf.function(self._take, autograph=False)

    def take(self, stream: tf.data.Iterator, count: int) -> tuple[tf.Tensor, tf.Tensor]:
        """Take `count` steps: the sum of the sentences' losses float32[], and the tokens trained on int32[]."""
        return self._loop(stream, tf.constant(count))

    def _take(self, stream: tf.data.Iterator, count: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        def take_one(
            taken: tf.Tensor, loss_sum: tf.Tensor, token_sum: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            loss, tokens = self._step(next(stream))
            return taken + 1, loss_sum + loss, token_sum + tokens

        _, loss_sum, token_sum = tf.while_loop(
            lambda taken, *_: taken < count, take_one, (tf.constant(0), tf.constant(0.0), tf.constant(0))
        )
        return loss_sum, token_sum

    def _step(self, batch: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        real = self._strategy.run(lambda b: tf.reduce_sum(tf.cast(b.lengths > 0, tf.float32)), args=(batch,))
        sentences = tf.maximum(self._summed(real), 1.0)
        losses, tokens, gradients = self._strategy.run(self._replica_gradients, args=(batch, sentences))
        if self._loss_scale is None:
            self._strategy.run(self._apply, (gradients,))
        else:
            self._apply_unless_overflown(gradients, self._loss_scale)
        return self._summed(losses), self._summed(tokens)

    def _replica_gradients(
        self, batch: Batch, sentences: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        seed = tf.stack([tf.cast(self._optimizer.iterations, tf.int32), self._seed])
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        seed = tf.random.experimental.stateless_fold_in(seed, replica)
        gradients_of = self._gradients if self._parts == 1 else self._gradients_in_parts
        losses, gradients = gradients_of(batch, sentences, seed)
        return losses, tf.reduce_sum(batch.lengths), gradients

    def _gradients(
        self, batch: Batch, sentences: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, list[Gradient]]:
        """Return the sum of the losses, and the gradients of their mean over the global batch of `sentences`."""
        real = tf.cast(batch.lengths > 0, tf.float32)
        with tf.GradientTape() as tape:
            losses = -self._model.log_likelihood(batch.inputs, batch.labels, seed=seed) * real
            # Gradients are summed over replicas, so each divides by the global batch.
            loss = tf.reduce_sum(losses) / sentences
            if self._loss_scale is not None:
                loss *= self._loss_scale.value
        gradients = tape.gradient(loss, self._variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        if not self._as_rows:
            gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        if self._loss_scale is not None:
            gradients = [gradient / self._loss_scale.value for gradient in gradients]
        return tf.reduce_sum(losses), gradients

    def _gradients_in_parts(
        self, batch: Batch, sentences: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, list[Gradient]]:
        rows = tf.shape(batch.lengths)[0]
        size = -(-rows // self._parts)

        def add_part(
            start: tf.Tensor, losses: tf.Tensor, sums: list[tf.Tensor]
        ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
            part = Batch(*(tensor[start : start + size] for tensor in batch))
            part_seed = tf.random.experimental.stateless_fold_in(seed, start)
            loss, gradients = self._gradients(part, sentences, part_seed)
            added = [total + gradient for total, gradient in zip(sums, gradients, strict=True)]
            return start + size, losses + loss, added

        _, losses, sums = tf.while_loop(
            lambda start, *_: start < rows,
            add_part,
            (tf.constant(0), tf.constant(0.0), [tf.zeros(variable.shape) for variable in self._variables]),
            parallel_iterations=1,  # side by side they would need the memory of the whole batch
        )
        return losses, sums

    def _apply_unless_overflown(self, gradients: list[Gradient], scale: LossScale) -> None:
        overflown = self._strategy.run(
            lambda g: tf.cast(tf.logical_not(all_finite(g)), tf.float32), (gradients,)
        )
        finite = self._summed(overflown) < 0.5

        def skip() -> None:
            # Counted as a step: the learning rate and the dropout depend on the step's number.
            self._optimizer.iterations.assign_add(1)

        tf.cond(finite, lambda: self._strategy.run(self._apply, (gradients,)), skip)
        scale.update(finite)

    def _apply(self, gradients: list[Gradient]) -> None:
        self._optimizer.apply_gradients(zip(gradients, self._variables, strict=True))

    def _summed(self, value: tf.Tensor) -> tf.Tensor:
        return self._strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None)
