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
from trainer import inputs, training, vectors, vocabulary
from trainer.devices import strategy_for_visible_devices, take_gpu_memory_as_needed
from trainer.history import History
from trainer.hyperparameters import Hyperparameters
from trainer.model import BiLstmCrf
from trainer.scheme import scheme_of_vocabulary


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """A search over Transform's examples.

    `fn_args.custom_config` holds what `trainer.train.run_fn` takes, and beside it `tuning` (JSON of
    `components.tuner.options`), `root` (where trials are kept) and `search_code` (a hash, there for the cache alone).

    A trial trains one seed, the settings' own, and begins with new weights, whatever `seeds` and `warm_start` say.
    """
    take_gpu_memory_as_needed()
    config: dict[str, Any] = fn_args.custom_config
    settings = msgspec.json.decode(config["hyperparameters"], type=Hyperparameters)
    base = msgspec.structs.replace(settings, seeds=1, warm_start=False)
    tuning = msgspec.json.decode(config["tuning"], type=Tuning)
    words_and_tags = vocabulary.load(fn_args.transform_graph_path)
    pretrained = vectors.load(base, words_and_tags) if base.vectors else None
    if pretrained:
        base, words_and_tags = pretrained.sized(base), pretrained.vocabulary
        # The file's width is the width.
        tuning = msgspec.structs.replace(tuning, space={**tuning.space, "word_embedding": None})
    scheme = scheme_of_vocabulary(words_and_tags.tags, config["scheme"])
    train_files = tf.io.gfile.glob(fn_args.train_files)
    dev_files = tf.io.gfile.glob(fn_args.eval_files)
    strategy = strategy_for_visible_devices()

    def build(hyperparameters: Hyperparameters) -> BiLstmCrf:
        model = BiLstmCrf(hyperparameters, words_and_tags, scheme)
        if pretrained:
            pretrained.put_into(model.encoder.word_embedding)
        return model

    def train(hyperparameters: Hyperparameters, checkpoint_dir: str) -> History:
        # A search trains many, and the model before and its graphs refer to each other in circles.
        tf.keras.backend.clear_session()
        gc.collect()
        dev = inputs.sentences(dev_files)
        _, history = training.train(
            build=lambda: build(hyperparameters),
            train_sentences=inputs.sentences(train_files),
            dev_sentences=pretrained.looked_up(dev) if pretrained else dev,
            vocabulary=words_and_tags,
            scheme=scheme,
            hyperparameters=hyperparameters,
            strategy=strategy,
            checkpoint_dir=checkpoint_dir,
        )
        return history

    search = Search(
        tuning,
        base,
        metric="token_accuracy" if scheme is PLAIN else "entity_f1_strict",
        train=train,
        trials=Trials(
            os.path.join(config["root"], "trials"),
            same=(_digest(train_files, dev_files), config["code"], config["scheme"], config["vectors"]),
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
