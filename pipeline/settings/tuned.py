"""The settings that a search found best, as a file that `--config` takes. Imports no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from files import atomic
from pipeline.settings import Settings
from trainer.hyperparameters import with_values


def tuned(settings: Settings, values: Mapping[str, Any], *, epochs: int) -> Settings:
    """`settings` with what a search found: its `values` and as many epochs. They search no further.

    All the rest stays, also what a search does without: several seeds, a warm start.
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
