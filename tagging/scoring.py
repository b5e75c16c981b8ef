"""Entity scores and token accuracy, exact and mergeable.

There are two ways to read the entities of a predicted sequence that its scheme does not allow, with different
scores:

- `strict` counts only entities written exactly as the scheme prescribes (seqeval with `mode="strict"` and the
  scheme named);
- `conlleval` reads leniently: a tag that continues no entity begins one (the conlleval script, and seqeval by
  default).

On legal sequences both agree. If a denominator is 0 the score is 0.0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tagging.schemes import parse, read_tags
from tagging.spans import Span
from tagging.tables import OUTSIDE, Scheme

Mode = Literal["strict", "conlleval"]


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of entities in the gold tags, in the predicted tags, and in both."""

    gold: int = 0
    predicted: int = 0
    correct: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.gold + other.gold, self.predicted + other.predicted, self.correct + other.correct)


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and their harmonic mean, each in 0..1, and the number of gold entities."""

    precision: float
    recall: float
    f1: float
    support: int

    @classmethod
    def of(cls, counts: Counts) -> Score:
        """Compute the score from counts."""
        precision = _share(counts.correct, counts.predicted)
        recall = _share(counts.correct, counts.gold)
        # From the counts, so that a floor that is met exactly is not missed by rounding.
        f1 = _share(2 * counts.correct, counts.gold + counts.predicted)
        return cls(precision, recall, f1, counts.gold)

    @classmethod
    def mean(cls, scores: Iterable[Score]) -> Score:
        """Compute the unweighted mean (macro average); the supports are added."""
        listed = list(scores)
        return cls(
            precision=_share(sum(score.precision for score in listed), len(listed)),
            recall=_share(sum(score.recall for score in listed), len(listed)),
            f1=_share(sum(score.f1 for score in listed), len(listed)),
            support=sum(score.support for score in listed),
        )


def _share(part: float, total: float) -> float:
    return part / total if total else 0.0


@dataclass(frozen=True, slots=True)
class EntityScores:
    """Scores of a corpus: over all entities, per label, and the mean over the labels."""

    micro: Score
    macro: Score
    per_label: dict[str, Score]

    @classmethod
    def of(cls, counts: Mapping[str, Counts]) -> EntityScores:
        """Compute the scores from counts added over the sentences of a corpus."""
        per_label = {label: Score.of(counts[label]) for label in sorted(counts)}
        return cls(
            micro=Score.of(sum(counts.values(), Counts())),
            macro=Score.mean(per_label.values()),
            per_label=per_label,
        )


def strict_spans(tags: Sequence[str], scheme: Scheme) -> list[Span]:
    """Read the entities written exactly as the scheme prescribes; others are skipped.

    Raises:
        UnknownTag: a prefix that the scheme does not have, or a prefix without a label.
        ValueError: the scheme is plain.
    """
    spans = []
    start: int | None = None
    before, label_before = OUTSIDE, ""
    # The end of the sentence closes an entity like an `O`.
    for index, (prefix, label) in enumerate([*read_tags(tags, scheme), (OUTSIDE, "")]):
        step = (before, prefix, label == label_before)
        if start is None or step not in scheme.continues:
            if start is not None and step in scheme.ends:
                spans.append(Span(start, index, label_before))
            start = index if step in scheme.begins else None
        before, label_before = prefix, label
    return spans


def entity_spans(tags: Sequence[str], scheme: Scheme, mode: Mode) -> list[Span]:
    """Read the entities of a sentence in one of the modes."""
    if mode == "strict":
        return strict_spans(tags, scheme)
    if mode == "conlleval":
        return parse(tags, scheme).spans
    raise ValueError(f"unknown scoring mode {mode!r}; expected 'strict' or 'conlleval'")


def entity_counts(
    gold: Sequence[str], predicted: Sequence[str], scheme: Scheme, mode: Mode
) -> dict[str, Counts]:
    """Count one sentence's entities by label; an entity is correct if its label, start and end are.

    Raises:
        UnknownTag: a prefix that the scheme does not have, or a prefix without a label.
        ValueError: the sequences differ in length, the scheme is plain or the mode unknown.
    """
    check_lengths(gold, predicted)
    gold_spans = set(entity_spans(gold, scheme, mode))
    predicted_spans = set(entity_spans(predicted, scheme, mode))
    in_gold = Counter(span.label for span in gold_spans)
    in_predicted = Counter(span.label for span in predicted_spans)
    in_both = Counter(span.label for span in gold_spans & predicted_spans)
    return {
        label: Counts(in_gold[label], in_predicted[label], in_both[label])
        for label in sorted(in_gold.keys() | in_predicted.keys())
    }


def add_counts(total: dict[str, Counts], counts: Mapping[str, Counts]) -> dict[str, Counts]:
    """Add counts by label to `total`, in place, and return it; the order of additions does not matter."""
    for label, count in counts.items():
        total[label] = total.get(label, Counts()) + count
    return total


def entity_scores(
    gold_sentences: Iterable[Sequence[str]],
    predicted_sentences: Iterable[Sequence[str]],
    scheme: Scheme,
    mode: Mode,
) -> EntityScores:
    """Score a corpus: micro, macro and per label.

    Raises:
        UnknownTag, ValueError: as for `entity_counts`.
    """
    total: dict[str, Counts] = {}
    for gold, predicted in zip(gold_sentences, predicted_sentences, strict=True):
        add_counts(total, entity_counts(gold, predicted, scheme, mode))
    return EntityScores.of(total)


def entity_f1_strict(
    gold_sentences: Iterable[Sequence[str]], predicted_sentences: Iterable[Sequence[str]], scheme: Scheme
) -> float:
    """Compute the micro F1, in 0..1, of entities written exactly as the scheme prescribes."""
    return entity_scores(gold_sentences, predicted_sentences, scheme, "strict").micro.f1


def entity_f1_conlleval(
    gold_sentences: Iterable[Sequence[str]], predicted_sentences: Iterable[Sequence[str]], scheme: Scheme
) -> float:
    """Compute the micro F1, in 0..1, of entities read as by the conlleval script."""
    return entity_scores(gold_sentences, predicted_sentences, scheme, "conlleval").micro.f1


def token_accuracy(
    gold_sentences: Iterable[Sequence[str]], predicted_sentences: Iterable[Sequence[str]]
) -> float:
    """Compute the share of tokens with the right tag, in 0..1; 0.0 if there are no tokens."""
    right = tokens = 0
    for gold, predicted in zip(gold_sentences, predicted_sentences, strict=True):
        check_lengths(gold, predicted)
        right += sum(map(str.__eq__, gold, predicted))
        tokens += len(gold)
    return _share(right, tokens)


def tag_counts(gold: Sequence[str], predicted: Sequence[str]) -> dict[str, Counts]:
    """Count one sentence's tokens by tag, for plain tags: `Counts.correct` are tokens with the same tag.

    `EntityScores.of` turns them into scores; a tag's recall is its accuracy.

    Raises:
        ValueError: the sequences differ in length.
    """
    check_lengths(gold, predicted)
    in_gold, in_predicted = Counter(gold), Counter(predicted)
    in_both = Counter(tag for tag, other in zip(gold, predicted, strict=True) if tag == other)
    return {
        tag: Counts(in_gold[tag], in_predicted[tag], in_both[tag])
        for tag in sorted(in_gold.keys() | in_predicted.keys())
    }


def check_lengths(gold: Sequence[str], predicted: Sequence[str]) -> None:
    """Check that there is one tag of each sequence per token.

    Raises:
        ValueError: the sequences differ in length.
    """
    if len(gold) != len(predicted):
        raise ValueError(
            f"{len(gold)} gold tags but {len(predicted)} predicted ones; expected one of each per token: "
            "compare the same sentence, and cut predictions to its length"
        )
