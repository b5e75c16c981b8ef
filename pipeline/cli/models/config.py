"""`tagline models config`."""

from __future__ import annotations

import contextlib
import sys
from typing import Annotated

import typer

from pipeline.cli.console import print_error
from pipeline.cli.exit_codes import BROKEN
from pipeline.cli.models.overview import config_of
from pipeline.cli.options import Assignments, Config, settings_of
from pipeline.settings import SettingsError


def config(
    base_path: Annotated[
        str | None, typer.Option(help="The folder of versions as the server sees it, such as /models/NAME.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write that path to the file; later changes keep it.")
    ] = False,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Print the config that servers start from."""
    from serving.registry import model_config
    from serving.registry.errors import ChangeFailed

    settings = settings_of(config, None, assignments)
    if base_path is not None and not base_path.startswith("/") and "://" not in base_path:
        raise SettingsError(f"--base-path: found {base_path!r}; expected an absolute path or a URI")
    folder = settings.with_absolute_paths().models_dir
    try:
        # Read within the lock, so that a change by another process is not undone.
        with model_config.locked(folder) if write else contextlib.nullcontext():
            served = config_of(settings)
            if base_path is not None:
                served = served.based_on(base_path)
            if write:
                model_config.write(folder, served)
    except (ChangeFailed, OSError) as error:
        print_error(error)
        sys.exit(BROKEN)
    print(served.text(), end="")
