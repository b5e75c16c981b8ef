"""`tagline status`."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import output
from pipeline.cli.options import Assignments, Config, settings_of
from pipeline.settings import Settings, SettingsError
from serving.registry.manifest import forced_reason, manifest_if_readable
from serving.registry.version_folder import versions_in


def status(config: Config = None, assignments: Assignments = None) -> None:
    """Show the last run and the pushed versions."""
    settings = settings_of(config, None, assignments)
    console = output()
    _print_last_run(console, settings)
    _print_versions(console, settings)


def _print_last_run(console: Console, settings: Settings) -> None:
    """Print the last finished run; one that was stopped left no outcome."""
    from pipeline.runs import outcome

    try:
        last = outcome.load(settings.run_dir)
    except SettingsError as error:  # the versions are there all the same
        console.print(f"[yellow]{escape(str(error))}[/]", soft_wrap=True)
        return
    if last is None:
        console.print(f"{settings.name}: no run has finished yet; `tagline run` starts one")
        return
    console.print(f"[bold]{settings.name}[/]  last finished run {last.run_id}")
    width = max(map(len, last.came_out), default=0)
    for component, words in last.came_out.items():
        took = "cached" if component in last.cached else f"{last.seconds[component]:.1f} s"
        console.print(f"  {component:<{width}}  {escape(words)}  [dim]{took}[/]", soft_wrap=True)
    for reason in last.refusals:
        console.print(f"[red]refused[/] {escape(reason)}", soft_wrap=True)


def _print_versions(console: Console, settings: Settings) -> None:
    versions = versions_in(settings.models_dir, missing_ok=True)
    if not versions:
        console.print(f"nothing is pushed to {settings.models_dir}", markup=False, soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("version", "pushed at", "score on test", "files", ""):
        table.add_column(column)
    for number, folder in reversed(versions.items()):
        about = manifest_if_readable(folder)
        score = about.get("metrics", {}).get("primary")
        table.add_row(
            str(number),
            about.get("pushed_at", "not by tagline"),
            "" if score is None else f"{score:.4f}",
            str(len(about.get("files", {}))),
            f"[yellow]forced[/] {escape(reason)}" if (reason := forced_reason(about)) else "",
        )
    console.print(f"\nversions in {settings.models_dir}", markup=False, soft_wrap=True)
    console.print(table)
