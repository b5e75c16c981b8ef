"""A server on a pushed model for as long as a command runs."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.markup import escape

from pipeline.cli.console import errors
from pipeline.settings import Settings, SettingsError
from serving.registry.version_folder import versions_in
from serving.server.process import start_server_process

# Seconds between two lines about a start where there is no terminal.
_LINE_EVERY = 10.0


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
def shown_start(folder: Path) -> Iterator[Callable[[str], None]]:
    """Show the start of a server on `folder`: gives what is called all the while with what the server does."""
    console, began, lines = errors(), time.monotonic(), 0
    text = f"starting a server on {escape(str(folder))}"
    with console.status(text) as status:

        def show(doing: str) -> None:
            nonlocal lines
            seconds = time.monotonic() - began
            line = f"{text}  {seconds:.0f} s  {escape(doing)}"
            status.update(line)
            if not console.is_terminal and seconds >= (lines + 1) * _LINE_EVERY:
                lines += 1
                console.print(line, soft_wrap=True)

        yield show


def _just(version: Path, name: str) -> str:
    """The text of a config of one version, whatever is pushed meanwhile."""
    from google.protobuf import text_format
    from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

    config = ModelServerConfig()
    model = config.model_config_list.config.add(
        name=name, base_path=str(version.parent), model_platform="tensorflow"
    )
    model.model_version_policy.specific.versions.append(int(version.name))
    return text_format.MessageToString(config)


@contextlib.contextmanager
def pushed_server(
    settings: Settings, *, version: int | None = None, wait: float | None = None
) -> Iterator[str]:
    """Start a server on one pushed version, the latest unless `version` names one; gives its `host:port`.

    Its start may take `wait` seconds; None: as many as it runs.

    Raises:
        SettingsError: the version is not pushed.
    """
    chosen = pushed_version(settings, version)
    with tempfile.TemporaryDirectory(prefix="tagline-") as folder:
        config = Path(folder, "models.config")
        config.write_text(_just(chosen, settings.name), encoding="utf-8")
        with (
            shown_start(chosen) as show,
            contextlib.ExitStack() as stack,
        ):
            server = stack.enter_context(
                start_server_process(
                    chosen.parent,
                    settings.name,
                    log_path=Path(folder, "server.log"),
                    timeout=wait,
                    on_wait=show,
                    # One signature is called, and its first call costs less than warming all of them up.
                    extra_flags=[f"--model_config_file={config}", "--enable_model_warmup=false"],
                )
            )
            kept = stack.pop_all()
        with kept:
            yield server.target
