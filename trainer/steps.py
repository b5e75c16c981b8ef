"""The optimiser's steps: gradients of a batch's log-likelihood over all replicas, applied."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from trainer.encoder import Inputs
from trainer.inputs import Batch
from trainer.model import BiLstmCrf


def steps_of(
    model: BiLstmCrf,
    optimizer: tf.keras.optimizers.Optimizer,
    strategy: tf.distribute.Strategy,
    *,
    seed: int,
) -> Callable[[tf.data.Iterator, int], tuple[tf.Tensor, tf.Tensor]]:
    """Takes so many optimiser steps: (sum of the sentences' losses, tokens trained on).

    The loop runs inside the graph, so that batches of any length are one tracing and Python costs no step.
    """

    def replica_step(batch: Batch, sentences: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        drawn = tf.stack([tf.cast(optimizer.iterations, tf.int32), seed])
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        drawn = tf.random.experimental.stateless_fold_in(drawn, replica)
        real = tf.cast(batch.lengths > 0, tf.float32)
        with tf.GradientTape() as tape:
            batch_inputs = Inputs(batch.tokens, batch.words, batch.cases, batch.lengths)
            losses = -model.log_likelihood(batch_inputs, batch.labels, seed=drawn) * real
            # Gradients are summed over replicas, so each divides by the global batch.
            loss = tf.reduce_sum(losses) / sentences
        variables = model.trainable_variables
        gradients = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        # Adam touches every row anyway, and replicas can sum sparse gradients only where their shapes agree.
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return tf.reduce_sum(losses), tf.reduce_sum(batch.lengths)

    def step(batch: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        real = strategy.run(lambda b: tf.reduce_sum(tf.cast(b.lengths > 0, tf.float32)), args=(batch,))
        sentences = tf.maximum(strategy.reduce(tf.distribute.ReduceOp.SUM, real, axis=None), 1.0)
        losses, tokens = strategy.run(replica_step, args=(batch, sentences))
        return (
            strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None),
            strategy.reduce(tf.distribute.ReduceOp.SUM, tokens, axis=None),
        )

    @tf.function
    def steps(stream: tf.data.Iterator, count: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        loss_sum, token_sum = tf.constant(0.0), tf.constant(0)
        for _ in tf.range(count):
            loss, tokens = step(next(stream))
            loss_sum, token_sum = loss_sum + loss, token_sum + tokens
        return loss_sum, token_sum

    return lambda stream, count: steps(stream, tf.constant(count))
