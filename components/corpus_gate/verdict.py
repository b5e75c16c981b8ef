"""What CorpusGate decided: `verdict.json`."""

from __future__ import annotations

import msgspec

from corpus.checks.report import Report

FILE_NAME = "verdict.json"
REASONS_TOLD = 20


class CorpusRefused(ValueError):
    """A corpus that is not to be trained on. Its text is the reasons, one a line, with file and line."""


class Verdict(msgspec.Struct):
    """What was decided, and on what grounds.

    Attributes:
        passed: whether the run may go on.
        reasons: the errors in words; empty where it passed.
        report: everything that was found and counted.
    """

    passed: bool
    reasons: list[str]
    report: Report

    @classmethod
    def of(cls, report: Report) -> Verdict:
        """Refuses what has an error."""
        return cls(report.ok, [str(finding) for finding in report.of_severity("error")], report)

    def to_json(self) -> bytes:
        """An indented JSON object; `from_json` reads it back."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2)

    @classmethod
    def from_json(cls, text: str | bytes) -> Verdict:
        """The inverse of `to_json`."""
        return msgspec.json.decode(text, type=cls)

    def refusal(self) -> CorpusRefused:
        """The refusal in words: the first reasons, and how many there are."""
        told = self.reasons[:REASONS_TOLD]
        errors = self.report.errors
        lines = [f"the corpus is refused for {errors} error{'s' * (errors != 1)}:", *told]
        if errors > len(told):
            lines.append(f"and {errors - len(told)} more")
        return CorpusRefused("\n".join(lines))
