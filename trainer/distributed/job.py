"""The file that describes one training to its workers."""

from __future__ import annotations

from typing import Any

import msgspec
import tensorflow as tf

from trainer import remote_files


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The Trainer's arguments under their names in TFX, and which seed to train.

    Attributes:
        train_files, eval_files: patterns of Transform's examples.
        transform_graph_path: of Transform's vocabularies.
        model_run_dir: where TensorBoard's event files go.
        base_model: the exported model that a warm start is from.
        hyperparameters: the best settings of a search, in keras-tuner's form.
        custom_config: as `trainer.run_fn` describes it.
        seed: of this training.
        directory: of its checkpoints.
    """

    train_files: list[str]
    eval_files: list[str]
    transform_graph_path: str
    model_run_dir: str
    base_model: str | None
    hyperparameters: dict[str, Any] | None
    custom_config: dict[str, Any]
    seed: int
    directory: str

    def write(self, path: str) -> None:
        """Write the file in one step."""
        remote_files.write(path, msgspec.json.encode(self))

    @classmethod
    def read(cls, path: str) -> Job:
        with tf.io.gfile.GFile(path, "rb") as file:
            return msgspec.json.decode(file.read(), type=cls)
