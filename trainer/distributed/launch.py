"""Starting the workers of a training, where they are to run."""

from __future__ import annotations

import os

from trainer.distributed import local_workers, tfjob
from trainer.distributed.job import Job
from trainer.training.seed_trainer import TrainerArgs


def train_with_workers(args: TrainerArgs, seed: int, checkpoint_dir: str, *, workers: int) -> None:
    """Train one seed to its end: with the pods of a TFJob if the environment describes one, else with processes here.

    Args:
        args: the examples, vocabularies and settings.
        seed: of the training.
        checkpoint_dir: where the workers leave the result, and the file that describes their job.
        workers: processes on this machine; a TFJob's manifest has its own number.

    Raises:
        Diverged: as `loop.train` does.
        WorkerFailed, TFJobFailed: the workers could not finish.
    """
    path = os.path.join(checkpoint_dir, "job.json")
    Job(args=args, seed=seed, directory=checkpoint_dir).write(path)
    if tfjob.MANIFEST in os.environ:
        tfjob.run(os.environ[tfjob.MANIFEST], path)
    else:
        local_workers.run(local_workers.worker_command(path), workers=workers, directory=checkpoint_dir)
