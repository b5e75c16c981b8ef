"""Worker processes on this machine that train one model, started and watched by a process that does not train.

All workers take each step together, so none can continue without the others. If one dies, the rest are
killed, all are restarted, and they resume from the last checkpoint.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import tensorflow as tf

from trainer.distributed.worker import DIVERGED, RESTART
from trainer.training.loop import Diverged

log = logging.getLogger("tagline.trainer")

# Starts without a new checkpoint in between before the training is given up.
_TRIES = 5
_ROOT = Path(__file__).resolve().parents[2]


class WorkerFailed(RuntimeError):
    """A worker ended with an error that a restart would not help, or too often."""


def run(command: Sequence[str], *, workers: int, directory: str) -> None:
    """Run `command` in `workers` processes until all have succeeded, restarting them as needed.

    Args:
        command: of one worker; it gets `TF_CONFIG` in its environment and a pipe from this process as stdin.
        workers: number of processes; GPUs are divided among them.
        directory: of the checkpoints; each worker's stderr goes to `worker-N.log` in it.

    Raises:
        Diverged: as `loop.train` does.
        WorkerFailed: a worker ended with an error of its own, or workers died again and again.
    """
    os.makedirs(directory, exist_ok=True)
    tries = 0
    while True:
        before = _checkpoint(directory)
        failed = _run_once(command, workers=workers, directory=directory)
        if failed is None:
            return
        number, status = failed
        log_path = os.path.join(directory, f"worker-{number}.log")
        if status == DIVERGED:
            raise Diverged(_last_line(log_path))
        if status > 0 and status != RESTART:
            raise WorkerFailed(
                f"worker {number} ended with status {status}; {log_path} ends with: {_last_line(log_path)}"
            )
        tries = 1 if _checkpoint(directory) != before else tries + 1
        how = signal.Signals(-status).name if status < 0 else _last_line(log_path)
        if tries >= _TRIES:
            raise WorkerFailed(
                f"the workers were started {tries} times without a new checkpoint; at last worker {number} ended "
                f"({how}); {log_path} has more"
            )
        log.warning(
            "worker %d of %d ended (%s): all restart, from %s",
            number, workers, how, os.path.basename(_checkpoint(directory) or "the beginning"),
        )  # fmt: skip


def tf_config(addresses: Sequence[str], number: int) -> str:
    """Return the `TF_CONFIG` of worker `number` among those at `addresses`."""
    return json.dumps({"cluster": {"worker": list(addresses)}, "task": {"type": "worker", "index": number}})


def _run_once(command: Sequence[str], *, workers: int, directory: str) -> tuple[int, int] | None:
    """Start all workers and wait: None if all succeed, else number and exit status of the one that failed."""
    addresses = [f"localhost:{port}" for port in _free_ports(workers)]
    with ExitStack() as stack:
        processes: list[subprocess.Popen[str]] = []
        stack.callback(_kill, processes)
        for number in range(workers):
            errors = stack.enter_context(open(os.path.join(directory, f"worker-{number}.log"), "w"))
            environment = {
                **os.environ,
                "TF_CONFIG": tf_config(addresses, number),
                **_visible_gpus(number, workers),
            }
            process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            processes.append(process)
            threading.Thread(target=_relay_log, args=(process.stdout,), daemon=True).start()
        log.info("%d workers: processes %s", workers, ", ".join(str(process.pid) for process in processes))
        while True:
            statuses = [process.poll() for process in processes]
            failed = [(number, status) for number, status in enumerate(statuses) if status]
            if failed:
                # The killed worker is the cause; the others only report that they lost it.
                return min(failed, key=lambda ended: (ended[1] == RESTART, ended[1]))
            if all(status == 0 for status in statuses):
                return None
            time.sleep(0.2)


def _kill(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()


def _relay_log(lines: IO[str]) -> None:
    """Log the lines of a worker's stdout in this process."""
    for line in lines:
        level, _, message = line.rstrip("\n").partition(" ")
        log.log(logging.WARNING if level == "WARNING" else logging.INFO, "%s", message)


def _checkpoint(directory: str) -> str | None:
    return tf.train.latest_checkpoint(os.path.join(directory, "last"))


def _last_line(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return next((line.strip() for line in reversed(file.readlines()) if line.strip()), "nothing")


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for bound in sockets:
            bound.bind(("localhost", 0))
        return [bound.getsockname()[1] for bound in sockets]


def _visible_gpus(number: int, workers: int) -> dict[str, str]:
    """Assign worker `number` its share of the GPUs visible here, as environment variables."""
    available = len(tf.config.list_physical_devices("GPU"))
    if not available:
        return {}
    if available < workers:
        raise WorkerFailed(
            f"trainer.workers: found {workers}, but {available} GPUs on this machine; expected a GPU for each or more"
        )
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    visible = named if len(named) == available and all(named) else list(map(str, range(available)))
    return {"CUDA_VISIBLE_DEVICES": ",".join(visible[number::workers])}


def worker_command(job: str) -> list[str]:
    """Return the command line of a worker for the job file `job`."""
    return [sys.executable, "-m", "trainer.distributed.worker", job, "--end-with-parent"]
