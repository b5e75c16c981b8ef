"""Score answers against the tags of the input: counted for each part, added up at the end.

All scores are those of `tagging.scoring`. The model answers in BIO, so the input's tags are converted to BIO
first, as in training; sequences that a scheme does not allow are repaired in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from corpus.reading.training_tags import training_tags
from serving.batch.sources import InputSentence
from serving.client.answers import TaggedSentence
from tagging.notation import Notation
from tagging.schemes import BIO, split_tag
from tagging.scoring import Counts, EntityScores, Score, add_counts, entity_counts, tag_counts

# Gold, predicted, correct.
Triple = tuple[int, int, int]


class PartCounts(msgspec.Struct, frozen=True):
    """Counts of a part: entities by label (strict), tokens by tag. Empty if there is nothing to compare with.

    Attributes:
        entities: None if the tags are plain.
        tags: tokens by tag.
        unlike: a tag of the answers that is not of the same kind as the input's tags; empty if all are.
    """

    entities: dict[str, Triple] | None
    tags: dict[str, Triple]
    unlike: str = ""


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of the answers.

    Attributes:
        primary: `entity_f1_strict`, or `token_accuracy` for plain tags.
        metrics: by key, such as `entity_f1_strict/PER`; all in 0..1 but the counts `entities/LABEL`.
    """

    primary: str
    metrics: dict[str, float]


def count_correct(
    sentences: Sequence[InputSentence], answers: Sequence[TaggedSentence], notation: Notation | None
) -> PartCounts:
    """Count how many answers are correct by the tags in the file; `notation` as in `Plan`."""
    if notation is None:
        return PartCounts(None, {})
    entities: dict[str, Counts] = {}
    tags: dict[str, Counts] = {}
    unlike = ""
    for sentence, answer in zip(sentences, answers, strict=True):
        if sentence.record is None or sentence.record.sentence is None:
            continue
        predicted = [token.tag for token in answer.tokens]
        gold, _ = training_tags(sentence.record, notation, BIO)
        add_counts(tags, tag_counts(gold, predicted))
        if notation.is_plain:
            continue
        unlike = unlike or next((tag for tag in predicted if not _is_bio(tag)), "")
        if not unlike:
            add_counts(entities, entity_counts(gold, predicted, BIO, "strict"))
    return PartCounts(None if notation.is_plain else _triples(entities), _triples(tags), unlike)


def total_scores(parts: Iterable[PartCounts]) -> Scores | None:
    """Compute the scores of all parts together; None if nothing was counted, or tags differ in kind."""
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
    scores = EntityScores.of(entities)
    metrics = _named(scores.micro, "") | {"entity_f1_strict_macro": scores.macro.f1} | accuracy
    for label, score in scores.per_label.items():
        metrics |= _named(score, f"/{label}") | {f"entities/{label}": float(score.support)}
    return Scores(primary="entity_f1_strict", metrics=metrics)


def _named(score: Score, suffix: str) -> dict[str, float]:
    values = {"precision": score.precision, "recall": score.recall, "f1": score.f1}
    return {f"entity_{name}_strict{suffix}": value for name, value in values.items()}


def _is_bio(tag: str) -> bool:
    prefix, label = split_tag(tag)
    return tag == "O" or (prefix in ("B", "I") and bool(label))


def _triples(counts: dict[str, Counts]) -> dict[str, Triple]:
    return {name: (count.gold, count.predicted, count.correct) for name, count in sorted(counts.items())}


def _counts(triples: dict[str, Triple]) -> dict[str, Counts]:
    return {name: Counts(*triple) for name, triple in triples.items()}
