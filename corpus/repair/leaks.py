"""Train sentences that dev or test hold too: removed from train, where that harms nothing.

Which of two splits should lose a sentence is plain where one of them is train: dev and test are what scores
stand on. A sentence that dev and test share is left to a person, as is a train split that would lose much of
itself, and the last example of a label.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from corpus.convert import parsed
from corpus.errors import BadLine
from corpus.layout import Layout
from corpus.repair.record import Mender
from corpus.repair.segments import segments
from corpus.splits import split_of, text_key

# A larger share of train in dev and test speaks of splits that were not cut as meant.
MOST = 0.1

_DOCUMENT_LINE = re.compile(rb"-DOCSTART-|#\s*new(?:doc|par)\b")


class Leaks:
    """Knows which train sentences are to go. Reads the corpus once or twice at the start.

    Args:
        layout: the files.
        mender: mends records before they are compared.
    """

    def __init__(self, layout: Layout, mender: Mender) -> None:
        self._layout = layout
        self._mender = mender
        self._kept_labels: list[str] = []
        self._refused = ""
        self._keys: set[int] = set()
        self._labels = Counter[str]()
        if "D205" not in mender.wanted or not layout.splits:
            # Splits that a hash cuts share no sentence.
            return
        trial = Mender(mender.options, mender.scheme, mender.wanted)
        for path, split in layout.files():
            if split != "train":
                self._gather(path, split, trial)
        sentences = shared = 0
        for path, split in layout.files():
            if split not in ("train", None):
                continue
            for key, labels in self._sentences(path, split, trial):
                sentences += 1
                shared += key in self._keys
                self._labels.update(labels)
        if shared > MOST * sentences:
            self._refused = (
                f"{shared} of {sentences} train sentences are in dev or test too; so many are not removed: "
                "look how the splits were cut"
            )
            self._keys = set()

    def left(self) -> list[str]:
        """What was not removed and why, in words."""
        left = [self._refused] if self._refused else []
        if self._kept_labels:
            count = len(self._kept_labels)
            left.append(
                f"{count} train sentence{'s' * (count != 1)} in dev or test too stayed, with the last example of "
                f"{', '.join(sorted(set(self._kept_labels))[:5])}"
            )
        return left

    def without(self, path: Path, split: str | None, lines: list[bytes]) -> list[bytes]:
        """A record's lines, or what is left of them where it is to go: lines that begin a document."""
        if not self._keys or split not in ("train", None):
            return lines
        known = self._known(path, split, lines, self._mender)
        if known is None or known[0] not in self._keys or self._split(split, known[0]) != "train":
            return lines
        last = [label for label, count in known[1].items() if self._labels[label] <= count]
        if last:
            self._kept_labels.append(last[0])
            return lines
        self._labels.subtract(known[1])
        self._mender.done["D205"] += 1
        return [line for line in lines if _DOCUMENT_LINE.match(line)]

    def _gather(self, path: Path, split: str | None, trial: Mender) -> None:
        for segment in segments(path, trial.options):
            known = None if segment.blank else self._known(path, split, trial.block(path, segment), trial)
            if known is not None and self._split(split, known[0]) != "train":
                self._keys.add(known[0])

    def _sentences(self, path: Path, split: str | None, trial: Mender) -> Iterator[tuple[int, Counter[str]]]:
        """(key, labels) of the train sentences of a file."""
        for segment in segments(path, trial.options):
            known = None if segment.blank else self._known(path, split, trial.block(path, segment), trial)
            if known is not None and self._split(split, known[0]) == "train":
                yield known

    def _known(
        self, path: Path, split: str | None, lines: list[bytes], mender: Mender
    ) -> tuple[int, Counter[str]] | None:
        """A sentence's key, and how many examples of each label it holds; None where it cannot be read."""
        record = mender.record(path, lines)
        if record is None or record.sentence is None:
            return None
        key = text_key(record.sentence.tokens)
        if self._split(split, key) != "train":
            return key, Counter()
        if mender.scheme.is_plain:
            return key, Counter(record.sentence.tags)
        try:
            return key, Counter(span.label for span in parsed(record, mender.scheme).spans)
        except BadLine:
            return None

    def _split(self, split: str | None, key: int) -> str:
        if split is not None:
            return split
        assert self._layout.shares is not None
        return split_of(key, self._layout.shares)
