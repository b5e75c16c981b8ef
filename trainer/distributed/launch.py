"""Starting the workers of a training, where they are to run."""

from __future__ import annotations

import os

from trainer.distributed import local_workers, pods
from trainer.distributed.job import Job
from trainer.training.seed_trainer import TrainerArgs


def train_with_workers(args: TrainerArgs, seed: int, checkpoint_dir: str, *, workers: int) -> None:
    """Train one seed to its end: with pods if the environment describes their job, else with processes here.

    Args:
        args: the examples, vocabularies and settings.
        seed: of the training.
        checkpoint_dir: where the workers leave the result, and the file that describes their job.
        workers: processes on this machine; a job of pods has its own number.

    Raises:
        Diverged: as `loop.train` does.
        WorkerFailed, JobFailed: the workers could not finish.
    """
    path = os.path.join(checkpoint_dir, "job.json")
    Job(args=args, seed=seed, directory=checkpoint_dir).write(path)
    if pods.MANIFESTS in os.environ:
        pods.run(os.environ[pods.MANIFESTS], path)
    else:
        local_workers.run(local_workers.worker_command(path), workers=workers, directory=checkpoint_dir)
