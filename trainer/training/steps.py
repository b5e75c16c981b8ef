"""The optimiser's steps: gradients of a batch's log-likelihood over all replicas, applied."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from trainer.input_pipeline.batches import Batch
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.model.encoder import Inputs
from trainer.model.precision import LossScale, all_finite
from trainer.training.optimizer import Adam


def steps_of(
    model: BiLstmCrf,
    optimizer: Adam,
    strategy: tf.distribute.Strategy,
    *,
    seed: int,
    loss_scale: LossScale | None = None,
    parts: int = 1,
) -> Callable[[tf.data.Iterator, int], tuple[tf.Tensor, tf.Tensor]]:
    """Takes so many optimiser steps: (sum of the sentences' losses, tokens trained on).

    The loop runs inside the graph, so that batches of any length are one tracing and Python costs no step.

    Args:
        model: what is trained.
        optimizer: made for the model's variables.
        strategy: in whose scope both were made.
        seed: of the dropout.
        loss_scale: for gradients in float16; a step whose gradients overflow changes no weight.
        parts: each replica's batch is taken in so many parts, one after another, whose gradients are summed: the
            same step in less memory. Dropout draws other masks.
    """
    variables = model.trainable_variables
    # An embedding's gradient stays the rows of the batch's words where nothing is summed or divided on its way.
    as_rows = parts == 1 and loss_scale is None and strategy.num_replicas_in_sync == 1

    def gradients_of(
        batch: Batch, sentences: tf.Tensor, drawn: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """The sum of the losses, and the gradients of their mean over the global batch."""
        real = tf.cast(batch.lengths > 0, tf.float32)
        with tf.GradientTape() as tape:
            batch_inputs = Inputs(batch.tokens, batch.words, batch.cases, batch.lengths)
            losses = -model.log_likelihood(batch_inputs, batch.labels, seed=drawn) * real
            # Gradients are summed over replicas, so each divides by the global batch.
            loss = tf.reduce_sum(losses) / sentences
            if loss_scale is not None:
                loss *= loss_scale.value
        gradients = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        if not as_rows:
            gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        if loss_scale is not None:
            gradients = [gradient / loss_scale.value for gradient in gradients]
        return tf.reduce_sum(losses), gradients

    def gradients_in_parts(
        batch: Batch, sentences: tf.Tensor, drawn: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        whole = tf.shape(batch.lengths)[0]
        size = -(-whole // parts)

        def add_part(
            start: tf.Tensor, losses: tf.Tensor, sums: list[tf.Tensor]
        ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
            part = Batch(*(tensor[start : start + size] for tensor in batch))
            part_seed = tf.random.experimental.stateless_fold_in(drawn, start)
            loss, gradients = gradients_of(part, sentences, part_seed)
            added = [total + gradient for total, gradient in zip(sums, gradients, strict=True)]
            return start + size, losses + loss, added

        _, losses, sums = tf.while_loop(
            lambda start, *_: start < whole,
            add_part,
            (tf.constant(0), tf.constant(0.0), [tf.zeros(variable.shape) for variable in variables]),
            parallel_iterations=1,  # side by side they would need the memory of the whole
        )
        return losses, sums

    def replica_gradients(batch: Batch, sentences: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        drawn = tf.stack([tf.cast(optimizer.iterations, tf.int32), seed])
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        drawn = tf.random.experimental.stateless_fold_in(drawn, replica)
        taken = gradients_of if parts == 1 else gradients_in_parts
        losses, gradients = taken(batch, sentences, drawn)
        return losses, tf.reduce_sum(batch.lengths), gradients

    def apply(gradients: list[tf.Tensor]) -> None:
        optimizer.apply_gradients(zip(gradients, variables, strict=True))

    def summed(value: tf.Tensor) -> tf.Tensor:
        return strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None)

    def apply_unless_overflown(gradients: list[tf.Tensor], scale: LossScale) -> None:
        overflown = strategy.run(lambda g: tf.cast(tf.logical_not(all_finite(g)), tf.float32), (gradients,))
        finite = summed(overflown) < 0.5

        def skip() -> None:
            # A step all the same: the learning rate and the dropout go by the step's number.
            optimizer.iterations.assign_add(1)

        tf.cond(finite, lambda: strategy.run(apply, (gradients,)), skip)
        scale.update(finite)

    def step(batch: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        real = strategy.run(lambda b: tf.reduce_sum(tf.cast(b.lengths > 0, tf.float32)), args=(batch,))
        sentences = tf.maximum(summed(real), 1.0)
        losses, tokens, gradients = strategy.run(replica_gradients, args=(batch, sentences))
        if loss_scale is None:
            strategy.run(apply, (gradients,))
        else:
            apply_unless_overflown(gradients, loss_scale)
        return summed(losses), summed(tokens)

    # AutoGraph would read the source of all that is called, which takes longer than the tracing itself.
    @tf.function(autograph=False)
    def steps(stream: tf.data.Iterator, count: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        def take_one(
            taken: tf.Tensor, loss_sum: tf.Tensor, token_sum: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            loss, tokens = step(next(stream))
            return taken + 1, loss_sum + loss, token_sum + tokens

        _, loss_sum, token_sum = tf.while_loop(
            lambda taken, *_: taken < count, take_one, (tf.constant(0), tf.constant(0.0), tf.constant(0))
        )
        return loss_sum, token_sum

    return lambda stream, count: steps(stream, tf.constant(count))
