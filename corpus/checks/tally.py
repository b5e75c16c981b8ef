"""Count one split while its sentences are streamed."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from corpus.checks.examples import EXAMPLES, marked
from corpus.checks.report import SplitStatistics
from corpus.errors import printable
from corpus.record import Record
from corpus.sentence import Sentence
from tagging.schemes import Parsed


class Place(NamedTuple):
    """A line of a file."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class Tally:
    """The counts of one split. Their size grows with the vocabulary, not with the corpus."""

    def __init__(self) -> None:
        self.sentences = 0
        self.longest = 0
        self.longest_at: Place | None = None
        self.repairs = 0
        self.settled = 0
        self.cut_words = 0
        self.unseeable = 0
        self.examples: list[str] = []
        self.shared = 0
        self.words: Counter[str] = Counter()
        self.tags: Counter[str] = Counter()
        self.entities: Counter[str] = Counter()
        self.tokens_of_label: Counter[str] = Counter()
        self.first: dict[str, Place] = {}

    def add(
        self, sentence: Sentence, record: Record, parsed: Parsed, path: str, line: int, *, plain: bool
    ) -> None:
        """Count a sentence; `first` keeps the first place of every label (plain: of every tag)."""
        size = len(sentence.tokens)
        self.sentences += 1
        self.words.update(sentence.tokens)
        self.tags.update(sentence.tags)
        if size > self.longest:
            self.longest, self.longest_at = size, Place(path, line)
        if plain:
            for tag in set(sentence.tags):
                if tag not in self.first:
                    self.first[tag] = Place(path, line + record.lines[sentence.tags.index(tag)])
        if len(self.examples) < EXAMPLES and (plain or parsed.spans):
            self.examples.append(printable(marked(sentence, parsed.spans, plain=plain)))
        self.repairs += len(parsed.repairs)
        for start, end, label in parsed.spans:
            self.entities[label] += 1
            self.tokens_of_label[label] += end - start
            if label not in self.first:
                self.first[label] = Place(path, line + record.lines[start])

    def labels(self, *, plain: bool) -> Counter[str]:
        """Return the number of examples by label: entities, or tokens if tags are plain."""
        return self.tags if plain else self.entities

    def example_unseen(self, train: Tally, most: int = 5) -> str:
        """List the most frequent tokens that train lacks, separated by commas."""
        unseen = Counter({word: count for word, count in self.words.items() if word not in train.words})
        return ", ".join(word for word, _ in unseen.most_common(most))

    def statistics(self, train: Tally, *, plain: bool) -> SplitStatistics:
        """Compute the statistics of this split, compared with train."""
        tokens = self.words.total()
        by_label = self.tags if plain else self.tokens_of_label
        in_train = train.labels(plain=plain)
        return SplitStatistics(
            sentences=self.sentences,
            tokens=tokens,
            longest=self.longest,
            longest_at="" if self.longest_at is None else printable(str(self.longest_at)),
            entities=dict(self.entities.most_common()),
            tags=dict(self.tags.most_common()),
            repairs=self.repairs,
            settled=self.settled,
            shared=self.shared,
            unseen_tokens=_share(sum(n for word, n in self.words.items() if word not in train.words), tokens),
            unseen_tags=_share(sum(n for label, n in by_label.items() if label not in in_train), tokens),
        )


def _share(part: int, total: int) -> float:
    return part / total if total else 0.0
