"""`python -m trainer.distributed.worker JOB`: one of several processes that train a model together.

`TF_CONFIG` in the environment says which one of whom. The exit status is 0 when the training has ended, AGAIN when
this process, started anew with all others, would go on from the last checkpoint, DIVERGED when the loss is no number
any more, and 1 if anything else would not help.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable

import tensorflow as tf

from trainer.distributed.job import Job
from trainer.training import replicas
from trainer.training.devices import take_gpu_memory_as_needed
from trainer.training.loop import Diverged
from trainer.training.seed_trainer import Trainings

# Between 128 and 255 Kubeflow's training operator starts a pod again, and 138 is the one left to programs.
AGAIN = 138
DIVERGED = 3

# What a step says when another worker is gone, or when memory is short and the batch is to be cut.
_PASSING = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.ResourceExhaustedError,
    tf.errors.UnavailableError,
)


def exit_status(
    train: Callable[[tf.distribute.Strategy], object],
    meet: Callable[[], tf.distribute.Strategy] = replicas.strategy_of_worker,
) -> int:
    """Train as one of several, which `meet` first, and say how that went; the reason goes to stderr."""
    try:
        train(meet())
    except _PASSING as error:
        print(error.message, file=sys.stderr)
        print(f"to be started again: {_reason(error)}", file=sys.stderr)
        return AGAIN
    except Diverged as error:
        print(error, file=sys.stderr)
        return DIVERGED
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def _reason(error: tf.errors.OpError) -> str:
    """Of a message that says where in the graph as well, a line that says what."""
    lines = [line.strip() for line in str(error.message).splitlines() if line.strip()]
    telling = [
        line for line in lines if not line.startswith(("Graph execution", "Detected at", "File ", "[[", "<"))
    ]
    return (telling or lines or [type(error).__name__])[0]


def end(status: int) -> None:
    """End this process at once: threads that wait for a worker that is gone would hold it for ever."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def log_to_stdout(*, leads: bool) -> None:
    """What training says goes to stdout, `LEVEL message` a line; of those who follow only warnings."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    log = logging.getLogger("tagline.trainer")
    log.addHandler(handler)
    log.setLevel(logging.INFO if leads else logging.WARNING)
    log.propagate = False


def end_with_parent() -> None:
    """End this process when stdin closes, as it does when the one that started it is gone, however it went."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os._exit(AGAIN)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m trainer.distributed.worker", description="Train as one of several."
    )
    parser.add_argument("job", help="the file that the Trainer wrote")
    parser.add_argument("--end-with-parent", action="store_true", help="end when stdin closes")
    given = parser.parse_args()
    take_gpu_memory_as_needed()
    if given.end_with_parent:
        end_with_parent()

    def train(strategy: tf.distribute.Strategy) -> None:
        log_to_stdout(leads=replicas.leads(strategy))
        job = Job.read(given.job)
        Trainings(job, strategy).train(job.seed, job.directory)

    end(exit_status(train))


if __name__ == "__main__":
    main()
