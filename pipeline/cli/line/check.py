"""`tagline check`."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from corpus.checks import check as checks
from corpus.checks.report import Report
from corpus.codes import CODES
from corpus.repair.copy import DIFF, RepairedCopy, write_repaired_copy
from pipeline.cli.console import output
from pipeline.cli.exit_codes import BAD_INPUT, OK
from pipeline.cli.findings import folder_of, print_files, print_findings, print_reading, print_splits
from pipeline.cli.options import Assignments, Config, require_writable, settings_of
from pipeline.settings import SettingsError

FORMATS = ("text", "json", "sarif")


def check(
    data: Annotated[Path | None, typer.Argument(help="The corpus: a folder or a file.")] = None,
    config: Config = None,
    assignments: Assignments = None,
    output_format: Annotated[
        str, typer.Option("--format", help="text (for people), json, or sarif (for code hosts).")
    ] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Show all findings listed, not the first few of a kind.")
    ] = False,
    fix: Annotated[
        Path | None,
        typer.Option(help="Write a repaired copy into this folder, with changes.diff, and check the copy."),
    ] = None,
) -> None:
    """Check a corpus, every finding with file and line. Exit code 2 if there are errors."""
    settings = settings_of(config, data, assignments)
    output_format = "json" if as_json else output_format
    if output_format not in FORMATS:
        raise SettingsError(f"--format: found {output_format}; expected one of {', '.join(FORMATS)}")
    settings.require_inputs()
    repaired = None
    if fix is not None:
        require_writable("--fix", fix.absolute().parent)
        repaired = write_repaired_copy(
            settings.data, fix, settings.corpus, ignore=frozenset(settings.checks.ignore)
        )
        # A single file has its name in the folder.
        copy = fix / Path(settings.data).name if os.path.isfile(settings.data) else fix
        settings = msgspec.structs.replace(settings, data=str(copy))
    report = checks.check(settings.data, settings.corpus, settings.checks)
    if output_format == "json":
        sys.stdout.write(_json(report, repaired) + "\n")
    elif output_format == "sarif":
        from corpus.checks.sarif import to_sarif

        sys.stdout.write(to_sarif(report, version=_version()) + "\n")
    else:
        console = output()
        if repaired is not None:
            _print_repairs(console, repaired)
        _print_report(console, report, settings.data, everything=everything, fixed=repaired is not None)
    sys.exit(OK if report.ok else BAD_INPUT)


def _json(report: Report, repaired: RepairedCopy | None) -> str:
    """The report; after a repair it is that of the copy, with `mended` beside it."""
    if repaired is None:
        return report.to_json()
    document = {**msgspec.to_builtins(report), "mended": repaired}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _print_repairs(console: Console, repaired: RepairedCopy) -> None:
    if not repaired.counts:
        console.print(f"nothing to repair; {escape(repaired.out)} is a copy", soft_wrap=True)
    else:
        lines = sum(repaired.files.values())
        files = f"{len(repaired.files)} file{'s' * (len(repaired.files) != 1)}"
        console.print(f"[green]repaired[/] {lines:,} line{'s' * (lines != 1)} of {files}:", soft_wrap=True)
        for code, count in repaired.counts.items():
            title, fixed = CODES[code].title, CODES[code].fixed
            console.print(f"  {code}  {count:,}  {escape(title)}: {escape(fixed)}", soft_wrap=True)
        console.print(
            f"copy in {escape(repaired.out)}, changes in {escape(repaired.out)}/{DIFF}", soft_wrap=True
        )
    for reason in repaired.left:
        console.print(f"[yellow]left[/] {escape(reason)}", soft_wrap=True)
    console.print("\nfindings in the copy:")


def _print_report(console: Console, report: Report, data: str, *, everything: bool, fixed: bool) -> None:
    console.print(escape(data), soft_wrap=True)
    below = folder_of(data)
    print_files(console, report, below=below)
    print_reading(console, report, examples=True)
    console.print()
    print_splits(console, report)
    print_findings(console, report, below=below, everything=everything, options=not fixed)
    if report.ok:
        console.print("[green]no errors[/]")
    else:
        console.print(f"[red]{report.errors} error{'s' * (report.errors != 1)}[/]")


def _version() -> str:
    try:
        return version("tagline")
    except PackageNotFoundError:
        return ""
