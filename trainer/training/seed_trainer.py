"""Training by the Trainer's arguments: the examples, vocabularies and settings loaded once, then one model per seed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import msgspec
import tensorflow as tf

from trainer.features import vocabulary
from trainer.hyperparameters import Hyperparameters, with_trial
from trainer.initial_weights import vectors
from trainer.initial_weights.warm_start import WarmStart
from trainer.input_pipeline import cache
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training import loop, replicas
from trainer.training.history import History
from trainer.training.tensorboard import Events


class TrainerArgs(msgspec.Struct, frozen=True, kw_only=True):
    """The part of TFX's FnArgs that training reads, under the names that it has there.

    Attributes:
        train_files, eval_files: patterns of Transform's examples.
        transform_graph_path: of Transform's vocabularies.
        model_run_dir: where TensorBoard's event files go; None in a Tuner, whose trials write none.
        base_model: the exported model that a warm start is from.
        hyperparameters: the best settings of a search, in keras-tuner's form.
        custom_config: as `trainer.run_fn` describes it.
    """

    train_files: list[str]
    eval_files: list[str]
    transform_graph_path: str
    model_run_dir: str | None
    base_model: str | None
    hyperparameters: dict[str, Any] | None
    custom_config: dict[str, Any]

    @classmethod
    def of(cls, fn_args: Any) -> TrainerArgs:
        """Take the fields from TFX's FnArgs."""
        return msgspec.convert(fn_args, cls, from_attributes=True)


class SeedTrainer:
    """Trains a model of any seed on the same examples.

    Args:
        args: the examples, vocabularies and settings.
        strategy: the devices to train on.

    Attributes:
        hyperparameters: the settings, with a search's values and the width of the pretrained vectors.
        vocabulary, scheme: of the model.
        pretrained: the vectors from a file, if the settings name one.
        warm_start: the exported model that models start from.
    """

    def __init__(self, args: TrainerArgs, strategy: tf.distribute.Strategy) -> None:
        self._args, self._strategy = args, strategy
        hp = msgspec.json.decode(args.custom_config["hyperparameters"], type=Hyperparameters)
        if args.hyperparameters:
            hp = with_trial(hp, args.hyperparameters["values"])
        self.vocabulary = vocabulary.load(args.transform_graph_path)
        self.pretrained = vectors.load(hp, self.vocabulary) if hp.vectors else None
        if self.pretrained:
            hp, self.vocabulary = self.pretrained.sized(hp), self.pretrained.vocabulary
        self.hyperparameters = hp
        self.scheme = self.vocabulary.scheme(args.custom_config["scheme"])
        self.warm_start = WarmStart(args.base_model)

    def build(self, seed: int) -> BiLstmCrf:
        """Make an untrained model with its initial weights."""
        return self._build(self._settings_of(seed))

    def train(self, seed: int, checkpoint_dir: str) -> tuple[BiLstmCrf, History]:
        """Train, or resume, the model of a seed, and write its curves."""
        with self._events(seed) as events:
            report = events.write if replicas.is_leader(self._strategy) else lambda _: None
            return self.train_with(self._settings_of(seed), checkpoint_dir, report=report)

    def train_with(
        self,
        hyperparameters: Hyperparameters,
        checkpoint_dir: str,
        *,
        report: Callable[[History], None] = lambda _: None,
    ) -> tuple[BiLstmCrf, History]:
        """Train, or resume, a model with other settings than `self.hyperparameters`, but the same vectors."""
        sentences = os.path.join(checkpoint_dir, f"sentences-{replicas.process_name(self._strategy)}")
        train_files, dev_files = map(tf.io.gfile.glob, (self._args.train_files, self._args.eval_files))
        with (
            cache.cached(train_files, folder=f"{sentences}-train") as train,
            cache.cached(dev_files, folder=f"{sentences}-dev") as dev,
        ):
            return loop.train(
                build=lambda: self._build(hyperparameters),
                train_sentences=train,
                dev_sentences=self.pretrained.looked_up(dev) if self.pretrained else dev,
                vocabulary=self.vocabulary,
                scheme=self.scheme,
                hyperparameters=hyperparameters,
                strategy=self._strategy,
                checkpoint_dir=checkpoint_dir,
                report=report,
            )

    def write_curves(self, seed: int, history: History) -> None:
        """Write the curves of a seed that an earlier call had trained."""
        with self._events(seed) as events:
            events.write(history)

    def _settings_of(self, seed: int) -> Hyperparameters:
        return msgspec.structs.replace(self.hyperparameters, seed=seed)

    def _build(self, hyperparameters: Hyperparameters) -> BiLstmCrf:
        hp, pretrained = hyperparameters, self.pretrained
        with self._strategy.scope():
            model = BiLstmCrf(hp, self.vocabulary, self.scheme)
            # A warm start's word vectors replace tuned ones, as they have learned more, but not frozen ones.
            if pretrained and not hp.vectors_frozen:
                pretrained.put_into(model.encoder.word_embedding)
            if hp.warm_start:
                self.warm_start.assign_to(model, self.vocabulary)
            if pretrained and hp.vectors_frozen:
                pretrained.put_into(model.encoder.word_embedding)
            return model

    def _events(self, seed: int) -> Events:
        assert self._args.model_run_dir is not None
        # TensorBoard shows each folder below a run's as a run of its own.
        folder = [f"seed-{seed}"] if self.hyperparameters.seeds > 1 else []
        return Events(os.path.join(self._args.model_run_dir, *folder))
