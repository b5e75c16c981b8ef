"""One training as several workers are told of it: a file that each of them reads."""

from __future__ import annotations

from typing import Any

import msgspec
import tensorflow as tf

from trainer import remote_files


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What TFX handed to the Trainer, under the names that it has there, and which training of it this is.

    Attributes:
        train_files, eval_files: patterns of Transform's examples.
        transform_graph_path: of Transform's vocabularies.
        model_run_dir: where TensorBoard's event files go.
        base_model: the exported model that a warm start is from.
        hyperparameters: what a search found to be best, in keras-tuner's form.
        custom_config: as `train.run_fn` has it.
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
        """Make the file, whole or not at all."""
        remote_files.write(path, msgspec.json.encode(self))

    @classmethod
    def read(cls, path: str) -> Job:
        with tf.io.gfile.GFile(path, "rb") as file:
            return msgspec.json.decode(file.read(), type=cls)
