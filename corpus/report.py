"""What a check of a corpus found: findings with a code, and statistics of every split."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec

Severity = Literal["error", "warning", "info"]


class Code(NamedTuple):
    """What a code stands for, whatever the finding."""

    severity: Severity
    title: str
    remedy: str


CODES: dict[str, Code] = {
    "D101": Code("error", "a line that cannot be read", "correct the line"),
    "D102": Code("error", "files missing or unreadable", "check the path and the files' names"),
    "D103": Code(
        "error",
        "nothing in a file or in a split",
        "fill it, or remove it; a split cut by hash needs more sentences",
    ),
    "D104": Code(
        "error",
        "too many illegal tags",
        "name the scheme of the files (scheme), correct the tags, or raise max_repaired",
    ),
    "D105": Code("error", "too many annotations off the tokens", "correct the offsets, or raise max_settled"),
    "D106": Code(
        "error", "too many tags that train never shows", "split the corpus anew, or raise max_unseen_tags"
    ),
    "D201": Code(
        "warning", "illegal tag, repaired", "correct the tag, or name the scheme of the files (scheme)"
    ),
    "D202": Code(
        "warning",
        "annotation that does not fit the tokens, settled",
        "move the span to token edges, or accept how it was settled",
    ),
    "D203": Code(
        "warning",
        "tag that train never shows",
        "move examples to train, or correct the tag: the model can never answer it",
    ),
    "D204": Code("warning", "label with few examples", "add examples, or merge the label with another"),
    "D205": Code(
        "warning",
        "sentence in several splits",
        "remove it from train, or the scores of dev and test are flattered",
    ),
    "D206": Code("warning", "the same sentence tagged differently", "decide for one of the two"),
    "D207": Code("warning", "long sentence", "split it: training pads a batch to its longest sentence"),
    "D208": Code("warning", "no entity in train", "check tag_column and scheme"),
    "D301": Code("info", "file left out", "name it train, dev or test if it is to be read"),
    "D302": Code("info", "splits cut by hash", "give files named train, dev and test to decide yourself"),
    "D401": Code("error", "TFDV anomaly", "correct the data, or the schema it is held against"),
    "D402": Code(
        "warning", "TFDV anomaly in what training does not need", "look whether the data is meant so"
    ),
    "D403": Code("info", "TFDV anomaly that is natural in text", ""),
    "D404": Code("error", "examples that are not the corpus", "run the pipeline again"),
}


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing found, at its place.

    Attributes:
        code: its number in `CODES`.
        severity: error, warning or info.
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
        return not any(CODES[code].severity == "error" for code in self.counts)

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
    """Gathers findings: lists the first of every code, counts all."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
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
        """Counts one finding, and lists it where its code has room (and `listed`)."""
        count = self.counts.get(code, 0)
        self.counts[code] = count + 1
        if not listed or count >= self.limit:
            return
        known = CODES[code]
        self.listed.append(
            Finding(
                code,
                known.severity,
                message,
                str(path),
                line,
                example,
                known.remedy if remedy is None else remedy,
            )
        )

    def ordered(self) -> list[Finding]:
        """Errors first; then by code, in the order they were found."""
        rank = {"error": 0, "warning": 1, "info": 2}
        return sorted(self.listed, key=lambda finding: (rank[finding.severity], finding.code))


def labels_of(tags: Iterable[str]) -> str:
    """A few labels in words, for a message."""
    names = sorted(tags)
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
