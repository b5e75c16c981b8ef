"""Servers for tests, by their flags: the embedded one in this process, or a real TensorFlow Serving.

`TAGLINE_TFSERVING` names a `tensorflow_model_server` program. Tests that use a server by its ports then run
against that program; those of the embedded server's inside are skipped.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from serving.server.flags import Flags
from serving.server.server import Server, StartError

TFSERVING = os.environ.get("TAGLINE_TFSERVING", "")

OWN = {
    "host",
    "parent_pid",
    "demo",
    "require_manifest",
    "public_key_file",
    "enable_reload_rpc",
    "rest_api_max_body_bytes",
    "rest_api_enable_tls",
}
_POLLS = {"file_system_poll_wait_seconds", "model_config_file_poll_wait_seconds"}
_READY = re.compile(r"Running gRPC ModelServer at \S+:\d+ \.\.\.")
_REST_READY = re.compile(r"Exporting HTTP/REST API at:\S+:\d+ \.\.\.")


@dataclass(frozen=True)
class Running:
    """Where a server answers; `rest_port` is None when REST is off."""

    port: int
    rest_port: int | None

    @property
    def target(self) -> str:
        """`host:port` of the gRPC port."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def running(flags: Flags) -> Iterator[Running]:
    """Run a server as `flags` describe it, and stop it at the end.

    Raises:
      StartError: it ended before it was ready.
    """
    if TFSERVING:
        with _program(flags) as process:
            yield process
        return
    with Server(flags) as server:
        yield Running(server.port, server.rest_port)


def free_port() -> int:
    """Find a port that nothing listened on a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@contextmanager
def _program(flags: Flags, timeout: float = 60) -> Iterator[Running]:
    port = flags.port or free_port()
    rest_port = free_port() if flags.rest_api_port < 0 else flags.rest_api_port
    command = [TFSERVING, f"--port={port}", f"--rest_api_port={rest_port}"]
    for field in fields(Flags):
        value = getattr(flags, field.name)
        if value == field.default or field.name in OWN | {"port", "rest_api_port"}:
            continue
        if field.name in _POLLS:  # whole seconds there
            value = math.ceil(value)
        elif isinstance(value, bool):
            value = str(value).lower()
        elif isinstance(value, tuple):
            value = ",".join(f"{name}={argument}" for name, argument in value)
        command.append(f"--{field.name}={value}")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            ready = _REST_READY if rest_port else _READY
            give_up = time.monotonic() + timeout
            while not ready.search(log.read_text(errors="replace")):
                if process.poll() is not None or time.monotonic() > give_up:
                    raise StartError(log.read_text(errors="replace")[-4000:])
                time.sleep(0.05)
            yield Running(port, rest_port or None)
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
