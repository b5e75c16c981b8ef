"""`tuner_fn`, which TFX's Tuner calls: makes the search over Transform's examples."""

import gc
import hashlib
import os
from typing import Any

import msgspec
import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.components.tuner.component import TunerFnResult

from components.tuner.options import Tuning
from components.tuner.search import Search
from components.tuner.trials import Trials
from trainer import remote_files
from trainer.hyperparameters import Hyperparameters
from trainer.training.dev_score import metric_of
from trainer.training.devices import strategy_for_visible_devices, take_gpu_memory_as_needed
from trainer.training.history import History
from trainer.training.seed_trainer import SeedTrainer, TrainerArgs


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """Make a search over Transform's examples.

    `fn_args.custom_config` holds the entries of `trainer.run_fn.run_fn`, and also `tuning` (JSON of
    `components.tuner.options`), `root` (the folder of trials) and `search_code` (a hash, for the cache
    alone).

    A trial trains only the seed of the settings, and from untrained weights, whatever `seeds` and
    `warm_start` are.
    """
    take_gpu_memory_as_needed()
    config: dict[str, Any] = fn_args.custom_config
    tuning = msgspec.json.decode(config["tuning"], type=Tuning)
    trainer = SeedTrainer(TrainerArgs.of(fn_args), strategy_for_visible_devices())
    if trainer.pretrained:
        # The file sets the width.
        tuning = msgspec.structs.replace(tuning, space={**tuning.space, "word_embedding": None})

    def train(hyperparameters: Hyperparameters, checkpoint_dir: str) -> History:
        # Free the model of the trial before: it and its graphs are reference cycles.
        tf.keras.backend.clear_session()
        gc.collect()
        return trainer.train_with(hyperparameters, checkpoint_dir)[1]

    search = Search(
        tuning,
        msgspec.structs.replace(trainer.hyperparameters, seeds=1, warm_start=False),
        metric=metric_of(trainer.scheme),
        train=train,
        trials=Trials(
            os.path.join(config["root"], "trials"),
            same=(
                _digest(tf.io.gfile.glob(fn_args.train_files), tf.io.gfile.glob(fn_args.eval_files)),
                config["code"],
                config["scheme"],
                config["vectors"],
            ),
        ),
        root=config["root"],
    )
    return TunerFnResult(tuner=search, fit_kwargs={})


def _digest(*splits: list[str]) -> str:
    """Digest the files by content: paths hold numbers that a new metadata store gives out again."""
    digest = hashlib.sha256()
    for files in splits:
        for path in sorted(files):
            for chunk in remote_files.chunks(path):
                digest.update(chunk)
        digest.update(b"\0")
    return digest.hexdigest()
