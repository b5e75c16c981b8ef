"""The servers that `tagline models` talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.settings import SettingsError

if TYPE_CHECKING:
    from serving.client import TLS
    from serving.registry.running_server import RunningServer

DEFAULT_TARGET = "localhost:8500"
# For commands that only read; a change waits much longer.
ANSWER_SECONDS = 2.0

Target = Annotated[str | None, typer.Option(help=f"host:port of the server; default: {DEFAULT_TARGET}.")]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        help=f"host:port of a server with this config; repeat for each; default: {DEFAULT_TARGET}.",
    ),
]


def watched(target: str, name: str, *, tls: TLS | bool, timeout: float = 5.0) -> RunningServer:
    """Open the server at `target` for the model `name`; a reply may take `timeout` seconds.

    Raises:
        SettingsError: a file of `tls` cannot be used.
    """
    from serving.registry.running_server import RunningServer

    try:
        return RunningServer(target, name, timeout=timeout, tls=tls)
    except ValueError as error:
        raise SettingsError(str(error)) from error
