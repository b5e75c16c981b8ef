"""`tagline tensorboard`."""

from __future__ import annotations

import os
import sys

from rich.console import Console

from pipeline.settings import Settings, SettingsError

# Where TFX's Trainer keeps what a training leaves beside its model, a folder a training.
_RUNS = ("artifacts", "Trainer", "model_run")


def tensorboard(settings: Settings, *, port: int, host: str) -> None:
    """Show the curves of all trainings, until interrupted: this process becomes TensorBoard's.

    Raises:
        SettingsError: no training has written any.
    """
    folder = settings.run_dir.joinpath(*_RUNS).absolute()
    if not any(folder.rglob("events.out.tfevents.*")):
        raise SettingsError(
            f"{folder}: no training has written its curves there; `tagline run` of the same settings trains one"
        )
    Console(stderr=True, highlight=False).print(
        f"the trainings of {settings.name}, named by the numbers of their artifacts; Ctrl-C ends it",
        soft_wrap=True,
        markup=False,
    )
    sys.stderr.flush()
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "TF_CPP_MIN_LOG_LEVEL": "3"}
    options = [f"--logdir={folder}", f"--port={port}", f"--host={host}"]
    os.execve(sys.executable, [sys.executable, "-m", "tensorboard.main", *options], environment)
