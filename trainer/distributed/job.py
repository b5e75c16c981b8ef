"""The file that describes one training to its workers."""

from __future__ import annotations

import msgspec
import tensorflow as tf

from trainer import remote_files
from trainer.training.seed_trainer import TrainerArgs


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The Trainer's arguments, which seed to train, and the folder of its checkpoints."""

    args: TrainerArgs
    seed: int
    directory: str

    def write(self, path: str) -> None:
        """Write the file in one step, creating its folder."""
        remote_files.write(path, msgspec.json.encode(self))

    @classmethod
    def read(cls, path: str) -> Job:
        with tf.io.gfile.GFile(path, "rb") as file:
            return msgspec.json.decode(file.read(), type=cls)
