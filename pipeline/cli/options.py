"""The options that commands share, and the settings and TLS files that they make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipeline.settings import Settings
    from serving.client import TLS

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Settings of a task; the rest is configs/default.yaml."),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="KEY=VALUE", help="Override a setting, such as trainer.epochs=3."),
]
Data = Annotated[Path | None, typer.Option("--data", "-d", help="The corpus: a folder or a file.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the raw logs.")]
Wait = Annotated[
    float | None,
    typer.Option(
        min=0.1, help="Seconds that the server may take to start; default: as many as the model needs."
    ),
]

# Of the commands that talk to a server.
Tls = Annotated[bool, typer.Option("--tls", help="Use TLS, and trust the system's authorities.")]
TlsCa = Annotated[Path | None, typer.Option(help="Use TLS, and trust the authorities in this PEM file.")]
TlsCert = Annotated[
    Path | None, typer.Option(help="The client's own certificate, for servers that ask for one.")
]
TlsKey = Annotated[Path | None, typer.Option(help="The key of --tls-cert.")]
TlsName = Annotated[
    str | None, typer.Option(help="The name in the server's certificate, if not the target's host.")
]


def settings_of(config: Path | None, data: Path | None, assignments: list[str] | None) -> Settings:
    """Load the settings in effect.

    Raises:
        SettingsError: a file that is no settings file, an unknown setting, or a value that it does not take.
    """
    from pipeline import settings

    # Quoted, since a path is no YAML: `corpora/#1` would lose its end.
    extra = [f"data={json.dumps(str(data), ensure_ascii=False)}"] if data is not None else []
    return settings.load(config=config, assignments=[*(assignments or []), *extra])


def require_writable(option: str, *folders: Path) -> None:
    """Require that a command can write to `folders`, which may not exist yet, before it starts its work.

    Raises:
        SettingsError: it cannot; the message names the setting or the option that chose the folder.
    """
    from files.writable import obstacle
    from pipeline.settings import SettingsError

    for folder in folders:
        if reason := obstacle(folder):
            raise SettingsError(
                f"{option}: found {folder}, which cannot be written to ({reason}); expected one that can; give "
                f"another as {option}, or correct the permissions"
            )


def tls_of(
    use: bool, ca: Path | None, certificate: Path | None, key: Path | None, server_name: str | None
) -> TLS | bool:
    """Make what a client takes of the five options; any of them turns TLS on.

    Raises:
        SettingsError: a certificate without a key, or the other way round.
    """
    if ca is None and certificate is None and key is None and server_name is None:
        return use
    from pipeline.settings import SettingsError
    from serving.client import TLS

    try:
        return TLS(ca, certificate, key, server_name)
    except ValueError as error:
        raise SettingsError("--tls-cert, --tls-key: expected both or neither") from error
