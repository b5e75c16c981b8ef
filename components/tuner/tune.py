"""`tuner_fn`, which TFX's Tuner calls: it only wires what the other modules do."""

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
from tagging.schemes import PLAIN
from trainer.hyperparameters import Hyperparameters
from trainer.training.devices import strategy_for_visible_devices, take_gpu_memory_as_needed
from trainer.training.history import History
from trainer.training.seed_trainer import Trainings


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """A search over Transform's examples.

    `fn_args.custom_config` holds what `trainer.run_fn.run_fn` takes, and beside it `tuning` (JSON of
    `components.tuner.options`), `root` (where trials are kept) and `search_code` (a hash, there for the cache alone).

    A trial trains one seed, the settings' own, and begins with new weights, whatever `seeds` and `warm_start` say.
    """
    take_gpu_memory_as_needed()
    config: dict[str, Any] = fn_args.custom_config
    tuning = msgspec.json.decode(config["tuning"], type=Tuning)
    trainings = Trainings(fn_args, strategy_for_visible_devices())
    if trainings.pretrained:
        # The file's width is the width.
        tuning = msgspec.structs.replace(tuning, space={**tuning.space, "word_embedding": None})

    def train(hyperparameters: Hyperparameters, checkpoint_dir: str) -> History:
        # A search trains many, and the model before and its graphs refer to each other in circles.
        tf.keras.backend.clear_session()
        gc.collect()
        return trainings.train_with(hyperparameters, checkpoint_dir)[1]

    search = Search(
        tuning,
        msgspec.structs.replace(trainings.hyperparameters, seeds=1, warm_start=False),
        metric="token_accuracy" if trainings.scheme is PLAIN else "entity_f1_strict",
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
    """Of what the files hold: paths have numbers that a new metadata store gives out again."""
    digest = hashlib.sha256()
    for files in splits:
        for path in sorted(files):
            with tf.io.gfile.GFile(path, "rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
        digest.update(b"\0")
    return digest.hexdigest()
