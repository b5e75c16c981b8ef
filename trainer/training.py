"""Training: epochs over bucketed batches, entity F1 on dev after each, the best weights kept, all resumable.

Everything random is drawn from the seed and the step's number, and batches of an epoch from the seed and the
epoch's number, so a training that was killed and goes on ends with the same weights as one that was not.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import tensorflow as tf

from tagging.schemes import PLAIN, Scheme
from tagging.scoring import entity_f1_strict, token_accuracy
from trainer import inputs
from trainer.checkpoints import Checkpoints
from trainer.encoder import Inputs
from trainer.hyperparameters import Hyperparameters
from trainer.inputs import Batch
from trainer.model import BiLstmCrf
from trainer.vocabulary import Vocabulary

log = logging.getLogger("tagline.trainer")


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to.

    Attributes:
        number: 1 for the first.
        loss: mean negative log-likelihood of a training sentence, in nats.
        dev_score: entity F1 (strict) on dev, or token accuracy for plain tags; 0..1.
        learning_rate: at the epoch's end.
        seconds: wall time, scoring included.
        tokens_per_second: real tokens trained on, scoring excluded.
    """

    number: int
    loss: float
    dev_score: float
    learning_rate: float
    seconds: float
    tokens_per_second: float


@dataclass(frozen=True)
class History:
    """The epochs of a training and which was best (ties: the earlier)."""

    metric: str
    epochs: tuple[Epoch, ...]

    @property
    def best(self) -> Epoch:
        return max(self.epochs, key=lambda epoch: (epoch.dev_score, -epoch.number))

    def to_json(self) -> str:
        best = self.best.number if self.epochs else None
        return json.dumps({"metric": self.metric, "best": best, "epochs": [asdict(e) for e in self.epochs]})

    @classmethod
    def from_json(cls, text: str) -> History:
        data = json.loads(text)
        return cls(data["metric"], tuple(Epoch(**epoch) for epoch in data["epochs"]))


class Diverged(RuntimeError):
    """The loss is no longer a number."""


def train(
    *,
    build: Callable[[], BiLstmCrf],
    train_sentences: tf.data.Dataset,
    dev_sentences: tf.data.Dataset,
    vocabulary: Vocabulary,
    scheme: Scheme,
    hyperparameters: Hyperparameters,
    strategy: tf.distribute.Strategy,
    checkpoint_dir: str,
    tell: Callable[[History], None] = lambda _: None,
) -> tuple[BiLstmCrf, History]:
    """Train until the last epoch or until `patience` epochs brought no better dev score.

    Args:
        build: makes the model; called once, in the strategy's scope.
        train_sentences, dev_sentences: what `inputs.sentences` gives.
        checkpoint_dir: where a training that is interrupted finds its last epoch when called again.
        tell: called with the history at the beginning, when it holds the epochs of a training that goes on, and
            after each epoch.

    Returns:
        The model with the weights of the best epoch, and the history.

    Raises:
        Diverged: the loss became NaN or infinite.
    """
    hp = hyperparameters
    counts = inputs.count(train_sentences, batch_size=hp.batch_size)
    with strategy.scope():
        model = build()
        optimizer = tf.keras.optimizers.Adam(
            tf.keras.optimizers.schedules.PolynomialDecay(hp.learning_rate, hp.epochs * counts.batches, 0.0),
            global_clipnorm=hp.clip_norm,
        )
        optimizer.build(model.trainable_variables)
    metric = "token_accuracy" if scheme is PLAIN else "entity_f1_strict"
    checkpoints = Checkpoints(checkpoint_dir, model=model, optimizer=optimizer)
    saved = checkpoints.restore()
    history = History.from_json(saved) if saved else History(metric, ())
    if history.epochs:
        log.info("going on after epoch %d, found in %s", history.epochs[-1].number, checkpoint_dir)
    tell(history)

    batches = inputs.training_batches(
        train_sentences,
        epochs=range(len(history.epochs) + 1, hp.epochs + 1),
        batch_size=hp.batch_size,
        buffer_size=hp.shuffle_buffer,
        seed=hp.seed,
        replicas=strategy.num_replicas_in_sync,
    )
    stream = iter(strategy.distribute_datasets_from_function(lambda _: batches))
    run_steps = _steps(model, optimizer, strategy, hp)
    score = _scorer(model, vocabulary, scheme)
    dev_batches = inputs.ordered_batches(dev_sentences, batch_size=128)
    while not _finished(history, hp):
        number = len(history.epochs) + 1
        started = time.monotonic()
        loss, tokens = (float(total) for total in run_steps(stream, counts.batches))
        _check_finite(loss, number)
        trained = time.monotonic()
        epoch = Epoch(
            number=number,
            loss=loss / counts.sentences,
            dev_score=score(dev_batches),
            learning_rate=float(optimizer.learning_rate.numpy()),
            seconds=time.monotonic() - started,
            tokens_per_second=tokens / (trained - started),
        )
        history = History(metric, (*history.epochs, epoch))
        checkpoints.save(history.to_json(), epoch=number, best=history.best is epoch)
        tell(history)
        log.info(
            "epoch %d/%d  loss %.3f  dev %s %.4f%s  %.1f s",
            number, hp.epochs, epoch.loss, _SHORT[metric], epoch.dev_score,
            "  best" if history.best is epoch else "", epoch.seconds,
        )  # fmt: skip
    checkpoints.restore_best(history.best.number)
    return model, history


def _check_finite(loss: float, number: int) -> None:
    if not math.isfinite(loss):
        raise Diverged(
            f"the loss of epoch {number} is {loss}; lower trainer.learning_rate or trainer.clip_norm "
            "(the checkpoint of the epoch before is kept)"
        )


_SHORT = {"entity_f1_strict": "F1", "token_accuracy": "accuracy"}


def _finished(history: History, hp: Hyperparameters) -> bool:
    done = len(history.epochs)
    return done >= hp.epochs or bool(done and hp.patience and done - history.best.number >= hp.patience)


def _steps(
    model: BiLstmCrf,
    optimizer: tf.keras.optimizers.Optimizer,
    strategy: tf.distribute.Strategy,
    hp: Hyperparameters,
) -> Callable[[tf.data.Iterator, int], tuple[tf.Tensor, tf.Tensor]]:
    """Takes so many optimiser steps: (sum of the sentences' losses, tokens trained on).

    The loop runs inside the graph, so that batches of any length are one tracing and Python costs no step.
    """

    def replica_step(batch: Batch, sentences: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        seed = tf.stack([tf.cast(optimizer.iterations, tf.int32), hp.seed])
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        seed = tf.random.experimental.stateless_fold_in(seed, replica)
        real = tf.cast(batch.lengths > 0, tf.float32)
        with tf.GradientTape() as tape:
            batch_inputs = Inputs(batch.tokens, batch.words, batch.cases, batch.lengths)
            losses = -model.log_likelihood(batch_inputs, batch.labels, seed=seed) * real
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


class Answers(NamedTuple):
    """Tags of sentences, in the same order."""

    gold: list[Sequence[str]]
    predicted: list[Sequence[str]]

    def score(self, scheme: Scheme) -> float:
        """What early stopping goes by: entity F1 (strict), or token accuracy for plain tags; 0..1."""
        if scheme is PLAIN:
            return token_accuracy(self.gold, self.predicted)
        return entity_f1_strict(self.gold, self.predicted, scheme)


def answerer(model: BiLstmCrf, vocabulary: Vocabulary) -> Callable[[tf.data.Dataset], Answers]:
    """Answers batches of sentences by the model as its weights are at the time."""

    @tf.function(reduce_retracing=True)
    def predict(tokens: tf.Tensor, words: tf.Tensor, cases: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        return model.predict(Inputs(tokens, words, cases, lengths))

    names = vocabulary.tags

    def answer(batches: tf.data.Dataset) -> Answers:
        answers = Answers([], [])
        for batch in batches:
            ids = predict(batch.tokens, batch.words, batch.cases, batch.lengths).numpy()
            for row, tags, length in zip(ids, batch.tags.numpy(), batch.lengths.numpy(), strict=True):
                answers.predicted.append([names[i] for i in row[:length]])
                answers.gold.append([tag.decode() for tag in tags[:length]])
        return answers

    return answer


def _scorer(model: BiLstmCrf, vocabulary: Vocabulary, scheme: Scheme) -> Callable[[tf.data.Dataset], float]:
    answer = answerer(model, vocabulary)
    return lambda batches: answer(batches).score(scheme)
