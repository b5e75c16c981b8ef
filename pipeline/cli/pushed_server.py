"""A server on a pushed model for as long as a command runs."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pipeline.cli.console import errors
from pipeline.settings import Settings, SettingsError
from serving.registry.version_folder import versions_in
from serving.server.process import start_server_process


def pushed_version(settings: Settings, version: int | None) -> Path:
    """Find the folder of a pushed version, of the latest where none is named.

    Raises:
        SettingsError: the version is not pushed.
    """
    pushed = versions_in(settings.models_dir, missing_ok=True)
    if not pushed or version not in (None, *pushed):
        wanted = "a version" if version is None else f"version {version}"
        raise SettingsError(
            f"{settings.models_dir}: found {', '.join(map(str, pushed)) or 'no version'}; expected {wanted}; "
            "`tagline run` pushes one"
        )
    # The folder's own name counts: it may be a link.
    return settings.models_dir.resolve() / pushed[max(pushed) if version is None else version].name


@contextlib.contextmanager
def pushed_server(settings: Settings, *, version: int | None = None) -> Iterator[str]:
    """Start a server on one pushed version, the latest unless `version` names one; gives its `host:port`.

    Raises:
        SettingsError: the version is not pushed.
    """
    chosen = pushed_version(settings, version)
    with tempfile.TemporaryDirectory(prefix="tagline-") as folder:
        base = Path(folder, "models")
        base.mkdir()
        # Just this version, whatever is pushed meanwhile.
        (base / chosen.name).symlink_to(chosen, target_is_directory=True)
        with (
            errors().status(f"starting a server on {chosen}"),
            contextlib.ExitStack() as stack,
        ):
            server = stack.enter_context(
                start_server_process(
                    base,
                    settings.name,
                    log_path=Path(folder, "server.log"),
                    # One signature is called, and its first call costs less than warming all of them up.
                    extra_flags=["--enable_model_warmup=false"],
                )
            )
            kept = stack.pop_all()
        with kept:
            yield server.target
