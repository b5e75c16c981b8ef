"""Remove sentences of dev and test from train, where that does no harm.

If train and another split share a sentence, train loses it: scores depend on dev and test. A sentence that
dev and test share is left to a person, as are a train split that would lose much, and the last example of a
label.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from corpus.errors import BadLine
from corpus.formats.table import FileReader
from corpus.reading.files import reader_for
from corpus.reading.sentences import outcomes
from corpus.reading.training_tags import parse_tags
from corpus.record import Record
from corpus.repair.records import parse_record, repair_record
from corpus.repair.repairs import Repairs
from corpus.repair.segments import segments
from corpus.splits.by_hash import split_of, text_key
from corpus.splits.layout import Layout

# If dev and test have a larger share of train, the splits were not made as intended, and nothing is removed.
MAX_SHARE = 0.1

_DOCUMENT_LINE = re.compile(rb"#\s*new(?:doc|par)\b")


class _Sentence(NamedTuple):
    """A sentence's `text_key`, its split, and its number of examples by label (counted in train only)."""

    key: int
    split: str
    labels: Counter[str]


class Leaks:
    """The train sentences to remove. Reads the corpus once or twice when created.

    Args:
        layout: the files.
        repairs: repairs of records, made before they are compared, and the count of sentences removed.
    """

    def __init__(self, layout: Layout, repairs: Repairs) -> None:
        self._layout = layout
        self._repairs = repairs
        self._kept_labels: list[str] = []
        self._refused = ""
        self._keys: set[int] = set()
        self._labels = Counter[str]()
        if "D205" not in repairs.codes or not layout.splits:
            # Splits by hash share no sentence.
            return
        trial = repairs.trial()
        for path, split in layout.files():
            if split != "train":
                sentences = self._sentences(path, split, trial)
                self._keys.update(sentence.key for sentence in sentences if sentence.split != "train")
        total = shared = 0
        for path, split in layout.files():
            if split in ("train", None):
                for sentence in self._sentences(path, split, trial):
                    if sentence.split == "train":
                        total += 1
                        shared += sentence.key in self._keys
                        self._labels.update(sentence.labels)
        if shared > MAX_SHARE * total:
            self._refused = (
                f"{shared} of {total} train sentences are in dev or test too; so many are not removed: "
                "check how the splits were made"
            )
            self._keys = set()

    def left(self) -> list[str]:
        """Describe the sentences that were not removed, with the reason."""
        left = [self._refused] if self._refused else []
        if self._kept_labels:
            count = len(self._kept_labels)
            left.append(
                f"{count} train sentence{'s' * (count != 1)} in dev or test too stayed, with the last example of "
                f"{', '.join(sorted(set(self._kept_labels))[:5])}"
            )
        return left

    def without_leak(self, reader: FileReader, split: str | None, lines: list[bytes]) -> list[bytes]:
        """Return the lines of a record; of a leak, only those that begin a document."""
        if not self._keys or split not in ("train", None):
            return lines
        sentence = self._sentence(reader, split, lines, self._repairs)
        if sentence is None or sentence.key not in self._keys or sentence.split != "train":
            return lines
        labels = sentence.labels
        last = [label for label, count in labels.items() if self._labels[label] <= count]
        if last:
            self._kept_labels.append(last[0])
            return lines
        self._labels.subtract(labels)
        self._repairs.counts["D205"] += 1
        return [line for line in lines if _DOCUMENT_LINE.match(line)]

    def _sentences(self, path: Path, split: str | None, trial: Repairs) -> Iterator[_Sentence]:
        reader = reader_for(path, trial.options)
        if reader.packed:
            for _, record in outcomes(path, trial.options):
                sentence = self._of_record(record, split, trial) if isinstance(record, Record) else None
                if sentence is not None:
                    yield sentence
            return
        for segment in segments(path, reader):
            if not segment.blank:
                sentence = self._sentence(reader, split, repair_record(reader, segment, trial), trial)
                if sentence is not None:
                    yield sentence

    def _sentence(
        self, reader: FileReader, split: str | None, lines: list[bytes], repairs: Repairs
    ) -> _Sentence | None:
        """Parse the sentence of a record's lines; None if it cannot be read."""
        record = parse_record(reader, lines)
        return None if record is None else self._of_record(record, split, repairs)

    def _of_record(self, record: Record, split: str | None, repairs: Repairs) -> _Sentence | None:
        if record.sentence is None:
            return None
        key = text_key(record.sentence.tokens)
        if split is None:
            assert self._layout.shares is not None
            split = split_of(key, self._layout.shares)
        if split != "train":
            return _Sentence(key, split, Counter())
        if repairs.notation.is_plain:
            return _Sentence(key, split, Counter(record.sentence.tags))
        try:
            spans = parse_tags(record, repairs.notation).spans
        except BadLine:
            return None
        return _Sentence(key, split, Counter(span.label for span in spans))
