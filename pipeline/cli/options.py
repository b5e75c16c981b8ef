"""The options that commands share, and the settings that they make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipeline.settings import Settings

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Settings of a task; the rest is configs/default.yaml."),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="KEY=VALUE", help="Override a setting, such as trainer.epochs=3."),
]
Data = Annotated[Path | None, typer.Option("--data", "-d", help="The corpus: a folder or a file.")]


def settings_of(config: Path | None, data: Path | None, assignments: list[str] | None) -> Settings:
    """The settings in effect.

    Raises:
        SettingsError: a setting that cannot be.
    """
    from pipeline import settings

    # Quoted, since a path is no YAML: `corpora/#1` would lose its end.
    extra = [f"data={json.dumps(str(data), ensure_ascii=False)}"] if data is not None else []
    return settings.load(config=config, assignments=[*(assignments or []), *extra])
