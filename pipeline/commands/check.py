"""`tagline check`."""

from __future__ import annotations

import sys

from rich.markup import escape

from corpus import check as checks
from pipeline.commands.console import output
from pipeline.commands.findings import count_errors, print_findings, print_splits
from pipeline.settings import Settings


def check(settings: Settings, *, as_json: bool) -> None:
    """Print what the checks of the corpus found; exit 2 if any of it is an error."""
    settings.require_inputs()
    report = checks.check(settings.data, settings.corpus, settings.checks)
    if as_json:
        sys.stdout.write(report.to_json() + "\n")
        sys.exit(0 if report.ok else 2)
    console = output()
    console.print(
        f"{escape(settings.data)}  [dim]scheme {report.scheme or 'not recognised'}[/]", soft_wrap=True
    )
    print_splits(console, report)
    print_findings(console, report)
    if report.ok:
        console.print("[green]no errors[/]")
        return
    errors = count_errors(report)
    console.print(f"[red]{errors} error{'s' * (errors != 1)}[/]")
    sys.exit(2)
