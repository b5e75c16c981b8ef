"""The record of the last run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.doctor.finding import Finding
from pipeline.runs import outcome
from pipeline.settings import SettingsError


def findings(run_dir: Path) -> Iterator[Finding]:
    """Look at whether the record can be read."""
    try:
        last = outcome.load(run_dir)
    except SettingsError as error:
        yield Finding("last run", "warning", str(error), "nothing: the next `tagline run` replaces it")
    else:
        yield Finding("last run", "ok", last.run_id if last else "none has finished yet")
