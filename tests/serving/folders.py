"""Versions put into a model's folder and waited for."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from serving.client import ModelNotFound, Tagger


def push(model: Path, version: Path) -> None:
    """Put a version into place as the pusher does, by one rename."""
    version.parent.mkdir(parents=True, exist_ok=True)
    staged = version.parent / f".{version.name}.staged"
    shutil.copytree(model, staged)
    staged.rename(version)


def garbage(version: Path) -> None:
    """Put a version into place that cannot be loaded."""
    version.mkdir(parents=True)
    (version / "saved_model.pb").write_bytes(b"\x00 this is no graph")


def until(condition: Callable[[], bool], what: str, timeout: float = 20) -> None:
    """Wait until `condition` holds."""
    give_up = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < give_up, f"not within {timeout} s: {what}"
        time.sleep(0.02)


def states(tagger: Tagger) -> dict[int, str]:
    """The state of each version of the tagger's model on the server; empty for an unknown model."""
    try:
        return {entry.version: entry.state for entry in tagger.status()}
    except ModelNotFound:
        return {}
