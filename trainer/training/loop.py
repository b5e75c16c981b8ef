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
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.input_pipeline import batches
from trainer.input_pipeline.mention_replacement import Mentions, movable
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.model.precision import loss_scale_for
from trainer.training import replicas as cluster
from trainer.training.checkpoints import Checkpoints
from trainer.training.dev_score import scorer
from trainer.training.devices import scaled
from trainer.training.history import Epoch, History
from trainer.training.optimizer import Adam
from trainer.training.out_of_memory import Beginning, Parts
from trainer.training.steps import steps_of

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
        The model with the weights of the best epoch, and the history. One of several workers gets the model as the
        last epoch left it: who exports restores the best one from the checkpoints, by calling this once more.

    Raises:
        Diverged: the loss became NaN or infinite.
        OutOfMemory: not even one sentence fits; a batch that does not is trained on in parts.
    """
    replicas = strategy.num_replicas_in_sync
    hp = scaled(hyperparameters, replicas)
    if replicas > 1:
        log.info(
            "%d replicas: batches of %d sentences, learning rate %.4g",
            replicas,
            hp.batch_size,
            hp.learning_rate,
        )
    counts = batches.count(train_sentences, batch_size=hp.batch_size)
    mentions = None
    if hp.mention_replacement and movable(scheme):
        mentions = Mentions(
            train_sentences, tags=vocabulary.tags, scheme=scheme, share=hp.mention_replacement
        )
    with strategy.scope():
        model = build()
        optimizer = Adam(
            model.trainable_variables,
            learning_rate=hp.learning_rate,
            steps=hp.epochs * counts.batches,
            clip_norm=hp.clip_norm,
        )
        # Its attribute, so that the optimiser's checkpoint holds it.
        optimizer.loss_scale = loss_scale_for(hp.precision)
    metric = "token_accuracy" if scheme is PLAIN else "entity_f1_strict"
    checkpoints = Checkpoints(checkpoint_dir, model=model, optimizer=optimizer)
    saved = checkpoints.restore()
    history = History.from_json(saved) if saved else History(metric, ())
    if history.epochs:
        log.info("going on after epoch %d, found in %s", history.epochs[-1].number, checkpoint_dir)
        # On another number of GPUs an epoch may have had more steps, or fewer.
        optimizer.iterations.assign(len(history.epochs) * counts.batches)
    tell(history)

    parts = Parts(checkpoint_dir, most=-(-hp.batch_size // replicas))
    beginning = None if saved else Beginning([*model.variables, *optimizer.variables])

    def epochs_from(first: int) -> Callable[[], tuple[tf.Tensor, tf.Tensor]]:
        """Trains epoch `first` when called, then the next, and so on: (sum of losses, tokens) of each."""
        stream = iter(
            strategy.distribute_datasets_from_function(
                lambda context: batches.training_batches(
                    train_sentences,
                    epochs=range(first, hp.epochs + 1),
                    batch_size=hp.batch_size,
                    buffer_size=hp.shuffle_buffer,
                    seed=hp.seed,
                    change=mentions.replaced if mentions and mentions.count else None,
                    replicas=replicas,
                    mine=cluster.own_replicas(context),
                )
            )
        )
        run_steps = steps_of(
            model, optimizer, strategy, seed=hp.seed, loss_scale=optimizer.loss_scale, parts=parts.number
        )
        return lambda: run_steps(stream, counts.batches)

    train_epoch = epochs_from(len(history.epochs) + 1)
    score = scorer(model, vocabulary, scheme)
    dev_batches = batches.ordered_batches(dev_sentences, batch_size=128)
    while not _finished(history, hp):
        number = len(history.epochs) + 1
        started = time.monotonic()
        try:
            loss, tokens = (float(total) for total in train_epoch())
        except tf.errors.ResourceExhaustedError as error:
            parts.double(error)
            if cluster.several(strategy):
                raise  # the others wait for a step that never comes: all start again
            if beginning is not None:
                beginning.restore()
            else:
                checkpoints.restore()
            train_epoch = epochs_from(number)
            continue
        _check_finite(loss, number)
        trained = time.monotonic()
        dev_score = score(dev_batches) if cluster.leads(strategy) else 0.0
        epoch = Epoch(
            number=number,
            loss=loss / counts.sentences,
            dev_score=cluster.told_by_leader(dev_score, strategy),
            learning_rate=float(optimizer.learning_rate.numpy()),
            seconds=time.monotonic() - started,
            tokens_per_second=tokens / (trained - started),
            parts=parts.number,
        )
        history = History(metric, (*history.epochs, epoch))
        if cluster.leads(strategy):
            checkpoints.save(history.to_json(), epoch=number, best=history.best is epoch)
            beginning = None
        tell(history)
        log.info(
            "epoch %d/%d  loss %.3f  dev %s %.4f%s  %.1f s",
            number, hp.epochs, epoch.loss, _SHORT[metric], epoch.dev_score,
            "  best" if history.best is epoch else "", epoch.seconds,
        )  # fmt: skip
    if not cluster.several(strategy):
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
