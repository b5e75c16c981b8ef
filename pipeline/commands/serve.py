"""`tagline serve`."""

from __future__ import annotations

import os
import sys

from pipeline.settings import Settings

# TensorFlow Serving's own option names; given by the settings unless the caller gives them.
_NAME, _BASE = "--model_name", "--model_base_path"


def serve(settings: Settings, arguments: list[str]) -> None:
    """Become the embedded server on the pushed models of `settings`."""
    settings = settings.with_absolute_paths()
    given = {argument.split("=", 1)[0] for argument in arguments}
    if _NAME not in given:
        arguments = [*arguments, f"{_NAME}={settings.name}"]
    if _BASE not in given:
        arguments = [*arguments, f"{_BASE}={settings.models_dir}"]
    # What TensorFlow has to say about drivers that are not there is of no use to who serves a model.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    os.execv(sys.executable, [sys.executable, "-m", "serving.server", *arguments])
