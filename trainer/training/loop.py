"""Training: epochs over bucketed batches, each scored on dev, the best weights kept, every epoch a checkpoint.

All random draws depend on the seed and the step's number, and an epoch's batches on the seed and the epoch's
number, so an interrupted training that is resumed ends with the same weights as one without a break.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import NoReturn

import tensorflow as tf

from tagging.schemes import Scheme
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.input_pipeline import batches
from trainer.input_pipeline.epochs import Epochs
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.model.precision import loss_scale_for
from trainer.training import replicas
from trainer.training.checkpoints import Checkpoints, restore_best
from trainer.training.dev_score import metric_of, scorer
from trainer.training.devices import scaled
from trainer.training.history import Epoch, History
from trainer.training.optimizer import Adam
from trainer.training.out_of_memory import InitialValues, Parts
from trainer.training.steps import Steps

log = logging.getLogger("tagline.trainer")

_SHORT_NAMES = {"entity_f1_strict": "F1", "token_accuracy": "accuracy"}


class Diverged(RuntimeError):
    """The loss or a weight became NaN or infinite."""


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
    report: Callable[[History], None] = lambda _: None,
) -> tuple[BiLstmCrf, History]:
    """Train until the last epoch, or until `patience` epochs brought no better dev score.

    Args:
        build: makes the model; called once, in the strategy's scope.
        train_sentences, dev_sentences: as `batches.sentences` returns them.
        checkpoint_dir: of the checkpoints; a training that finds some there resumes after their last epoch.
        report: called with the history, once before any epoch is trained (without epochs unless the training
            resumes) and after each epoch.

    Returns:
        The model with the weights of the best epoch, and the history. One of several worker processes returns
        the model as the last epoch left it: the process that exports restores the best one by calling this
        once more.

    Raises:
        Diverged: the loss or a weight became NaN or infinite.
        OutOfMemory: not even one sentence fits; a batch that does not fit is trained on in parts.
    """
    hp = scaled(hyperparameters, strategy.num_replicas_in_sync)
    if strategy.num_replicas_in_sync > 1:
        log.info(
            "%d replicas: batches of %d sentences, learning rate %.4g",
            strategy.num_replicas_in_sync, hp.batch_size, hp.learning_rate,
        )  # fmt: skip
    epochs = Epochs(train_sentences, tags=vocabulary.tags, scheme=scheme, hyperparameters=hp)
    training = _Training(build, epochs, hp, strategy, checkpoint_dir, metric=metric_of(scheme))
    report(training.history)
    score = scorer(training.model, vocabulary, scheme)
    dev_batches = batches.ordered_batches(dev_sentences, batch_size=128)
    while not training.is_finished:
        loss, tokens, seconds = training.train_epoch()
        scoring_began = time.monotonic()
        dev_score = score(dev_batches) if replicas.is_leader(strategy) else 0.0
        dev_score = replicas.broadcast_from_leader(dev_score, strategy)
        training.end_epoch(
            loss=loss,
            dev_score=dev_score,
            seconds=seconds + time.monotonic() - scoring_began,
            tokens_per_second=tokens / seconds,
        )
        report(training.history)
    if not replicas.has_several_workers(strategy):
        restore_best(checkpoint_dir, training.model, epoch=training.history.best.number)
    return training.model, training.history


class _Training:
    """A training under way: its model, optimiser and checkpoints, its batches, and the history of its epochs."""

    def __init__(
        self,
        build: Callable[[], BiLstmCrf],
        epochs: Epochs,
        hyperparameters: Hyperparameters,
        strategy: tf.distribute.Strategy,
        checkpoint_dir: str,
        *,
        metric: str,
    ) -> None:
        self._epochs, self._hp, self._strategy = epochs, hyperparameters, strategy
        hp = hyperparameters
        with strategy.scope():
            self.model = build()
            self._optimizer = Adam(
                self.model.trainable_variables,
                learning_rate=hp.learning_rate,
                steps=hp.epochs * epochs.counts.batches,
                clip_norm=hp.clip_norm,
                loss_scale=loss_scale_for(hp.precision),
            )
        self._checkpoints = Checkpoints(checkpoint_dir, model=self.model, optimizer=self._optimizer)
        self.history = History(metric, ())
        self._initial_values = None
        if self._restore_last_epoch():
            log.info("resuming after epoch %d, found in %s", self._next_epoch - 1, checkpoint_dir)
        else:
            self._initial_values = InitialValues([*self.model.variables, *self._optimizer.variables])
        self._parts = Parts(checkpoint_dir, most=-(-hp.batch_size // strategy.num_replicas_in_sync))
        self._start_stream()

    @property
    def is_finished(self) -> bool:
        """Whether all epochs are trained, or patience ran out."""
        done, patience = len(self.history.epochs), self._hp.patience
        out_of_patience = done and patience and done - self.history.best.number >= patience
        return done >= self._hp.epochs or bool(out_of_patience)

    @property
    def _next_epoch(self) -> int:
        return len(self.history.epochs) + 1

    def train_epoch(self) -> tuple[float, float, float]:
        """Train the next epoch; return the sum of the losses, the number of tokens and the seconds.

        If a batch does not fit into memory, the epoch begins again with each batch in more parts.
        """
        while True:
            began = time.monotonic()
            try:
                loss, tokens = map(float, self._steps.take(self._stream, self._epochs.counts.batches))
            except tf.errors.ResourceExhaustedError as error:
                self._parts.double(error)
                if replicas.has_several_workers(self._strategy):
                    raise  # the others wait for a step that never comes: all workers restart
                self._go_back()
                continue
            if not math.isfinite(loss):
                self._diverge(f"the loss of epoch {self._next_epoch} is {loss}")
            # The last step of an epoch is in no loss of that epoch.
            if not all(tf.reduce_all(tf.math.is_finite(one)) for one in self.model.trainable_variables):
                self._diverge(f"weights after epoch {self._next_epoch} are not finite")
            return loss, tokens, time.monotonic() - began

    def _diverge(self, found: str) -> NoReturn:
        kept = f" (the weights of epoch {self._next_epoch - 1} are kept)" if self.history.epochs else ""
        raise Diverged(f"{found}; lower trainer.learning_rate or trainer.clip_norm{kept}")

    def end_epoch(self, *, loss: float, dev_score: float, seconds: float, tokens_per_second: float) -> None:
        """Add the epoch just trained to the history, save its checkpoint and log it."""
        epoch = Epoch(
            number=self._next_epoch,
            loss=loss / self._epochs.counts.sentences,
            dev_score=dev_score,
            learning_rate=float(self._optimizer.learning_rate.numpy()),
            seconds=seconds,
            tokens_per_second=tokens_per_second,
            parts=self._parts.number,
        )
        self.history = History(self.history.metric, (*self.history.epochs, epoch))
        is_best = self.history.best is epoch
        if replicas.is_leader(self._strategy):
            self._checkpoints.save(self.history.to_json(), epoch=epoch.number, best=is_best)
            self._initial_values = None
        log.info(
            "epoch %d/%d  loss %.3f  dev %s %.4f%s  %.1f s",
            epoch.number, self._hp.epochs, epoch.loss, _SHORT_NAMES[self.history.metric], epoch.dev_score,
            "  best" if is_best else "", epoch.seconds,
        )  # fmt: skip

    def _go_back(self) -> None:
        """Undo the steps of an epoch that was broken off."""
        if self._initial_values is not None:
            self._initial_values.restore()
        else:
            self._restore_last_epoch()
        self._start_stream()

    def _restore_last_epoch(self) -> bool:
        """Restore variables and history from the checkpoint of the last epoch; return whether there is one."""
        saved = self._checkpoints.restore()
        if not saved:
            return False
        self.history = History.from_json(saved)
        # On another number of GPUs an epoch may have had more steps, or fewer.
        self._optimizer.iterations.assign(len(self.history.epochs) * self._epochs.counts.batches)
        return True

    def _start_stream(self) -> None:
        """Make the stream of batches from the next epoch on, and the steps that read it.

        One stream holds all epochs, so that batches are prepared ahead while an epoch is scored.
        """
        numbers = range(self._next_epoch, self._hp.epochs + 1)
        replica_count = self._strategy.num_replicas_in_sync
        self._stream = iter(
            self._strategy.distribute_datasets_from_function(
                lambda context: self._epochs.batches(
                    numbers, replicas=replica_count, own=replicas.own_replicas(context)
                )
            )
        )
        self._steps = Steps(
            self.model, self._optimizer, self._strategy, seed=self._hp.seed, parts=self._parts.number
        )
