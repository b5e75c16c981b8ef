"""`tagline report`."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from pipeline import outcome
from pipeline.settings import Settings, SettingsError


def report(settings: Settings, *, open_browser: bool) -> None:
    """Print where the last run's report lies; open it if asked to."""
    last = outcome.load(settings.run_dir)
    if last is None or not Path(last.report).exists():
        raise SettingsError(
            f"{settings.run_dir}: no report there; `tagline run` of the same settings writes one"
        )
    print(last.report)
    if open_browser:
        webbrowser.open(Path(last.report).as_uri())
