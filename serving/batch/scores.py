"""Answers against the tags that the input came with, counted by part and added up at the end.

All scores are those of `tagging.scoring`. The model answers in BIO, so the input's tags are read into BIO first,
as training reads them; what a scheme does not allow is repaired the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from corpus.reading.training_tags import training_tags
from serving.batch.sources import Given
from serving.client.answers import TaggedSentence
from tagging.schemes import BIO, PLAIN, scheme_named, split_tag
from tagging.scoring import Counts, EntityScores, Score, add_counts, entity_counts, tag_counts

# Gold, predicted, correct.
Triple = tuple[int, int, int]


class Counted(msgspec.Struct, frozen=True):
    """Counts of some sentences: entities by label (strict), tokens by tag. Empty where there is nothing to score.

    Attributes:
        entities: None where the tags are plain.
        unlike: a tag of the answers that is not of the kind of the input's tags; empty if none is.
    """

    entities: dict[str, Triple] | None
    tags: dict[str, Triple]
    unlike: str = ""


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """What the answers score.

    Attributes:
        primary: `entity_f1_strict`, or `token_accuracy` for plain tags.
        metrics: by key, such as `entity_f1_strict/PER`; all in 0..1 but the counts `entities/LABEL`.
    """

    primary: str
    metrics: dict[str, float]


def counted(sentences: Sequence[Given], answers: Sequence[TaggedSentence], scheme: str | None) -> Counted:
    """Counts what of the answers is right, by the tags in the file; `scheme` as in `Plan`."""
    if scheme is None:
        return Counted(None, {})
    named = scheme_named(scheme)
    entities: dict[str, Counts] = {}
    tags: dict[str, Counts] = {}
    unlike = ""
    for given, answer in zip(sentences, answers, strict=True):
        if given.record is None or given.record.sentence is None:
            continue
        predicted = [token.tag for token in answer.tokens]
        gold, _ = training_tags(given.record, named, BIO)
        add_counts(tags, tag_counts(gold, predicted))
        if named is PLAIN:
            continue
        unlike = unlike or next((tag for tag in predicted if not _is_bio(tag)), "")
        if not unlike:
            add_counts(entities, entity_counts(gold, predicted, BIO, "strict"))
    return Counted(None if named is PLAIN else _triples(entities), _triples(tags), unlike)


def scored(parts: Iterable[Counted]) -> Scores | None:
    """The scores of all parts together; None where nothing was counted, or the tags are of two kinds."""
    entities: dict[str, Counts] = {}
    tags: dict[str, Counts] = {}
    plain = True
    for part in parts:
        if part.unlike:
            return None
        if part.entities is not None:
            plain = False
            add_counts(entities, _counts(part.entities))
        add_counts(tags, _counts(part.tags))
    if not tags:
        return None
    accuracy = {"token_accuracy": EntityScores.of(tags).micro.recall}
    if plain:
        return Scores(primary="token_accuracy", metrics=accuracy)
    found = EntityScores.of(entities)
    metrics = _named(found.micro, "") | {"entity_f1_strict_macro": found.macro.f1} | accuracy
    for label, score in found.per_label.items():
        metrics |= _named(score, f"/{label}") | {f"entities/{label}": float(score.support)}
    return Scores(primary="entity_f1_strict", metrics=metrics)


def _named(score: Score, of: str) -> dict[str, float]:
    values = {"precision": score.precision, "recall": score.recall, "f1": score.f1}
    return {f"entity_{name}_strict{of}": value for name, value in values.items()}


def _is_bio(tag: str) -> bool:
    prefix, label = split_tag(tag)
    return tag == "O" or (prefix in ("B", "I") and bool(label))


def _triples(counts: dict[str, Counts]) -> dict[str, Triple]:
    return {name: (count.gold, count.predicted, count.correct) for name, count in sorted(counts.items())}


def _counts(triples: dict[str, Triple]) -> dict[str, Counts]:
    return {name: Counts(*triple) for name, triple in triples.items()}
