"""`corpus.json`: CorpusGen's summary of the corpus, beside the examples."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

FILE_NAME = "corpus.json"
# The property of the examples with the counts of Beam's workers, as JSON.
MEASURES = "beam_measures"
FIRST_EVENTS = 10


class SplitCounts(msgspec.Struct):
    """Counts of a split.

    Attributes:
        sentences, tokens: how many.
        entities: how many of each label (none for plain tags).
        tags: how many of each tag, as written into the examples.
        repairs: tags that were illegal in their place and were repaired.
        first_repairs: the first of them, `path:line: found -> became`.
        settled: annotations that did not fit the tokens.
        first_settled: the first of them, `path:line: found; became`.
    """

    sentences: int = 0
    tokens: int = 0
    entities: dict[str, int] = {}
    tags: dict[str, int] = {}
    repairs: int = 0
    first_repairs: list[str] = []
    settled: int = 0
    first_settled: list[str] = []


class CorpusSummary(msgspec.Struct):
    """The content of `corpus.json`.

    Attributes:
        scheme: the scheme of the files.
        train_scheme: the scheme of the examples' tags.
        fingerprint: SHA-256 over the files' contents and splits.
        files: sentences in every file.
        splits: counts by split, in the order train, dev, test.
        told: what was recognised, a line each.
    """

    scheme: str
    train_scheme: str
    fingerprint: str
    files: dict[str, int]
    splits: dict[str, SplitCounts]
    told: list[str] = []

    def to_json(self) -> bytes:
        """Encode as an indented JSON object; `from_json` decodes it."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2)

    @classmethod
    def from_json(cls, text: str | bytes) -> CorpusSummary:
        """Decode what `to_json` encoded."""
        return msgspec.json.decode(text, type=cls)


class Event(NamedTuple):
    """A repair or a settled annotation with its place; events sort in the order of the files."""

    path: str
    offset: int
    line: int
    """Line within the record that begins at `offset`."""
    what: str


@dataclass
class Events:
    """How many events there are, and the first ones in the order of the files."""

    count: int = 0
    first: list[Event] = field(default_factory=list)

    def add(self, events: list[Event]) -> None:
        """Count the events, and keep those that are among the first."""
        self.merge(Events(len(events), events))

    def merge(self, other: Events) -> None:
        """Add the events of another bundle."""
        self.count += other.count
        self.first = sorted([*self.first, *other.first])[:FIRST_EVENTS]


@dataclass
class PartialCounts:
    """Counts of a split in one bundle; picklable, and the same in whatever order they are merged."""

    sentences: int = 0
    tokens: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    repairs: Events = field(default_factory=Events)
    settled: Events = field(default_factory=Events)

    def merge(self, other: PartialCounts) -> None:
        """Add the counts of another bundle."""
        self.sentences += other.sentences
        self.tokens += other.tokens
        self.entities.update(other.entities)
        self.tags.update(other.tags)
        self.repairs.merge(other.repairs)
        self.settled.merge(other.settled)


@dataclass
class PartialSummary:
    """Counts of all splits and files in one bundle, the scheme of the files and what was recognised."""

    scheme: str = ""
    told: list[str] = field(default_factory=list)
    splits: dict[str, PartialCounts] = field(default_factory=dict)
    files: Counter[str] = field(default_factory=Counter)

    def of_split(self, name: str) -> PartialCounts:
        """The counts of a split, which begin at nothing."""
        return self.splits.setdefault(name, PartialCounts())

    def to_json(self) -> bytes:
        """Encode for another process; `from_json` decodes it."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, text: bytes) -> PartialSummary:
        """Decode what `to_json` encoded.

        Raises:
            ValueError: it is something else.
        """
        return msgspec.json.decode(text, type=cls, dec_hook=_counter)

    def merge(self, other: PartialSummary) -> PartialSummary:
        """Add another bundle's counts; returns itself."""
        self.scheme = self.scheme or other.scheme
        self.told = self.told or other.told
        self.files.update(other.files)
        for name, partial in other.splits.items():
            self.of_split(name).merge(partial)
        return self


def _counter(_: Any, counts: Any) -> Counter[str]:
    # The one type here that msgspec does not know.
    return Counter(msgspec.convert(counts, dict[str, int]))
