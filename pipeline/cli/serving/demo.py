"""`tagline demo`."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.console import output, print_error
from pipeline.cli.exit_codes import BROKEN
from pipeline.cli.options import Assignments, Config, Wait, settings_of
from pipeline.cli.pushed_server import shown_start
from pipeline.settings import Settings, SettingsError
from serving.registry.errors import Refused
from serving.registry.version_folder import versions_in
from serving.server.process import ServerProcess, ServerProcessError, start_server_process

DEFAULT_PORT = 8501
# Enough to compare; each further version costs the memory of a model.
_NEWEST = 3
_FREE = -1


def demo(
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="Port of the page; default: 8501, or a free one if that is taken."
        ),
    ] = None,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in a browser, where there is one.")
    ] = True,
    wait: Wait = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Serve the pushed model with a page to try it on, until interrupted."""
    settings = settings_of(config, None, assignments).with_absolute_paths()
    if not versions_in(settings.models_dir, missing_ok=True):
        raise SettingsError(
            f"{settings.models_dir}: found no version of a model; `tagline run` of the same settings trains and "
            "pushes one"
        )
    try:
        with _server_with_page(settings, port, wait) as server:
            address = f"http://{server.rest_target}/"
            # Once this line is printed, Ctrl-C is the ordinary end.
            with contextlib.suppress(KeyboardInterrupt):
                output().print(f"{address}   (Ctrl-C ends it)", soft_wrap=True)
                sys.stdout.flush()
                if open_browser and _has_screen():
                    webbrowser.open(address)
                status = server.wait()
                raise ServerProcessError(f"the server ended by itself with status {status}")
    except Refused as error:
        raise SettingsError(str(error)) from error
    except ServerProcessError as error:
        print_error(error)
        sys.exit(BROKEN)


@contextlib.contextmanager
def _server_with_page(settings: Settings, port: int | None, wait: float | None) -> Iterator[ServerProcess]:
    """A server with the page on its REST port: `port`, or the usual one, or a free one where that is taken."""
    if port is None:
        port = DEFAULT_PORT if _is_free(DEFAULT_PORT) else _FREE
    with tempfile.TemporaryDirectory(prefix="tagline-") as folder, contextlib.ExitStack() as stack:
        with shown_start(settings.models_dir) as show:
            server = stack.enter_context(
                start_server_process(
                    settings.models_dir,
                    settings.name,
                    Path(folder, "server.log"),
                    wait,
                    rest_api_port=port,
                    on_wait=show,
                    extra_flags=["--demo", *_model_flags(settings, Path(folder, "models.config"))],
                )
            )
        yield server


def _model_flags(settings: Settings, own: Path) -> list[str]:
    """The flags that say which versions are served: those that `tagline models` chose, or else the newest few,
    by a config that is written to `own`."""
    from google.protobuf import text_format
    from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

    from serving import engine
    from serving.registry import model_config

    chosen = model_config.read(settings.models_dir, settings.name)
    if chosen.labels or chosen.served.versions is not None:
        return engine.model_flags(settings.models_dir, settings.name, [])
    config = ModelServerConfig()
    entry = config.model_config_list.config.add(
        name=settings.name, base_path=str(settings.models_dir), model_platform="tensorflow"
    )
    entry.model_version_policy.latest.num_versions = _NEWEST
    own.write_text(text_format.MessageToString(config), encoding="utf-8")
    return [f"--model_config_file={own}"]


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _has_screen() -> bool:
    """Whether a browser would have a window: one in the terminal would take the terminal away."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
