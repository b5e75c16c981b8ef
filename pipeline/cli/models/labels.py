"""`tagline models promote, canary, uncanary, rollback, follow`: each moves labels, and the servers with them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.console import errors, output, print_error
from pipeline.cli.exit_codes import BROKEN, INTERRUPTED
from pipeline.cli.models.server import ANSWER_SECONDS, DEFAULT_TARGET, Targets, watched
from pipeline.cli.options import (
    Assignments,
    Config,
    Tls,
    TlsCa,
    TlsCert,
    TlsKey,
    TlsName,
    require_writable,
    settings_of,
    tls_of,
)
from pipeline.settings import Settings, SettingsError

if TYPE_CHECKING:
    from serving.client import TLS
    from serving.registry.label_changes import Changed, Operator

Version = Annotated[int, typer.Argument(help="The version's number.", metavar="V", show_default=False)]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="No server runs: write the config for one that starts later.")
]
Reason = Annotated[str, typer.Option(help="Why; kept in the history.")]
Timeout = Annotated[float, typer.Option(min=0.001, help="Seconds that each step may take the server.")]


def promote(
    version: Version,
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
    """Move the label stable to a version, once the server has it loaded."""
    servers = _Servers(targets, no_wait, timeout, tls_of(tls, tls_ca, tls_cert, tls_key, tls_name))
    settings = settings_of(config, None, assignments)
    _change(settings, servers, lambda operator: operator.promote(version, reason=reason))


def canary(
    version: Version,
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
    """Serve a version beside the stable one, under the label canary.

    Requests that name neither label nor version get the highest version that is loaded, so the canary if it is that.
    """
    servers = _Servers(targets, no_wait, timeout, tls_of(tls, tls_ca, tls_cert, tls_key, tls_name))
    settings = settings_of(config, None, assignments)
    _change(settings, servers, lambda operator: operator.canary(version, reason=reason))


def uncanary(
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
    """Take the label canary away; requests for it are refused from then on."""
    servers = _Servers(targets, no_wait, timeout, tls_of(tls, tls_ca, tls_cert, tls_key, tls_name))
    settings = settings_of(config, None, assignments)
    _change(settings, servers, lambda operator: operator.uncanary(reason=reason))


def rollback(
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
    """Move the label stable back to the version before; a canary of the version that is left goes with it."""
    servers = _Servers(targets, no_wait, timeout, tls_of(tls, tls_ca, tls_cert, tls_key, tls_name))
    settings = settings_of(config, None, assignments)
    _change(settings, servers, lambda operator: operator.rollback(reason=reason))


def follow(
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
    """Always serve the newest version, as before the first promote; all labels go."""
    servers = _Servers(targets, no_wait, timeout, tls_of(tls, tls_ca, tls_cert, tls_key, tls_name))
    settings = settings_of(config, None, assignments)
    _change(settings, servers, lambda operator: operator.follow(reason=reason))


@dataclass(frozen=True)
class _Servers:
    """The servers that follow a change; with `no_wait` none may run."""

    targets: list[str] | None
    no_wait: bool
    timeout: float
    tls: TLS | bool


def _change(settings: Settings, servers: _Servers, move: Callable[[Operator], Changed]) -> None:
    """Carry out a change, and print what is served after it."""
    from serving.client import TaggerError
    from serving.registry.errors import ChangeFailed, Refused
    from serving.registry.label_changes import Operator

    folder = settings.with_absolute_paths().models_dir
    if not folder.is_dir():
        raise SettingsError(f"{folder}: no such folder; expected pushed versions: `tagline run` pushes one")
    require_writable("serving.models", folder)
    console = errors()
    targets = servers.targets or [DEFAULT_TARGET]
    try:
        with contextlib.ExitStack() as stack:
            if servers.no_wait:
                for target in targets:
                    _require_stopped(target, settings.name, servers.tls)
                targets = []
            operator = Operator(
                folder,
                settings.name,
                [stack.enter_context(watched(target, settings.name, tls=servers.tls)) for target in targets],
                timeout=servers.timeout,
                report=lambda text: console.print(text, markup=False, soft_wrap=True),
            )
            changed = move(operator)
    except Refused as error:
        raise SettingsError(str(error)) from error
    except (ChangeFailed, TaggerError, OSError) as error:
        print_error(error)
        sys.exit(BROKEN)
    except KeyboardInterrupt:
        console.print("interrupted; served as before, unless `tagline models` shows otherwise")
        sys.exit(INTERRUPTED)
    _print_change(changed, no_wait=servers.no_wait)


def _require_stopped(target: str, name: str, tls: TLS | bool) -> None:
    """Refuse --no-wait beside a running server, which would be stuck: it checks labels before it loads versions."""
    from serving.client import TaggerError

    try:
        with watched(target, name, tls=tls, timeout=ANSWER_SECONDS) as server:
            server.statuses()
    except TaggerError:
        return
    raise SettingsError(
        f"--no-wait: a server at {target} serves {name}; leave --no-wait out, so that it can follow"
    )


def _print_change(changed: Changed, *, no_wait: bool) -> None:
    console = output()
    for move in changed.moved:
        to = "taken away" if move.version is None else f"-> {move.version}"
        before = "" if move.before is None else f" (was {move.before})"
        console.print(f"{move.label} {to}{before}", markup=False)
    if not changed.moved:
        console.print("nothing to move")
    served = changed.served
    when = "a server that starts on it serves" if no_wait else "served"
    console.print(f"{when}: {served}", markup=False, soft_wrap=True)
    stable = served.labels.get("stable")
    if stable is not None and served.versions and served.versions[-1] > stable:
        console.print(
            f"requests that name neither a label nor a version get {served.versions[-1]}, the highest that is loaded",
            soft_wrap=True,
        )
