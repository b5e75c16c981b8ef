"""The report of a check: findings with a code, and statistics of every split."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from corpus.codes import CODES, Severity
from corpus.errors import printable


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding with its place.

    Attributes:
        code: its code in `CODES`.
        severity: error, warning or info; the settings can make it an error.
        message: one line.
        path: the file.
        line: the 1-based line, if there is one.
        example: the token, tag, sentence or line, shortened.
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
    """Statistics of one split.

    Attributes:
        sentences, tokens: their numbers.
        longest: tokens of its longest sentence.
        longest_at: its place, `path:line`.
        entities: number of entities by label; empty for plain tags.
        tags: number of tokens by tag, as in the files.
        repairs: number of tags that were illegal at their place.
        settled: number of spans that did not fit the tokens.
        shared: number of sentences that a split read before this one also has.
        unseen_tokens: share of tokens that train lacks, 0 to 1.
        unseen_tags: share of tokens whose label (plain: tag) train lacks, 0 to 1.
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
    """The findings of a check, and statistics of the corpus.

    Attributes:
        findings: errors first, then by code, in the order of the files; as many of a code as the limits
            allow.
        counts: number of findings by code, listed or not.
        splits: statistics by split.
        scheme: the scheme named or recognised; empty if nothing could be read.
        files: the files of every split (a file split by hash under every split it feeds).
        sentences_in: for each split the number of its sentences in each of its files.
        tokenizer: by which texts were cut into tokens: named or recognised.
        told: what was recognised, a line each.
        examples: sentences of train with their entities marked.
    """

    findings: list[Finding]
    counts: dict[str, int]
    splits: dict[str, SplitStatistics]
    scheme: str = ""
    files: dict[str, list[str]] = {}
    sentences_in: dict[str, dict[str, int]] = {}
    tokenizer: str = "words"
    told: list[str] = []
    examples: list[str] = []

    @property
    def ok(self) -> bool:
        """Whether the corpus can be trained on: no finding is an error."""
        return self.errors == 0

    @property
    def errors(self) -> int:
        """The number of errors, listed or not."""
        return self.count_of("error")

    def count_of(self, severity: Severity) -> int:
        """Count the findings of one severity, listed or not."""
        # At least one finding of every code is listed, with the severity that the settings give it.
        return sum(self.counts[code] for code in {finding.code for finding in self.of_severity(severity)})

    def of_severity(self, severity: Severity) -> list[Finding]:
        """Select the listed findings of one severity, in order."""
        return [finding for finding in self.findings if finding.severity == severity]

    def joined(self, more: Findings) -> Report:
        """Merge this report with the findings of another check of the same corpus."""
        merged = Findings(more.limit)
        merged.listed = [*self.findings, *more.listed]
        counts = {
            code: self.counts.get(code, 0) + more.counts.get(code, 0)
            for code in sorted({*self.counts, *more.counts})
        }
        return msgspec.structs.replace(self, findings=merged.ordered(), counts=counts)

    def to_json(self) -> str:
        """Encode the report as an indented JSON object; `from_json` reads it back."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """Decode a report, the inverse of `to_json`."""
        return msgspec.json.decode(text, type=cls)


class Findings:
    """A collection of findings: the first of every code are listed, all are counted.

    Args:
        limit: how many of a code are listed.
        errors: codes to report as errors, whatever their severity in `CODES`.
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
        """Count one finding, and list it if `listed` and the limit of its code allow.

        Control characters, and bytes of a file name that are not UTF-8, are escaped for terminals, logs and
        JSON.
        """
        if code in self.ignore:
            return
        count = self.counts.get(code, 0)
        self.counts[code] = count + 1
        if not listed or count >= self.limit:
            return
        kind = CODES[code]
        self.listed.append(
            Finding(
                code,
                "error" if code in self.errors else kind.severity,
                printable(message),
                printable(str(path)),
                line,
                printable(example),
                kind.remedy if remedy is None else printable(remedy),
            )
        )

    def ordered(self) -> list[Finding]:
        """Sort the listed findings: errors first, then by code, in the order they were added."""
        rank = {"error": 0, "warning": 1, "info": 2}
        return sorted(self.listed, key=lambda finding: (rank[finding.severity], finding.code))
