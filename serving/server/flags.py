"""The command line, in TensorFlow Serving's own names, so that one script can start either server."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

DEFAULT_PORT = 8500
ANY_FREE_PORT = -1


@dataclass(frozen=True, kw_only=True)
class Flags:
    """What one server is told at its start.

    Attributes:
      model_base_path: the folder that holds the numbered versions.
      model_name: the name that clients ask for.
      port: gRPC port; 0 takes a free one.
      rest_api_port: REST port; 0 switches REST off as in TensorFlow Serving, -1 takes a free one.
      file_system_poll_wait_seconds: pause between two looks at the folder; 0 looks once.
      host: address to listen on; loopback unless told otherwise, as this server has no authentication.
      grpc_threads: requests worked on at the same time.
      rest_api_timeout_in_ms: longest run of one REST request.
      parent_pid: stop when this process is not the parent any more; 0 runs on without a parent.
    """

    model_base_path: str
    model_name: str = "default"
    port: int = DEFAULT_PORT
    rest_api_port: int = 0
    file_system_poll_wait_seconds: float = 1.0
    host: str = "127.0.0.1"
    grpc_threads: int = 16
    rest_api_timeout_in_ms: int = 30_000
    parent_pid: int = 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; --help lists the flags this server knows\n")


def parse(arguments: Sequence[str] | None = None) -> Flags:
    """Reads the command line.

    Raises:
      SystemExit: with status 2 and one line on stderr for an unknown flag, a bad value or a missing path.
    """
    parser = _Parser(
        prog="python -m serving.server",
        description="Serves the newest version of a SavedModel as TensorFlow Serving does.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--port", type=_port, default=DEFAULT_PORT, help="gRPC port; 0 takes a free one (default 8500)")
    add("--rest_api_port", type=_rest_port, default=0, help="REST port; 0 = no REST, -1 takes a free one")
    add("--model_name", default="default", help='name that clients ask for (default "default")')
    add("--model_base_path", required=True, help="folder that holds the numbered versions")
    add(
        "--file_system_poll_wait_seconds",
        type=_seconds,
        default=1.0,
        help="pause between two looks at the folder; 0 looks once (default 1)",
    )
    add("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1; 0.0.0.0 for all)")
    add("--grpc_threads", type=_positive, default=16, help="requests worked on at once (default 16)")
    add(
        "--rest_api_timeout_in_ms",
        type=_positive,
        default=30_000,
        help="longest run of one REST request (default 30000)",
    )
    add("--parent_pid", type=int, default=0, help="stop when this process is not the parent any more")
    return Flags(**vars(parser.parse_args(arguments)))


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, found {number}")
    return number


def _rest_port(text: str) -> int:
    return ANY_FREE_PORT if text == str(ANY_FREE_PORT) else _port(text)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, found {number}")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not number >= 0:
        raise argparse.ArgumentTypeError(f"expected seconds of at least 0, found {text}")
    return number
