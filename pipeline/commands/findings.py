"""What the checks of a corpus found, for a terminal."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from corpus.report import Report

_STYLES = {"error": "red", "warning": "yellow", "info": "dim"}


def print_splits(console: Console, report: Report) -> None:
    """A row for each split."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("split", "sentences", "tokens", "entities", "longest", "unseen tokens"):
        table.add_column(column, justify="left" if column == "split" else "right")
    for name, split in report.splits.items():
        table.add_row(
            name,
            f"{split.sentences:,}",
            f"{split.tokens:,}",
            f"{sum(split.entities.values()):,}",
            str(split.longest),
            f"{split.unseen_tokens:.1%}",
        )
    console.print(table)


def print_findings(console: Console, report: Report) -> None:
    """A line for each finding listed, and how many more there are of its kind."""
    for finding in report.findings:
        style = _STYLES[finding.severity]
        console.print(f"[{style}]{finding.severity:<7}[/] {escape(str(finding))}", soft_wrap=True)
    listed = Counter(finding.code for finding in report.findings)
    for code, count in report.counts.items():
        if count > listed[code]:
            console.print(f"[dim]        {code}: {count - listed[code]} more[/]")


def count_errors(report: Report) -> int:
    """How many errors there are, listed or not."""
    codes = {finding.code for finding in report.findings if finding.severity == "error"}
    return sum(report.counts[code] for code in codes)
