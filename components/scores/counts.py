"""Counts of a sentence, by column; every metric is computed from their sums.

| column | count |
|---|---|
| `sentences`, `right_sentences` | 1; 1 if every tag is right, else 0 |
| `tokens`, `right_tokens` | tokens; those tagged right |
| `gold/L`, `predicted/L`, `correct/L` | entities of the label L, read strictly; for plain tags tokens of the tag L |
| `gold_conlleval`, ... | entities of any label, read leniently |
| `correct_overlap`, `correct_boundary`, `correct_type` | partly right entities; see `tagging.partial` |
| `gold_seen/L`, `correct_seen/L` | gold entities that train has, and how many of them were predicted |
| `gold_unseen/L`, `correct_unseen/L` | gold entities that train lacks, and how many of them were predicted |
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from components.predictor.answer import Answer
from tagging.partial import partial_counts
from tagging.schemes import can_read
from tagging.scoring import Counts, entity_counts, strict_spans, tag_counts
from tagging.tables import OUTSIDE, Scheme


def sentence_counts(answer: Answer, scheme: Scheme) -> Counter[str]:
    """Count one sentence; a missing column is 0.

    Args:
        answer: a model's; predicted tags that the scheme cannot read have no entity.
        scheme: of the gold tags, PLAIN for plain tags.

    Raises:
        ValueError: the numbers of gold and predicted tags differ.
    """
    right = sum(map(str.__eq__, answer.gold, answer.predicted))
    counts = Counter(
        sentences=1,
        right_sentences=int(right == len(answer.gold)),
        tokens=len(answer.gold),
        right_tokens=right,
    )
    if scheme.is_plain:
        for tag, count in tag_counts(answer.gold, answer.predicted).items():
            counts.update(_columns(count, f"/{tag}"))
        return counts
    predicted = answer.predicted if can_read(answer.predicted, scheme) else (OUTSIDE,) * len(answer.gold)
    for label, count in entity_counts(answer.gold, predicted, scheme, "strict").items():
        counts.update(_columns(count, f"/{label}"))
    for count in entity_counts(answer.gold, predicted, scheme, "conlleval").values():
        counts.update(_columns(count, "_conlleval"))
    for measure, count in partial_counts(answer.gold, predicted, scheme)._asdict().items():
        counts[f"correct_{measure}"] = count.correct
    correct = set(strict_spans(predicted, scheme))
    for span, seen in zip(strict_spans(answer.gold, scheme), answer.seen, strict=bool(answer.seen)):
        kind = "seen" if seen else "unseen"
        counts[f"gold_{kind}/{span.label}"] += 1
        counts[f"correct_{kind}/{span.label}"] += span in correct
    return counts


def _columns(counts: Counts, suffix: str) -> dict[str, int]:
    return {
        f"gold{suffix}": counts.gold,
        f"predicted{suffix}": counts.predicted,
        f"correct{suffix}": counts.correct,
    }


class CountTable:
    """Counts of a model on S sentences, as (sentence, column, count) where the count is not 0."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._rows, self._columns, self._values = array("q"), array("q"), array("q")
        self._sentences = 0

    def __len__(self) -> int:
        return self._sentences

    @property
    def columns(self) -> set[str]:
        """The columns that are not 0 throughout."""
        return set(self._numbers)

    def add(self, counts: Mapping[str, int]) -> None:
        """Add the next sentence."""
        for column, count in counts.items():
            if count:
                self._rows.append(self._sentences)
                self._columns.append(self._numbers.setdefault(column, len(self._numbers)))
                self._values.append(count)
        self._sentences += 1

    def matrix(self, columns: Iterable[str]) -> npt.NDArray[np.int64]:
        """Counts int[S, M] in M columns, also in those that are 0 throughout."""
        wanted = {self._numbers[name]: place for place, name in enumerate(columns) if name in self._numbers}
        places = np.full(len(self._numbers), -1)
        places[list(wanted)] = list(wanted.values())
        matrix = np.zeros((self._sentences, len(list(columns))), np.int64)
        column = places[np.frombuffer(self._columns, np.int64)]
        there = column >= 0
        rows = np.frombuffer(self._rows, np.int64)[there]
        matrix[rows, column[there]] = np.frombuffer(self._values, np.int64)[there]
        return matrix
