"""`tagline serve`."""

from __future__ import annotations

import os
import sys

from rich.console import Console
from rich.markup import escape

from pipeline.settings import Settings, SettingsError
from serving import engine as engines
from serving.registry.errors import ChangeFailed, Refused


def serve(settings: Settings, arguments: list[str], *, engine: str) -> None:
    """Become a server on the pushed models of `settings`; exit code 1 if the engine is not here."""
    if engine not in engines.ENGINES:
        raise SettingsError(f"--engine: found {engine!r}; expected one of {', '.join(engines.ENGINES)}")
    settings = settings.with_absolute_paths()
    folder = settings.models_dir
    try:
        flags = [*arguments, *engines.model_flags(folder, settings.name, arguments)]
        if engine == engines.EMBEDDED:
            command = engines.embedded(flags)
        else:
            command = engines.tfserving(flags, folder=folder)
    except Refused as error:
        raise SettingsError(str(error)) from error
    except ChangeFailed as error:
        Console(stderr=True, highlight=False).print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
    # What TensorFlow has to say about drivers that are not there is of no use to who serves a model.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    os.execv(command[0], command)
