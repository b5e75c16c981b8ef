"""What the Trainer is asked for, loaded: a training for each seed, on the devices of a strategy."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
import tensorflow as tf

from trainer.features import vocabulary
from trainer.features.tag_scheme import scheme_of_vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.initial_weights import vectors
from trainer.initial_weights.warm_start import WarmStart
from trainer.input_pipeline import cache
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.overrides import with_trial
from trainer.training import loop, replicas
from trainer.training.history import History
from trainer.training.tensorboard import Events


class Asked(Protocol):
    """What is read of TFX's FnArgs; `trainer.distributed.job` hands the same to workers."""

    @property
    def train_files(self) -> list[str]: ...

    @property
    def eval_files(self) -> list[str]: ...

    @property
    def transform_graph_path(self) -> str: ...

    @property
    def model_run_dir(self) -> str: ...

    @property
    def base_model(self) -> str | None: ...

    @property
    def hyperparameters(self) -> dict[str, Any] | None: ...

    @property
    def custom_config(self) -> dict[str, Any]: ...


class Trainings:
    """Trains a model of any seed.

    Args:
        asked: as `train.run_fn` has it.
        strategy: on which devices.

    Attributes:
        hyperparameters: in effect, with what a search and the vectors' file say.
        vocabulary, scheme: of the model.
        pretrained: the vectors from a file, if there are any.
        warm: what models start from.
    """

    def __init__(self, asked: Asked, strategy: tf.distribute.Strategy) -> None:
        self._asked, self._strategy = asked, strategy
        hp = msgspec.json.decode(asked.custom_config["hyperparameters"], type=Hyperparameters)
        if asked.hyperparameters:
            hp = with_trial(hp, asked.hyperparameters["values"])
        self.vocabulary = vocabulary.load(asked.transform_graph_path)
        self.pretrained = vectors.load(hp, self.vocabulary) if hp.vectors else None
        if self.pretrained:
            hp, self.vocabulary = self.pretrained.sized(hp), self.pretrained.vocabulary
        self.hyperparameters = hp
        self.scheme = scheme_of_vocabulary(self.vocabulary.tags, asked.custom_config["scheme"])
        self.warm = WarmStart(asked.base_model)

    def build(self, seed: int) -> BiLstmCrf:
        """An untrained model, with the weights that it starts from."""
        return self._built(self._of_seed(seed))

    def train(self, seed: int, directory: str) -> tuple[BiLstmCrf, History]:
        """Train, or go on with, the model of a seed, whose checkpoints lie in `directory`."""
        with self._events(seed) as written:
            tell = written.write if replicas.leads(self._strategy) else lambda _: None
            return self.train_with(self._of_seed(seed), directory, tell=tell)

    def train_with(
        self,
        hyperparameters: Hyperparameters,
        directory: str,
        *,
        tell: Callable[[History], None] = lambda _: None,
    ) -> tuple[BiLstmCrf, History]:
        """Train, or go on with, a model of other settings than `hyperparameters`, of the same vectors."""
        own = os.path.join(directory, f"sentences-{replicas.name_in(self._strategy)}")
        train_files, dev_files = map(tf.io.gfile.glob, (self._asked.train_files, self._asked.eval_files))
        with (
            cache.cached(train_files, folder=f"{own}-train") as train,
            cache.cached(dev_files, folder=f"{own}-dev") as dev,
        ):
            return loop.train(
                build=lambda: self._built(hyperparameters),
                train_sentences=train,
                dev_sentences=self.pretrained.looked_up(dev) if self.pretrained else dev,
                vocabulary=self.vocabulary,
                scheme=self.scheme,
                hyperparameters=hyperparameters,
                strategy=self._strategy,
                checkpoint_dir=directory,
                tell=tell,
            )

    def _of_seed(self, seed: int) -> Hyperparameters:
        return msgspec.structs.replace(self.hyperparameters, seed=seed)

    def _built(self, hyperparameters: Hyperparameters) -> BiLstmCrf:
        hp, pretrained = hyperparameters, self.pretrained
        with self._strategy.scope():
            model = BiLstmCrf(hp, self.vocabulary, self.scheme)
            # Tuned vectors come first, since what was learned from them is worth more; frozen ones stay the file's.
            if pretrained and not hp.vectors_frozen:
                pretrained.put_into(model.encoder.word_embedding)
            if hp.warm_start:
                self.warm.give(model, self.vocabulary)
            if pretrained and hp.vectors_frozen:
                pretrained.put_into(model.encoder.word_embedding)
            return model

    def tell(self, seed: int, history: History) -> None:
        """Write the curves of a training that had ended before."""
        with self._events(seed) as written:
            written.write(history)

    def _events(self, seed: int) -> Events:
        # TensorBoard takes each folder below a run's for a run of its own.
        folder = [f"seed-{seed}"] if self.hyperparameters.seeds > 1 else []
        return Events(os.path.join(self._asked.model_run_dir, *folder))
