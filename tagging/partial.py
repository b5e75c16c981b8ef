"""Partial credit for entities: predictions that are right in part.

Three measures, each with precision, recall and F1, beside the exact ones of `tagging.scoring`. Entities are
read strictly, and each counts once, however many it overlaps.

- `overlap`: an entity of the same label with a common token; the boundary may be wrong. This is the "type"
  measure of SemEval-2013 task 9.1 (Segura-Bedmar et al. 2013, section 5), which took it from the MUC
  evaluations (Chinchor and Sundheim 1993).
- `boundary`: an entity of exactly the same tokens, whatever its label: SemEval's "exact boundary".
- `type`: an entity of the same label anywhere in the same sentence: does the sentence have as many entities
  of each label as it should?

Exact matches count for all three, so none of them is below the exact score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tagging.scoring import Counts, check_lengths, strict_spans
from tagging.spans import Span
from tagging.tables import Scheme


class PartialCounts(NamedTuple):
    """The counts of one or more sentences by measure, all labels together."""

    overlap: Counts = Counts()
    boundary: Counts = Counts()
    type: Counts = Counts()

    def add(self, other: PartialCounts) -> PartialCounts:
        """Add the counts of both."""
        return PartialCounts(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def partial_counts(gold: Sequence[str], predicted: Sequence[str], scheme: Scheme) -> PartialCounts:
    """Count one sentence; `Score.of` turns the counts into scores.

    Raises:
        UnknownTag: a prefix that the scheme does not have, or a prefix without a label.
        ValueError: the sequences differ in length, or the scheme is plain.
    """
    check_lengths(gold, predicted)
    ours, theirs = strict_spans(gold, scheme), strict_spans(predicted, scheme)
    exact = {(start, end) for start, end, _ in ours} & {(start, end) for start, end, _ in theirs}
    labels = Counter(span.label for span in ours) & Counter(span.label for span in theirs)
    return PartialCounts(
        overlap=Counts(len(ours), len(theirs), len(pairs_of_a_label(ours, theirs))),
        boundary=Counts(len(ours), len(theirs), len(exact)),
        type=Counts(len(ours), len(theirs), sum(labels.values())),
    )


def pairs_of_a_label(gold: Sequence[Span], predicted: Sequence[Span]) -> list[tuple[Span, Span]]:
    """Pair overlapping spans of the same label (`overlapping_pairs`), in the order of the gold spans."""
    return sorted(
        pair
        for label in {span.label for span in gold} & {span.label for span in predicted}
        for pair in overlapping_pairs(
            [span for span in gold if span.label == label],
            [span for span in predicted if span.label == label],
        )
    )


def overlapping_pairs(gold: Sequence[Span], predicted: Sequence[Span]) -> list[tuple[Span, Span]]:
    """Pair as many gold and predicted spans with a common token as possible, each span once.

    The spans of each side are in order and do not overlap. Then pairing the leftmost two that overlap is
    optimal: at most one of them overlaps any later span.
    """
    pairs = []
    ours, theirs = iter(gold), iter(predicted)
    mine, other = next(ours, None), next(theirs, None)
    while mine is not None and other is not None:
        if mine.end <= other.start:
            mine = next(ours, None)
        elif other.end <= mine.start:
            other = next(theirs, None)
        else:
            pairs.append((mine, other))
            mine, other = next(ours, None), next(theirs, None)
    return pairs
