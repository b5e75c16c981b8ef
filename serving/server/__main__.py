"""`python -m serving.server`: read the flags and serve until SIGTERM or SIGINT."""

from __future__ import annotations

import gc
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from serving.server import flags as command_line

if TYPE_CHECKING:
    from serving.server.server import Server

_CHECK_PARENT_EVERY = 1.0
_RARELY = 10_000
# Seconds beyond the grace time after which the process leaves, whatever a stop still waits for.
_MARGIN = 3.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a server in this process and return the exit status: 0 after a signal, 1 if it could not start.

    A second signal ends the process at once, with 128 + its number.
    """
    flags = command_line.parse(arguments)
    command_line.require_files(flags)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s: %(message)s", stream=sys.stderr
    )
    # Not an Event: a signal that comes while this thread holds an Event's lock would deadlock.
    stop: queue.SimpleQueue[None] = queue.SimpleQueue()
    _stop_at_signals(stop)

    # Imported here: TensorFlow takes seconds to load, which a wrong flag should not cost.
    logging.getLogger("serving.server").info("Loading TensorFlow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    from serving.server.server import GRACE_SECONDS, Server

    # Freeze what the imports made: otherwise each collection after an unload would traverse all of
    # TensorFlow while every request waits for the interpreter's lock.
    gc.collect()
    gc.freeze()
    # Loading a version collects the oldest generation; without loads it is collected rarely.
    gc.set_threshold(*gc.get_threshold()[:2], _RARELY)
    server = Server(flags)
    # The start may wait for a first version for ever, and a signal must end that wait too.
    failures: list[Exception] = []
    starter = threading.Thread(target=_start, args=(server, failures, stop), daemon=True)
    starter.start()
    while not _is_stopped(stop):
        if flags.parent_pid not in (0, os.getppid()):
            logging.getLogger(__name__).warning("The parent process has gone: stopping")
            break
    last_resort = threading.Timer(GRACE_SECONDS + _MARGIN, os._exit, [1])
    last_resort.daemon = True
    last_resort.start()
    server.stop()
    starter.join()
    last_resort.cancel()
    for failure in failures:
        print(f"Failed to start server. Error: {failure}", file=sys.stderr, flush=True)
    return 1 if failures else 0


def _stop_at_signals(stop: queue.SimpleQueue[None]) -> None:
    """Let the first SIGTERM or SIGINT put into `stop`, and the second end the process at once."""
    received: list[int] = []

    def note(number: int, _: object) -> None:
        if received:
            os._exit(128 + number)
        received.append(number)
        stop.put(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)


def _is_stopped(stop: queue.SimpleQueue[None]) -> bool:
    try:
        stop.get(timeout=_CHECK_PARENT_EVERY)
    except queue.Empty:
        return False
    return True


def _start(server: Server, failures: list[Exception], stop: queue.SimpleQueue[None]) -> None:
    from serving.server.endpoints.ports import address_of
    from serving.server.server import StartError

    try:
        server.start()
    except Exception as error:
        if not isinstance(error, StartError):
            logging.getLogger(__name__).exception("Unexpected error at the start")
        failures.append(error)
        stop.put(None)
        return
    if server.port:
        # The same lines as TensorFlow Serving, so that one script can wait for either server.
        print(f"Running gRPC ModelServer at {server.target} ...", flush=True)
        if server.flags.grpc_socket_path:
            print(f"Running gRPC ModelServer at UNIX socket {server.flags.grpc_socket_path} ...", flush=True)
        if server.rest_port:
            print(
                f"Exporting HTTP/REST API at:{address_of(server.flags.host, server.rest_port)} ...",
                flush=True,
            )


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The interpreter would wait for the thread of a run that does not end.
    os._exit(status)
