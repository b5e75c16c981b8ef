"""The findings of corpus checks, printed for a terminal."""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from corpus.checks.report import Finding, Report, printable
from corpus.codes import CODES

_STYLES = {"error": "red", "warning": "yellow", "info": "dim"}
# Of each kind; all listed errors are shown, since each of them has to be corrected.
_SHOWN = 5


def folder_of(data: str) -> str:
    """Return the folder of a corpus as the findings' paths begin with it; empty for the present one."""
    # Without `./` in front, and with one slash at the end.
    below = str(Path(data) if os.path.isdir(data) else Path(data).parent)
    return printable(os.path.join(below, "")) if below != "." else ""


# Of a split; the others are counted.
_FILES = 4


def print_files(console: Console, report: Report, *, below: str = "") -> None:
    """Print a line for each split with its files, and how many of its sentences are in each.

    Args:
        console: where to.
        report: with the files.
        below: a folder whose name is left out of paths.
    """
    for split, files in report.sentences_in.items():
        shown = [
            f"{path.removeprefix(below)} ({_number(count, 'sentence')})"
            for path, count in [*files.items()][:_FILES]
        ]
        line = f"{split}: {', '.join(shown)}"
        if len(files) > _FILES:
            rest = len(files) - _FILES
            line += f" and {_number(rest, 'more file')} ({_number(sum(files.values()), 'sentence')} in all)"
        console.print(escape(line), soft_wrap=True, highlight=False)


def print_reading(console: Console, report: Report, *, examples: bool) -> None:
    """Print how the corpus was read, a line each, and with `examples` sentences with their entities marked."""
    for line in report.told:
        console.print(f"[dim]{escape(line)}[/]", soft_wrap=True, highlight=False)
    for sentence in report.examples if examples else ():
        console.print(f"  {escape(sentence)}", soft_wrap=True, highlight=False)


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def print_splits(console: Console, report: Report) -> None:
    """Print a row for each split; `shared` sentences are in another split too, `unseen` tokens are not in train."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    columns = ("split", "sentences", "shared", "tokens", "unseen", "entities", "longest")
    for column in columns:
        table.add_column(column, justify="left" if column == "split" else "right")
    for name, split in report.splits.items():
        table.add_row(
            name,
            f"{split.sentences:,}",
            f"{split.shared:,}",
            f"{split.tokens:,}",
            f"{split.unseen_tokens:.1%}",
            f"{sum(split.entities.values()):,}",
            str(split.longest),
        )
    console.print(table)


def print_findings(
    console: Console, report: Report, *, below: str = "", everything: bool = False, options: bool = False
) -> None:
    """Print the findings by kind, each with its remedy and its places.

    Args:
        console: where to.
        report: with the findings.
        below: a folder whose name is left out of paths.
        everything: show all findings in the report, not the first few of a kind.
        options: end with the options of `tagline check` that show or repair more.
    """
    shortened = False
    for code, group in groupby(report.findings, key=lambda finding: finding.code):
        findings = list(group)
        severity = findings[0].severity
        count = report.counts[code]
        style = _STYLES[severity]
        console.print()
        number = f"  {count:,} times" if count > 1 else ""
        console.print(
            f"[{style}]{severity} {code}[/]  [bold]{escape(CODES[code].title)}[/]{number}", soft_wrap=True
        )
        # One remedy for all is printed once, at the head.
        remedies = {finding.remedy for finding in findings if finding.remedy}
        same_remedy = len(remedies) == 1
        if same_remedy:
            console.print(f"  [dim]{escape(remedies.pop())}[/]", soft_wrap=True)
        shown = findings if everything or severity == "error" else findings[:_SHOWN]
        for finding in shown:
            console.print(f"  {escape(_line(finding, below, with_remedy=not same_remedy))}", soft_wrap=True)
        if count > len(shown):
            console.print(f"  [dim]and {count - len(shown):,} more[/]")
            shortened = shortened or len(findings) > len(shown)
    if report.findings:
        console.print()
    if not options:
        return
    repairable = [code for code in report.counts if CODES[code].fixed]
    if shortened:
        console.print("[dim]--all shows more of each kind, checks.findings_per_code sets how many[/]")
    if repairable:
        console.print(
            f"[dim]--fix OUT writes a copy that repairs {', '.join(repairable)} where no decision is needed[/]",
            soft_wrap=True,
        )


def _line(finding: Finding, below: str, *, with_remedy: bool) -> str:
    where = finding.path.removeprefix(below)
    if finding.line is not None:
        where += f":{finding.line}"
    # Another place is named after a lone "at"; a token may hold the folder's name too (`and/or` below `and`).
    message = finding.message.replace(f" at {below}", " at ") if below else finding.message
    parts = f"{where}: {message}" if where else message
    if finding.example:
        parts += f"  ({finding.example})"
    if with_remedy and finding.remedy:
        parts += f"; {finding.remedy}"
    return parts
