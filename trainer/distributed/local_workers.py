"""Several processes on this machine that train one model, started and watched by one that does not.

Steps are taken together, so no worker can go on without another. If one dies, the rest are ended and all are
started again; they go on from the last checkpoint.
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

from trainer.distributed.worker import AGAIN, DIVERGED
from trainer.training.loop import Diverged

log = logging.getLogger("tagline.trainer")

# Starts without a new checkpoint in between before it is given up.
_TRIES = 5
_ROOT = Path(__file__).resolve().parents[2]


class WorkerFailed(RuntimeError):
    """A worker ended in a way that starting it again would not mend, or too often."""


def train_together(command: Sequence[str], *, workers: int, directory: str) -> None:
    """Run `command` in so many processes until all have ended well.

    Args:
        command: of one worker; it finds `TF_CONFIG` in its environment and a pipe from this process at stdin.
        workers: how many; GPUs are shared out among them.
        directory: of the checkpoints; what each worker writes to stderr goes to `worker-N.log` there.

    Raises:
        Diverged: as `training.train` does.
        WorkerFailed: one of them ended with an error of its own, or they died again and again.
    """
    os.makedirs(directory, exist_ok=True)
    tries = 0
    while True:
        before = _checkpoint(directory)
        ended = _once(command, workers=workers, directory=directory)
        if ended is None:
            return
        number, status = ended
        place = os.path.join(directory, f"worker-{number}.log")
        if status == DIVERGED:
            raise Diverged(_last_line(place))
        if status > 0 and status != AGAIN:
            raise WorkerFailed(
                f"worker {number} ended with status {status}; {place} ends with: {_last_line(place)}"
            )
        tries = 1 if _checkpoint(directory) != before else tries + 1
        how = signal.Signals(-status).name if status < 0 else _last_line(place)
        if tries >= _TRIES:
            raise WorkerFailed(
                f"the workers were started {tries} times without a new checkpoint; at last worker {number} ended "
                f"({how}); {place} has more"
            )
        log.warning(
            "worker %d of %d ended (%s): all start again, from %s",
            number, workers, how, os.path.basename(_checkpoint(directory) or "the beginning"),
        )  # fmt: skip


def cluster_config(addresses: Sequence[str], number: int) -> str:
    """`TF_CONFIG` of worker `number` of those at `addresses`."""
    return json.dumps({"cluster": {"worker": list(addresses)}, "task": {"type": "worker", "index": number}})


def _once(command: Sequence[str], *, workers: int, directory: str) -> tuple[int, int] | None:
    """Start all and wait. None if all ended well; else the first that did not, and its status."""
    addresses = [f"localhost:{port}" for port in _free_ports(workers)]
    with ExitStack() as stack:
        processes: list[subprocess.Popen[str]] = []
        stack.callback(_end, processes)
        for number in range(workers):
            errors = stack.enter_context(open(os.path.join(directory, f"worker-{number}.log"), "w"))
            environment = {
                **os.environ,
                "TF_CONFIG": cluster_config(addresses, number),
                **_gpus(number, workers),
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
            threading.Thread(target=_relay, args=(process.stdout,), daemon=True).start()
        log.info("%d workers: processes %s", workers, ", ".join(str(process.pid) for process in processes))
        while True:
            statuses = [process.poll() for process in processes]
            failed = [(number, status) for number, status in enumerate(statuses) if status]
            if failed:
                # Who was killed is the cause; the others then say that it is gone.
                return min(failed, key=lambda ended: (ended[1] == AGAIN, ended[1]))
            if all(status == 0 for status in statuses):
                return None
            time.sleep(0.2)


def _end(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()


def _relay(lines: IO[str]) -> None:
    """What a worker says of the training is said here again."""
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
        for each in sockets:
            each.bind(("localhost", 0))
        return [each.getsockname()[1] for each in sockets]


def _gpus(number: int, workers: int) -> dict[str, str]:
    """Of the GPUs seen here every so-manyth."""
    there = len(tf.config.list_physical_devices("GPU"))
    if not there:
        return {}
    if there < workers:
        raise WorkerFailed(
            f"trainer.workers: found {workers}, but {there} GPUs on this machine; expected a GPU for each or more"
        )
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    seen = named if len(named) == there and all(named) else list(map(str, range(there)))
    return {"CUDA_VISIBLE_DEVICES": ",".join(seen[number::workers])}


def command_of(job: str) -> list[str]:
    """A worker of the training that the file `job` describes."""
    return [sys.executable, "-m", "trainer.distributed.worker", job, "--end-with-parent"]
