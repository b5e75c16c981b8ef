"""Corpora of a few sentences, and the findings of a check on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from corpus.checks.check import check
from corpus.checks.report import Finding, Report
from corpus.options import CheckLimits, ReadOptions

# Limits at which no corpus is too small.
QUIET: dict[str, Any] = {
    "min_examples": 1,
    "max_repaired": 1,
    "max_settled": 1,
    "max_unseen_tags": 1,
    "max_unseen_tokens": None,
    "max_label_shift": None,
}
TRAIN = "Ann\tB-PER\nsings\tO\n\nin\tO\nRome\tB-LOC\n\nBob\tB-PER\nDoe\tI-PER\nran\tO\n"
DEV = "Eve\tB-PER\nleft\tO\n"
TEST = "Kim\tB-PER\nsat\tO\n"


def corpus(root: Path, train: str = TRAIN, dev: str = DEV, test: str = TEST, **more: str) -> Path:
    """Write a corpus; with the texts above it has no findings."""
    for name, text in {"train": train, "dev": dev, "test": test, **more}.items():
        (root / f"{name}.conll").write_text(text, encoding="utf-8")
    return root


def report_of(data: Path, limits: dict[str, Any] | None = None, **options: Any) -> Report:
    return check(data, ReadOptions(**options), CheckLimits(**{**QUIET, **(limits or {})}))


def only(report: Report, code: str) -> Finding:
    """The report's one finding."""
    assert report.counts == {code: 1}, report.findings
    return report.findings[0]


def first(report: Report, code: str) -> Finding:
    return next(finding for finding in report.findings if finding.code == code)
