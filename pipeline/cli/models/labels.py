"""`tagline models promote, canary, uncanary, rollback, follow`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from pipeline.cli.console import output
from pipeline.cli.models.watched import watched
from pipeline.settings import Settings, SettingsError
from serving.client import TLS, TaggerError
from serving.registry.errors import ChangeFailed, Refused
from serving.registry.label_changes import Changed, Operator

_ANSWER_SECONDS = 2.0


def change(
    settings: Settings,
    how: Callable[[Operator], Changed],
    *,
    targets: Sequence[str],
    tls: TLS | bool,
    no_wait: bool,
    timeout: float,
) -> None:
    """Carry out a change, and print what is served after it."""
    folder = settings.with_absolute_paths().models_dir
    told = Console(stderr=True, highlight=False)
    if not folder.is_dir():
        raise SettingsError(f"{folder}: no such folder; expected pushed versions: `tagline run` pushes one")
    try:
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(watched(target, settings.name, tls=tls)) for target in targets]
            if no_wait:
                for target in targets:
                    _require_none(target, settings.name, tls)
            operator = Operator(
                folder,
                settings.name,
                [] if no_wait else servers,
                timeout=timeout,
                report=lambda text: told.print(text, markup=False, soft_wrap=True),
            )
            changed = how(operator)
    except Refused as error:
        raise SettingsError(str(error)) from error
    except (ChangeFailed, TaggerError, OSError) as error:
        told.print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        told.print("interrupted; served as before, unless `tagline models` shows otherwise")
        sys.exit(130)
    _tell(changed, folder, no_wait=no_wait)


def _require_none(target: str, name: str, tls: TLS | bool) -> None:
    """Labels written at once would leave a running server stuck: it looks at them before it loads."""
    try:
        with watched(target, name, tls=tls, timeout=_ANSWER_SECONDS) as server:
            server.statuses()
    except TaggerError:
        return
    raise SettingsError(
        f"--no-wait: a server at {target} serves {name}; leave --no-wait out, so that it can follow"
    )


def _tell(changed: Changed, folder: Path, *, no_wait: bool) -> None:
    console = output()
    for move in changed.moved:
        to = "taken away" if move.version is None else f"-> {move.version}"
        came = "" if move.before is None else f" (was {move.before})"
        console.print(f"{move.label} {to}{came}", markup=False)
    if not changed.moved:
        console.print("nothing to move")
    when = "a server that starts on it serves" if no_wait else "served"
    console.print(f"{when}: {changed.served}", markup=False, soft_wrap=True)
    served = changed.served
    stable = served.labels.get("stable")
    if stable is not None and served.versions and served.versions[-1] > stable:
        console.print(
            f"requests that name neither a label nor a version get {served.versions[-1]}, the highest that is loaded",
            soft_wrap=True,
        )
