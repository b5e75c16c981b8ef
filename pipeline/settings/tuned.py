"""The best settings of a search, as a file that `--config` takes. Imports no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from files import atomic
from pipeline.settings import Settings
from trainer.hyperparameters import with_values


def tuned(settings: Settings, values: Mapping[str, Any], *, epochs: int) -> Settings:
    """Put the best `values` and `epochs` of a search into `settings`, and turn the search off.

    All other settings stay, also those that a search ignores: several seeds, a warm start.
    """
    return msgspec.structs.replace(
        settings,
        trainer=with_values(settings.trainer, {**values, "epochs": epochs}),
        tuning=msgspec.structs.replace(settings.tuning, enabled=False),
    )


def write(path: Path, settings: Settings, *, about: str) -> None:
    """Write `settings` in one step, with the lines of `about` as comments before them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    comments = "".join(f"# {line}\n" for line in about.splitlines())
    atomic.write(path, comments + settings.to_yaml())
