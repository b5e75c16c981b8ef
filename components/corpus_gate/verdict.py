"""CorpusGate's verdict: the findings of all checks."""

from __future__ import annotations

from components.verdict import VerdictFile
from corpus.checks.report import Report

REASONS_SHOWN = 20


class CorpusRefused(ValueError):
    """A corpus that must not be trained on. Its text is the reasons, one a line, with file and line."""


class CorpusGateVerdict(VerdictFile, frozen=True, kw_only=True):
    """Attributes:
    passed: whether the run may continue.
    reasons: the errors in words; empty if it passed.
    report: all findings and counts.
    """

    passed: bool
    reasons: list[str]
    report: Report

    @classmethod
    def of(cls, report: Report) -> CorpusGateVerdict:
        """Refuse a report with an error in it."""
        reasons = [str(finding) for finding in report.of_severity("error")]
        return cls(passed=report.ok, reasons=reasons, report=report)

    def refusal(self) -> CorpusRefused:
        """An exception that names the first reasons and counts the others."""
        shown = self.reasons[:REASONS_SHOWN]
        errors = self.report.errors
        lines = [f"the corpus is refused for {errors} error{'s' * (errors != 1)}:", *shown]
        if errors > len(shown):
            lines.append(f"and {errors - len(shown)} more")
        return CorpusRefused("\n".join(lines))
