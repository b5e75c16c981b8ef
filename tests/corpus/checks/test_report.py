"""The report: order, severities, and its JSON."""

from __future__ import annotations

from pathlib import Path

from corpus.checks.report import Findings, Report
from tests.corpus.checks.small_corpora import corpus, report_of


def test_the_report_is_read_back_from_json(tmp_path: Path) -> None:
    report = report_of(corpus(tmp_path, dev="Eve\tI-PER\n"), {"min_examples": 5})
    assert Report.from_json(report.to_json()) == report
    text = str(report.of_severity("warning")[0])
    assert text.startswith(f"D201 {tmp_path}/dev.conll:1: I-PER -> B-PER (BIO) (Eve); correct the tag")


def test_errors_come_first(tmp_path: Path) -> None:
    report = report_of(corpus(tmp_path, dev="Eve\tI-PER\n\nbroken\n"), {"min_examples": 5})
    ranks = [["error", "warning", "info"].index(finding.severity) for finding in report.findings]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) > 1


def test_warnings_can_be_errors_or_ignored() -> None:
    findings = Findings(5, errors=["D205"], ignore=["D206"])
    for code in ("D204", "D205", "D206"):
        findings.add(code, "message")
    assert [(one.code, one.severity) for one in findings.ordered()] == [
        ("D205", "error"),
        ("D204", "warning"),
    ]
    assert findings.counts == {"D204": 1, "D205": 1}
