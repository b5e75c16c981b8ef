"""The servers that `tagline models` asks."""

from __future__ import annotations

from pipeline.settings import SettingsError
from serving.client import TLS
from serving.registry.running_server import RunningServer


def watched(target: str, name: str, *, tls: TLS | bool, timeout: float = 5.0) -> RunningServer:
    """The server at `target`, asked about the model `name`; an answer may take `timeout` seconds.

    Raises:
        SettingsError: a file of `tls` cannot be used.
    """
    try:
        return RunningServer(target, name, timeout=timeout, tls=tls)
    except ValueError as error:
        raise SettingsError(str(error)) from error
