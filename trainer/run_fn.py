"""`run_fn`, which TFX's Trainer calls: trains every seed, and exports the median."""

import hashlib
import json
import os

import msgspec
import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs

from trainer import remote_files
from trainer.distributed import launch
from trainer.export import saved_model
from trainer.initial_weights import row_names, vectors, warm_start
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training import loop, seeds
from trainer.training.checkpoints import discard_finished, mark_finished
from trainer.training.devices import strategy_for_visible_devices, take_gpu_memory_as_needed
from trainer.training.history import History
from trainer.training.seed_trainer import SeedTrainer, TrainerArgs


def run_fn(fn_args: FnArgs) -> None:
    """Train on Transform's examples and export the model to `fn_args.serving_model_dir`.

    TensorBoard's event files go to `fn_args.model_run_dir`, of several seeds to a folder each. A warm start
    is from `fn_args.base_model`. The best settings of a search are in `fn_args.hyperparameters`, in
    keras-tuner's form.

    `fn_args.custom_config` holds `hyperparameters` (JSON of `trainer.hyperparameters`), `scheme` (the scheme
    to train in, or "PLAIN"), `tokenizer` (of the texts that the model is sent), `checkpoint_root` (where
    interrupted trainings are kept) and `code` (a hash, for the cache alone).
    """
    take_gpu_memory_as_needed()
    args = TrainerArgs.of(fn_args)
    trainer = SeedTrainer(args, strategy_for_visible_devices())
    hp = trainer.hyperparameters
    checkpoint_root = args.custom_config["checkpoint_root"]
    checkpoint_dir = os.path.join(checkpoint_root, _key(args))
    discard_finished(checkpoint_root, but=checkpoint_dir)

    def train_one(seed: int, directory: str) -> tuple[BiLstmCrf, History]:
        if hp.workers > 1:
            launch.train_with_workers(args, seed, directory, workers=hp.workers)
        # After workers have trained, this only restores the result from their checkpoints.
        return trainer.train(seed, directory)

    model, results = seeds.train(
        range(hp.seed, hp.seed + hp.seeds),
        train_one=train_one,
        build=trainer.build,
        checkpoint_dir=checkpoint_dir,
        report=trainer.write_curves,
    )
    loop.log.info("best epoch %d; exporting", results.history.best.number)
    saved_model.export(
        model,
        trainer.vocabulary,
        trainer.scheme,
        args.custom_config["tokenizer"],
        directory=fn_args.serving_model_dir,
        n_best=hp.n_best,
        extra=_records(trainer, model, results),
    )
    mark_finished(checkpoint_dir)


def _records(trainer: SeedTrainer, model: BiLstmCrf, results: seeds.Seeds) -> dict[str, str]:
    """Collect what the exported model keeps of its training: JSON by file name."""
    hp, pretrained, carried = trainer.hyperparameters, trainer.pretrained, trainer.warm_start.carried
    return {
        saved_model.TRAINING_HISTORY: results.history.to_json(),
        saved_model.TRAINING_SETTINGS: msgspec.json.encode(hp).decode(),
        row_names.FILE_NAME: row_names.row_names(model, trainer.vocabulary).to_json(),
        **({vectors.FILE_NAME: pretrained.coverage.to_json()} if pretrained else {}),
        **({seeds.FILE_NAME: results.to_json()} if hp.seeds > 1 else {}),
        **({warm_start.FILE_NAME: carried.to_json()} if carried else {}),
    }


def _key(args: TrainerArgs) -> str:
    """Name the training by its examples, settings, code and base model, so that it finds its own checkpoints."""
    config = {name: value for name, value in args.custom_config.items() if name != "checkpoint_root"}
    digest = hashlib.sha256(json.dumps([config, args.hyperparameters], sort_keys=True).encode())
    for patterns in (args.train_files, args.eval_files):
        for path in sorted(tf.io.gfile.glob(patterns)):
            # By content: paths hold numbers that a new metadata store gives out again.
            for chunk in remote_files.chunks(path):
                digest.update(chunk)
    if args.base_model:
        for chunk in warm_start.content(args.base_model):
            digest.update(chunk)
    return digest.hexdigest()[:16]
