"""Training: epochs over bucketed batches, entity F1 on dev after each, the best weights kept, all resumable.

Everything random is drawn from the seed and the step's number, and batches of an epoch from the seed and the
epoch's number, so a training that was killed and goes on ends with the same weights as one that was not.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

import tensorflow as tf

from tagging.schemes import PLAIN, Scheme
from trainer import inputs
from trainer.answers import scorer
from trainer.checkpoints import Checkpoints
from trainer.history import Epoch, History
from trainer.hyperparameters import Hyperparameters
from trainer.model import BiLstmCrf
from trainer.steps import steps_of
from trainer.vocabulary import Vocabulary

log = logging.getLogger("tagline.trainer")


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
    run_steps = steps_of(model, optimizer, strategy, seed=hp.seed)
    score = scorer(model, vocabulary, scheme)
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
