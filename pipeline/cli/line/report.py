"""`tagline report`."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from pipeline.runs import outcome
from pipeline.settings import Settings, SettingsError


def report(
    settings: Settings, *, open_browser: bool, all_runs: bool, as_json: bool, compared: tuple[str, str] | None
) -> None:
    """Print where the last run's report lies; or all runs; or write and print the page about two.

    Raises:
        SettingsError: no run, or none of that name; options that do not go together.
    """
    if all_runs and compared:
        raise SettingsError("--list and --compare: expected one of them")
    if as_json and not all_runs:
        raise SettingsError("--json: expected --list with it")
    if all_runs:
        from pipeline.cli.line.run_list import print_list

        print_list(settings, as_json=as_json)
    elif compared:
        from pipeline.cli.line.run_comparison import print_comparison

        print_comparison(settings, *compared, open_browser=open_browser)
    else:
        _last(settings, open_browser=open_browser)


def _last(settings: Settings, *, open_browser: bool) -> None:
    last = outcome.load(settings.run_dir)
    if last is None or not Path(last.report).exists():
        raise SettingsError(
            f"{settings.run_dir}: no report there; `tagline run` of the same settings writes one"
        )
    print(last.report)
    if open_browser:
        webbrowser.open(Path(last.report).as_uri())
