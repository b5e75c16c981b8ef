"""Scores of answers, compared with seqeval's on the same sentences."""

from __future__ import annotations

from random import Random

import pytest
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from corpus.record import Record
from corpus.sentence import Sentence
from serving.batch.scores import count_correct, total_scores
from serving.batch.sources import InputSentence
from serving.client.answers import TaggedSentence, TaggedToken, sentence_of
from tagging.notation import Notation
from tagging.schemes import BIO, BIOES, convert


def sentence(tags: list[str]) -> InputSentence:
    tokens = tuple(f"w{n}" for n in range(len(tags)))
    return InputSentence(1, 0, Record(Sentence(tokens, tuple(tags)), range(len(tags))), None)


def answered(tags: list[str]) -> TaggedSentence:
    return sentence_of("", tuple(TaggedToken("w", tag, 1.0, 0, 1) for tag in tags), 1.0)


def bio(random: Random, length: int) -> list[str]:
    tags: list[str] = []
    while len(tags) < length:
        label = random.choice(("PER", "LOC", "O", "O"))
        tags += ["O"] if label == "O" else [f"B-{label}", *[f"I-{label}"] * random.randrange(3)]
    return tags[:length]


@pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
@pytest.mark.parametrize("parts", [1, 3])
def test_entities_are_scored_as_by_seqeval(scheme: str, parts: int) -> None:
    random = Random(4)
    lengths = [random.randrange(12) for _ in range(60)]
    gold = [bio(random, length) for length in lengths]
    predicted = [tags if random.random() < 0.5 else bio(random, len(tags)) for tags in gold]
    written = gold if scheme == "BIO" else [convert(tags, BIO, BIOES)[0] for tags in gold]
    step = len(gold) // parts
    scores = total_scores(
        count_correct(
            [sentence(tags) for tags in written[at : at + step]],
            [answered(tags) for tags in predicted[at : at + step]],
            Notation(scheme),
        )
        for at in range(0, len(gold), step)
    )
    assert scores is not None
    assert scores.primary == "entity_f1_strict"
    oracle = {"mode": "strict", "scheme": IOB2}
    metrics = scores.metrics
    assert metrics["entity_f1_strict"] == pytest.approx(f1_score(gold, predicted, **oracle))
    assert metrics["entity_precision_strict"] == pytest.approx(precision_score(gold, predicted, **oracle))
    assert metrics["entity_recall_strict"] == pytest.approx(recall_score(gold, predicted, **oracle))
    by_label = f1_score(gold, predicted, average=None, **oracle)
    assert [metrics["entity_f1_strict/LOC"], metrics["entity_f1_strict/PER"]] == pytest.approx(list(by_label))
    tokens = [
        pair for one, other in zip(gold, predicted, strict=True) for pair in zip(one, other, strict=True)
    ]
    assert metrics["token_accuracy"] == pytest.approx(sum(a == b for a, b in tokens) / len(tokens))


def test_plain_tags_are_scored_by_accuracy() -> None:
    scores = total_scores(
        [
            count_correct(
                [sentence(["NOUN", "VERB", "NOUN"])], [answered(["NOUN", "NOUN", "NOUN"])], Notation("PLAIN")
            )
        ]
    )
    assert scores is not None
    assert (scores.primary, scores.metrics) == ("token_accuracy", {"token_accuracy": pytest.approx(2 / 3)})


def test_without_a_scheme_there_is_no_score() -> None:
    assert total_scores([count_correct([sentence(["O"])], [answered(["O"])], None)]) is None


def test_answers_of_another_kind_have_no_score() -> None:
    assert (
        total_scores(
            [count_correct([sentence(["B-PER", "O"])], [answered(["NOUN", "VERB"])], Notation("BIO"))]
        )
        is None
    )


def test_an_empty_sentence_counts_nothing() -> None:
    empty, one = InputSentence(1, 0, Record(None), None), sentence(["B-PER"])
    with_empty = count_correct([empty, one], [answered([]), answered(["B-PER"])], Notation("BIO"))
    assert with_empty == count_correct([one], [answered(["B-PER"])], Notation("BIO"))
