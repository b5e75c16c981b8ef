"""What a check of a corpus found: findings with a code, and statistics of every split."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from corpus.codes import CODES, Severity

__all__ = ["CODES", "Finding", "Findings", "Report", "Severity", "SplitStatistics", "printable"]


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing found, at its place.

    Attributes:
        code: its number in `CODES`.
        severity: error, warning or info; an error too where the settings make one of it.
        message: what was found, in one line.
        path: the file.
        line: its 1-based line, where there is one.
        example: the token, tag, sentence or line meant, shortened.
        remedy: what to do.
    """

    code: str
    severity: Severity
    message: str
    path: str = ""
    line: int | None = None
    example: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        parts = f"{where}: {self.message}" if where else self.message
        if self.example:
            parts += f" ({self.example})"
        if self.remedy:
            parts += f"; {self.remedy}"
        return f"{self.code} {' '.join(parts.splitlines())}"


class SplitStatistics(msgspec.Struct):
    """What one split holds.

    Attributes:
        sentences, tokens: how many.
        longest: tokens of its longest sentence.
        longest_at: where that begins, `path:line`.
        entities: how many of each label; none for plain tags.
        tags: how many of each tag as the files have it.
        repairs: tags that were illegal where they stood.
        settled: annotations that did not fit the tokens.
        shared: sentences that another split, read before this one, holds too.
        unseen_tokens: share of tokens that train never shows, 0 to 1.
        unseen_tags: share of tokens whose label (plain: tag) train never shows, 0 to 1.
    """

    sentences: int = 0
    tokens: int = 0
    longest: int = 0
    longest_at: str = ""
    entities: dict[str, int] = {}
    tags: dict[str, int] = {}
    repairs: int = 0
    settled: int = 0
    shared: int = 0
    unseen_tokens: float = 0.0
    unseen_tags: float = 0.0


class Report(msgspec.Struct):
    """Everything a check found.

    Attributes:
        findings: errors first, then by code, file and line; at most so many of a code as the limits say.
        counts: how many there are of every code, listed or not.
        splits: statistics by split.
        scheme: the scheme named or recognised; empty where nothing could be read.
        files: the files of every split (hash-split files under every split they feed).
    """

    findings: list[Finding]
    counts: dict[str, int]
    splits: dict[str, SplitStatistics]
    scheme: str = ""
    files: dict[str, list[str]] = {}

    @property
    def ok(self) -> bool:
        """Whether the corpus can be trained on: no finding is an error."""
        return self.errors == 0

    @property
    def errors(self) -> int:
        """How many errors there are, listed or not."""
        return self.count_of("error")

    def count_of(self, severity: Severity) -> int:
        """How many findings of one severity there are, listed or not."""
        # Of every code found at least the first is listed, with the severity that the settings give it.
        return sum(self.counts[code] for code in {finding.code for finding in self.of_severity(severity)})

    def of_severity(self, severity: Severity) -> list[Finding]:
        """The findings of one severity, in order."""
        return [finding for finding in self.findings if finding.severity == severity]

    def joined(self, more: Findings) -> Report:
        """This report with what another check has found of the same corpus."""
        whole = Findings(more.limit)
        whole.listed = [*self.findings, *more.listed]
        counts = {
            code: self.counts.get(code, 0) + more.counts.get(code, 0)
            for code in sorted({*self.counts, *more.counts})
        }
        return msgspec.structs.replace(self, findings=whole.ordered(), counts=counts)

    def to_json(self) -> str:
        """The report as an indented JSON object; `from_json` reads it back."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """The inverse of `to_json`."""
        return msgspec.json.decode(text, type=cls)


class Findings:
    """Gathers findings: lists the first of every code, counts all.

    Args:
        limit: how many of a code are listed.
        errors: codes that are errors whatever `CODES` says.
        ignore: codes that are neither listed nor counted.
    """

    def __init__(self, limit: int, *, errors: Iterable[str] = (), ignore: Iterable[str] = ()) -> None:
        self.limit = limit
        self.errors = frozenset(errors)
        self.ignore = frozenset(ignore)
        self.listed: list[Finding] = []
        self.counts: dict[str, int] = {}

    def add(
        self,
        code: str,
        message: str,
        *,
        path: object = "",
        line: int | None = None,
        example: str = "",
        remedy: str | None = None,
        listed: bool = True,
    ) -> None:
        """Counts one finding, and lists it where its code has room (and `listed`).

        What no terminal, log or JSON takes as it is (control characters, bytes of a file name that are not
        UTF-8) is written as an escape.
        """
        if code in self.ignore:
            return
        count = self.counts.get(code, 0)
        self.counts[code] = count + 1
        if not listed or count >= self.limit:
            return
        known = CODES[code]
        self.listed.append(
            Finding(
                code,
                "error" if code in self.errors else known.severity,
                printable(message),
                printable(str(path)),
                line,
                printable(example),
                known.remedy if remedy is None else remedy,
            )
        )

    def ordered(self) -> list[Finding]:
        """Errors first; then by code, in the order they were found."""
        rank = {"error": 0, "warning": 1, "info": 2}
        return sorted(self.listed, key=lambda finding: (rank[finding.severity], finding.code))


def printable(text: str) -> str:
    """The text with every character that shows nothing, or that no file can hold, as its escape."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
