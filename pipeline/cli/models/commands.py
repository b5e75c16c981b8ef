"""`tagline models`: what can be asked for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.options import Assignments, Config, settings_of

if TYPE_CHECKING:
    from serving.registry.label_changes import Changed, Operator

DEFAULT_TARGET = "localhost:8500"

app = typer.Typer(
    help="The pushed versions and their labels; without a command it lists them.\n\n"
    "Until a label is set, servers take the newest version as soon as it is pushed. From the first promote on, a "
    "pushed version waits: it is loaded when it is promoted or made the canary. `tagline models follow` goes back.",
    rich_markup_mode="rich",
)

Version = Annotated[int, typer.Argument(help="The version's number.", metavar="V", show_default=False)]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target", help=f"host:port of a server on the config, {DEFAULT_TARGET} without it; repeat for each."
    ),
]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="No server runs: write the config for one that starts later.")
]
Reason = Annotated[str, typer.Option(help="Why; kept in the history.")]
Timeout = Annotated[float, typer.Option(min=0.001, help="Seconds that each step may take the server.")]

# As `tagline decode` has them.
Tls = Annotated[bool, typer.Option("--tls", help="Use TLS, and trust the system's authorities.")]
TlsCa = Annotated[Path | None, typer.Option(help="Use TLS, and trust the authorities in this PEM file.")]
TlsCert = Annotated[
    Path | None, typer.Option(help="This client's certificate, for servers that ask for one.")
]
TlsKey = Annotated[Path | None, typer.Option(help="The key of --tls-cert.")]
TlsName = Annotated[
    str | None, typer.Option(help="The name in the server's certificate, if not the target's.")
]


@app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    target: Annotated[str | None, typer.Option(help=f"host:port; {DEFAULT_TARGET} without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    tls: Tls = False,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_name: TlsName = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    if context.invoked_subcommand is not None:
        if any(context.params.values()):
            raise typer.BadParameter(f"options come after the command {context.invoked_subcommand!r}")
        return
    from pipeline.cli.models.models import show
    from pipeline.cli.serving.decode import tls_of

    show(
        settings_of(config, None, assignments),
        target=target or DEFAULT_TARGET,
        tls=tls_of(use=tls, ca=tls_ca, certificate=tls_cert, key=tls_key, server_name=tls_name),
        as_json=as_json,
    )


How = Callable[["Operator", str], "Changed"]


def _carry_out(
    how: How,
    *,
    targets: Targets = None,
    no_wait: NoWait = False,
    reason: Reason = "",
    timeout: Timeout = 300.0,
    tls: Tls = False,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_name: TlsName = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    from pipeline.cli.models.labels import change
    from pipeline.cli.serving.decode import tls_of

    change(
        settings_of(config, None, assignments),
        lambda operator: how(operator, reason),
        targets=targets or [DEFAULT_TARGET],
        tls=tls_of(use=tls, ca=tls_ca, certificate=tls_cert, key=tls_key, server_name=tls_name),
        no_wait=no_wait,
        timeout=timeout,
    )


def _change(what: Callable[..., How]) -> Callable[..., None]:
    """A command with the arguments of `what` and the options that all changes have."""
    own, shared = (inspect.signature(function, eval_str=True) for function in (what, _carry_out))

    def command(**given: Any) -> None:
        how = what(**{name: given.pop(name) for name in own.parameters})
        _carry_out(how, **given)

    parameters = [*own.parameters.values(), *list(shared.parameters.values())[1:]]
    keyword = inspect.Parameter.KEYWORD_ONLY
    command.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=[parameter.replace(kind=keyword) for parameter in parameters], return_annotation=None
    )
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__name__, command.__doc__ = what.__name__, what.__doc__
    return command


@app.command()
@_change
def promote(version: Version) -> How:
    """Move the label stable to a version, once the server has it loaded."""
    return lambda operator, reason: operator.promote(version, reason=reason)


@app.command()
@_change
def canary(version: Version) -> How:
    """Serve a version beside the stable one, under the label canary.

    Requests that name neither label nor version get the highest version that is loaded, so the canary if it is that.
    """
    return lambda operator, reason: operator.canary(version, reason=reason)


@app.command()
@_change
def uncanary() -> How:
    """Take the label canary away; requests for it are refused from then on."""
    return lambda operator, reason: operator.uncanary(reason=reason)


@app.command()
@_change
def rollback() -> How:
    """Move the label stable back to the version before; a canary of the version that is left goes with it."""
    return lambda operator, reason: operator.rollback(reason=reason)


@app.command()
@_change
def follow() -> How:
    """Always serve the newest version, as before the first promote; all labels go."""
    return lambda operator, reason: operator.follow(reason=reason)


@app.command()
def history(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Who moved which label when, the oldest first."""
    from pipeline.cli.models.models import show_history

    show_history(settings_of(config, None, assignments), as_json=as_json)


@app.command()
def verify(
    version: Annotated[str, typer.Argument(help="The version's number, or all.", metavar="V")] = "all",
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Hold every file of a version against its manifest. Exit code 1 if one differs."""
    from pipeline.cli.models.verify import verify

    verify(settings_of(config, None, assignments), version=version, as_json=as_json)


@app.command(name="config")
def config_(
    base_path: Annotated[
        str | None, typer.Option(help="The folder of versions as the server sees it, such as /models/NAME.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Keep that path in the file; later changes leave it there.")
    ] = False,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Print the config that servers start from."""
    from pipeline.cli.models.models import show_config

    show_config(settings_of(config, None, assignments), base_path=base_path, write=write)
