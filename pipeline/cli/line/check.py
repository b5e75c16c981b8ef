"""`tagline check`."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape

from corpus.checks import check as checks
from corpus.checks.report import Report, printable
from corpus.codes import CODES
from corpus.repair.copy import DIFF, RepairedCopy, write_repaired_copy
from pipeline.cli.console import output
from pipeline.cli.findings import print_findings, print_splits
from pipeline.settings import Settings, SettingsError

FORMATS = ("text", "json", "sarif")


def check(
    settings: Settings, *, output_format: str, everything: bool = False, fix: Path | None = None
) -> None:
    """Print what the checks of the corpus found; exit 2 if any of it is an error.

    Args:
        settings: the corpus, how it is read and from where on a finding is due.
        output_format: text, json or sarif.
        everything: show all findings that are listed, not the first few of a kind.
        fix: a folder to write a repaired copy into; what is printed is then what was done, and what the copy
            still holds.

    Raises:
        SettingsError: another format, or no corpus named.
        CorpusError: the copy cannot be written, or the corpus has no splits.
    """
    if output_format not in FORMATS:
        raise SettingsError(f"--format: found {output_format}; expected one of {', '.join(FORMATS)}")
    settings.require_inputs()
    mended = None
    if fix is not None:
        mended = write_repaired_copy(
            settings.data, fix, settings.corpus, ignore=frozenset(settings.checks.ignore)
        )
        settings = msgspec.structs.replace(settings, data=_place_in(fix, settings.data))
    report = checks.check(settings.data, settings.corpus, settings.checks)
    if output_format == "json":
        sys.stdout.write(_json(report, mended) + "\n")
    elif output_format == "sarif":
        from corpus.checks.sarif import to_sarif

        sys.stdout.write(to_sarif(report, version=_version()) + "\n")
    else:
        console = output()
        if mended is not None:
            _print_mended(console, mended)
        _print(console, report, settings.data, everything=everything, fixed=mended is not None)
    sys.exit(0 if report.ok else 2)


def _place_in(fix: Path, data: str) -> str:
    """Where the copy of the data lies: a single file has its name in the folder."""
    return str(fix / Path(data).name if os.path.isfile(data) else fix)


def _json(report: Report, mended: RepairedCopy | None) -> str:
    """The report; after a repair it is that of the copy, with `mended` beside it."""
    if mended is None:
        return report.to_json()
    whole = {**msgspec.to_builtins(report), "mended": mended}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode()


def _print_mended(console: Console, mended: RepairedCopy) -> None:
    if not mended.counts:
        console.print(f"nothing to mend; {escape(mended.out)} is a copy", soft_wrap=True)
    else:
        lines = sum(mended.files.values())
        files = f"{len(mended.files)} file{'s' * (len(mended.files) != 1)}"
        console.print(f"[green]mended[/] {lines:,} line{'s' * (lines != 1)} of {files}:", soft_wrap=True)
        for code, count in mended.counts.items():
            known = CODES[code]
            console.print(
                f"  {code}  {count:,}  {escape(known.title)}: {escape(known.fixed)}", soft_wrap=True
            )
        console.print(f"copy in {escape(mended.out)}, changes in {escape(mended.out)}/{DIFF}", soft_wrap=True)
    for reason in mended.left:
        console.print(f"[yellow]left[/] {escape(reason)}", soft_wrap=True)
    console.print("\nwhat the copy holds:")


def _print(console: Console, report: Report, data: str, *, everything: bool, fixed: bool) -> None:
    console.print(f"{escape(data)}  [dim]scheme {report.scheme or 'not recognised'}[/]", soft_wrap=True)
    print_splits(console, report)
    # As the findings have it: without `./` before it or a slash behind.
    below = str(Path(data) if os.path.isdir(data) else Path(data).parent)
    print_findings(
        console,
        report,
        below=printable(os.path.join(below, "")) if below != "." else "",
        everything=everything,
        options=not fixed,
    )
    if report.ok:
        console.print("[green]no errors[/]")
    else:
        console.print(f"[red]{report.errors} error{'s' * (report.errors != 1)}[/]")


def _version() -> str:
    try:
        return version("tagline")
    except PackageNotFoundError:
        return ""
