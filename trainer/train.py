"""`run_fn`, which TFX's Trainer calls: it only wires what the other modules do."""

import hashlib
import json
import os
from typing import Any

import msgspec
import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs

from trainer import export, inputs, training, vocabulary
from trainer.checkpoints import discard_finished, mark_finished
from trainer.devices import strategy_for_visible_devices, take_gpu_memory_as_needed
from trainer.hyperparameters import Hyperparameters
from trainer.model import BiLstmCrf
from trainer.scheme import scheme_of_vocabulary
from trainer.tensorboard import Events


def run_fn(fn_args: FnArgs) -> None:
    """Train on Transform's examples and export the model to `fn_args.serving_model_dir`.

    TensorBoard's event files go to `fn_args.model_run_dir`.

    `fn_args.custom_config` holds `hyperparameters` (JSON of `trainer.hyperparameters`), `scheme` (the scheme
    to train in, or "PLAIN"), `checkpoint_root` (where interrupted trainings are kept) and `code` (a hash, there
    for the cache alone).
    """
    take_gpu_memory_as_needed()
    config: dict[str, Any] = fn_args.custom_config
    hp = msgspec.json.decode(config["hyperparameters"], type=Hyperparameters)
    words_and_tags = vocabulary.load(fn_args.transform_graph_path)
    scheme = scheme_of_vocabulary(words_and_tags.tags, config["scheme"])
    checkpoint_dir = os.path.join(config["checkpoint_root"], _key(fn_args))
    discard_finished(config["checkpoint_root"], but=checkpoint_dir)

    with Events(fn_args.model_run_dir) as events:
        model, history = training.train(
            build=lambda: BiLstmCrf(hp, words_and_tags, scheme),
            train_sentences=inputs.sentences(tf.io.gfile.glob(fn_args.train_files)),
            dev_sentences=inputs.sentences(tf.io.gfile.glob(fn_args.eval_files)),
            vocabulary=words_and_tags,
            scheme=scheme,
            hyperparameters=hp,
            strategy=strategy_for_visible_devices(),
            checkpoint_dir=checkpoint_dir,
            tell=events.write,
        )
    training.log.info("best epoch %d; exporting", history.best.number)
    export.export(
        model,
        words_and_tags,
        scheme,
        directory=fn_args.serving_model_dir,
        n_best=hp.n_best,
        extra={
            export.TRAINING_HISTORY: history.to_json(),
            export.TRAINING_SETTINGS: config["hyperparameters"],
        },
    )
    mark_finished(checkpoint_dir)


def _key(fn_args: FnArgs) -> str:
    """Names the training: the same examples, settings and code find each other's checkpoints."""
    config = {name: value for name, value in fn_args.custom_config.items() if name != "checkpoint_root"}
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for patterns in (fn_args.train_files, fn_args.eval_files):
        for path in sorted(tf.io.gfile.glob(patterns)):
            with tf.io.gfile.GFile(path, "rb") as file:
                # By content: paths hold numbers that a new metadata store gives out again.
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
    return digest.hexdigest()[:16]
