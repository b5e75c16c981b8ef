"""`run_fn`, which TFX's Trainer calls: it only wires what the other modules do."""

import hashlib
import json
import os
from typing import Any

import msgspec
import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs

from trainer.distributed import local_workers as local
from trainer.distributed import tfjob
from trainer.distributed.job import Job
from trainer.export import saved_model
from trainer.initial_weights import row_names, vectors, warm_start
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training import loop, seeds
from trainer.training.checkpoints import discard_finished, mark_finished
from trainer.training.devices import strategy_for_visible_devices, take_gpu_memory_as_needed
from trainer.training.history import History
from trainer.training.seed_trainer import Trainings


def run_fn(fn_args: FnArgs) -> None:
    """Train on Transform's examples and export the model to `fn_args.serving_model_dir`.

    TensorBoard's event files go to `fn_args.model_run_dir`, of several seeds to a folder each. A warm start is from
    `fn_args.base_model`. What a search found to be best is in `fn_args.hyperparameters`, in keras-tuner's form.

    `fn_args.custom_config` holds `hyperparameters` (JSON of `trainer.hyperparameters`), `scheme` (the scheme
    to train in, or "PLAIN"), `checkpoint_root` (where interrupted trainings are kept) and `code` (a hash, there
    for the cache alone).
    """
    take_gpu_memory_as_needed()
    config: dict[str, Any] = fn_args.custom_config
    trainings = Trainings(fn_args, strategy_for_visible_devices())
    hp, words_and_tags, pretrained = trainings.hyperparameters, trainings.vocabulary, trainings.pretrained
    checkpoint_dir = os.path.join(config["checkpoint_root"], _key(fn_args))
    discard_finished(config["checkpoint_root"], but=checkpoint_dir)

    def train_one(seed: int, directory: str) -> tuple[BiLstmCrf, History]:
        if hp.workers > 1:
            _train_together(fn_args, seed, directory, workers=hp.workers)
        # What the workers have trained to its end is restored, and nothing trained here.
        return trainings.train(seed, directory)

    model, found = seeds.train(
        range(hp.seed, hp.seed + hp.seeds),
        train_one=train_one,
        build=trainings.build,
        checkpoint_dir=checkpoint_dir,
        tell=trainings.tell,
    )
    carried = trainings.warm.carried
    loop.log.info("best epoch %d; exporting", found.history.best.number)
    saved_model.export(
        model,
        words_and_tags,
        trainings.scheme,
        directory=fn_args.serving_model_dir,
        n_best=hp.n_best,
        extra={
            saved_model.TRAINING_HISTORY: found.history.to_json(),
            saved_model.TRAINING_SETTINGS: msgspec.json.encode(hp).decode(),
            row_names.FILE_NAME: row_names.row_names(model, words_and_tags).to_json(),
            **({vectors.FILE_NAME: pretrained.coverage.to_json()} if pretrained else {}),
            **({seeds.FILE_NAME: found.to_json()} if hp.seeds > 1 else {}),
            **({warm_start.FILE_NAME: carried.to_json()} if carried else {}),
        },
    )
    mark_finished(checkpoint_dir)


def _train_together(fn_args: FnArgs, seed: int, directory: str, *, workers: int) -> None:
    """Train a seed to its end by several workers: pods of a TFJob where one is described, else processes here."""
    job = Job(
        train_files=list(fn_args.train_files),
        eval_files=list(fn_args.eval_files),
        transform_graph_path=fn_args.transform_graph_path,
        model_run_dir=fn_args.model_run_dir,
        base_model=fn_args.base_model,
        hyperparameters=fn_args.hyperparameters,
        custom_config=fn_args.custom_config,
        seed=seed,
        directory=directory,
    )
    tf.io.gfile.makedirs(directory)
    path = os.path.join(directory, "job.json")
    job.write(path)
    if tfjob.MANIFEST in os.environ:
        tfjob.run(os.environ[tfjob.MANIFEST], path)
    else:
        local.train_together(local.command_of(path), workers=workers, directory=directory)


def _key(fn_args: FnArgs) -> str:
    """Names the training: the same examples, settings, code and base model find each other's checkpoints."""
    config = {name: value for name, value in fn_args.custom_config.items() if name != "checkpoint_root"}
    digest = hashlib.sha256(json.dumps([config, fn_args.hyperparameters], sort_keys=True).encode())
    for patterns in (fn_args.train_files, fn_args.eval_files):
        for path in sorted(tf.io.gfile.glob(patterns)):
            with tf.io.gfile.GFile(path, "rb") as file:
                # By content: paths hold numbers that a new metadata store gives out again.
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
    if fn_args.base_model:
        for chunk in warm_start.content(fn_args.base_model):
            digest.update(chunk)
    return digest.hexdigest()[:16]
