"""`tagline report`."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Assignments, Config, require_writable, settings_of
from pipeline.settings import Settings, SettingsError


def report(
    all_runs: Annotated[
        bool, typer.Option("--list", help="List all runs, with data, scores and verdict.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --list: as JSON.")] = False,
    compared: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--compare",
            metavar="RUN1 RUN2",
            help="Write a page that compares two runs: ids or their beginnings, versions, last, previous.",
        ),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open it in a browser.")] = False,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Print the path of the last run's report, list all runs, or compare two of them."""
    settings = settings_of(config, None, assignments)
    if all_runs and compared:
        raise SettingsError("--list and --compare: expected one of them")
    if as_json and not all_runs:
        raise SettingsError("--json: expected --list with it")
    if all_runs:
        from pipeline.cli.line.run_list import print_list

        print_list(settings, as_json=as_json)
        return
    if compared:
        from pipeline.cli.line.run_comparison import write_comparison

        require_writable("pipeline.root", settings.run_dir)
        page = write_comparison(settings, *compared)
    else:
        page = _last_page(settings)
    print(page)
    if open_browser:
        webbrowser.open(page.as_uri())


def _last_page(settings: Settings) -> Path:
    from pipeline.runs import outcome

    last = outcome.load(settings.run_dir)
    if last is None or not Path(last.report).exists():
        raise SettingsError(
            f"{settings.run_dir}: no report there; `tagline run` of the same settings writes one"
        )
    return Path(last.report)
