"""`python -m trainer.distributed.worker JOB`: one of several processes that train a model together.

`TF_CONFIG` in the environment lists the workers and says which one this is. The exit status is 0 when the
training has finished, RESTART when restarting all workers would resume it from the last checkpoint, DIVERGED
when the loss is NaN or infinite, and 1 for an error that a restart would not help.
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
from trainer.training.seed_trainer import SeedTrainer

# Kubeflow's training operator v1 restarts a pod at any status from 128 to 255; 138 is the one meant for programs
# to use. Trainer restarts all pods at any status but 1 and DIVERGED.
RESTART = 138
DIVERGED = 3

# Raised by a step when another worker is gone, or when memory runs out and the batch must be split.
_TRANSIENT = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.ResourceExhaustedError,
    tf.errors.UnavailableError,
)


def exit_status(
    train: Callable[[tf.distribute.Strategy], object],
    join: Callable[[], tf.distribute.Strategy] = replicas.multi_worker_strategy,
) -> int:
    """Join the other workers, train, and return the exit status; the reason of a failure goes to stderr."""
    try:
        train(join())
    except _TRANSIENT as error:
        print(error.message, file=sys.stderr)
        print(f"restart needed: {_reason(error)}", file=sys.stderr)
        return RESTART
    except Diverged as error:
        print(error, file=sys.stderr)
        return DIVERGED
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def _reason(error: tf.errors.OpError) -> str:
    """Pick the line that says what failed from a message that also lists where in the graph."""
    lines = [line.strip() for line in str(error.message).splitlines() if line.strip()]
    reasons = [
        line for line in lines if not line.startswith(("Graph execution", "Detected at", "File ", "[[", "<"))
    ]
    return (reasons or lines or [type(error).__name__])[0]


def exit_now(status: int) -> None:
    """End this process at once: threads that wait for a lost worker would keep it alive for ever."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def log_to_stdout(*, is_leader: bool) -> None:
    """Log training to stdout, `LEVEL message` a line; from other workers than the leader only warnings."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    log = logging.getLogger("tagline.trainer")
    log.addHandler(handler)
    log.setLevel(logging.INFO if is_leader else logging.WARNING)
    log.propagate = False


def end_with_parent() -> None:
    """End this process when stdin closes, as it does when the parent process ends in any way."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os._exit(RESTART)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m trainer.distributed.worker", description="Train as one of several."
    )
    parser.add_argument("job", help="the job file that the Trainer wrote")
    parser.add_argument("--end-with-parent", action="store_true", help="end when stdin closes")
    arguments = parser.parse_args()
    take_gpu_memory_as_needed()
    if arguments.end_with_parent:
        end_with_parent()

    def train(strategy: tf.distribute.Strategy) -> None:
        log_to_stdout(is_leader=replicas.is_leader(strategy))
        job = Job.read(arguments.job)
        SeedTrainer(job.args, strategy).train(job.seed, job.directory)

    exit_now(exit_status(train))


if __name__ == "__main__":
    main()
