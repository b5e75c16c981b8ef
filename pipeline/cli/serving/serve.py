"""`tagline serve`."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from pipeline.cli.console import print_error
from pipeline.cli.exit_codes import BROKEN
from pipeline.cli.options import Assignments, Config, settings_of
from pipeline.settings import SettingsError


def serve(
    context: typer.Context,
    engine: Annotated[
        str, typer.Option(help="embedded, or tfserving: TensorFlow Serving's own program or container.")
    ] = "embedded",
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Serve the pushed models over gRPC and REST, until interrupted.

    Versions and labels are those of <models>/<name>/models.config, which `tagline models` changes while it runs.

    The file is created if it is missing, and ignored with --model_name, --model_base_path, --model_config_file.

    Every other option is passed on to the server, as TensorFlow Serving has it: --port 8500 --rest_api_port 8501 ...

    --engine tfserving starts tensorflow_model_server (TAGLINE_TFSERVING, or on the PATH), else its container.
    """
    from serving import engine as engines
    from serving.registry.errors import ChangeFailed, Refused

    if engine not in engines.ENGINES:
        raise SettingsError(f"--engine: found {engine!r}; expected one of {', '.join(engines.ENGINES)}")
    settings = settings_of(config, None, assignments).with_absolute_paths()
    folder = settings.models_dir
    try:
        flags = [*context.args, *engines.model_flags(folder, settings.name, context.args)]
        if engine == engines.EMBEDDED:
            command = engines.embedded(flags)
        else:
            command = engines.tfserving(flags, folder=folder)
    except Refused as error:
        raise SettingsError(str(error)) from error
    except ChangeFailed as error:
        print_error(error)
        sys.exit(BROKEN)
    # TensorFlow's warnings about missing GPU drivers help nobody who serves a model.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    # This process becomes the server's.
    os.execv(command[0], command)
