"""Counts and metrics against `tagging.scoring` and seqeval, which score the sentences themselves."""

from __future__ import annotations

import numpy as np
import pytest
import seqeval.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.scheme import IOBES

from components.predictor.answer import Answer
from components.scores.counts import CountTable, sentence_counts
from components.scores.ratios import entity_metrics, plain_metrics, seen_metrics
from tagging.partial import PartialCounts, partial_counts
from tagging.schemes import BIOES, PLAIN
from tagging.scoring import Counts, Score, add_counts, entity_scores, tag_counts, token_accuracy
from tests.components.scores.handmade_answers import answer

TAGS = ["O", *(f"{prefix}-{label}" for prefix in "BIES" for label in ("PER", "LOC"))]
SENTENCE = st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), max_size=6)
CORPUS = st.lists(SENTENCE, min_size=1, max_size=5)


def answers_of(corpus: list[list[tuple[str, str]]]) -> list[Answer]:
    return [answer(" ".join(g for g, _ in pairs), " ".join(p for _, p in pairs)) for pairs in corpus]


def scored(answers: list[Answer], *, plain: bool = False) -> dict[str, float]:
    """By way of counts, as the gate does."""
    table = CountTable()
    for one in answers:
        table.add(sentence_counts(one, PLAIN if plain else BIOES))
    labels = {name.partition("/")[2] for name in table.columns if name.startswith(("gold/", "predicted/"))}
    metrics = plain_metrics(labels) if plain else entity_metrics(labels)
    sums = table.matrix(metrics.columns).sum(axis=0, keepdims=True)
    values = dict(zip(metrics.names, metrics.of_sums(sums)[0], strict=True))
    assert len(values) == len(metrics.names), "no key twice"
    # Where nothing is there to share, scores are 0.
    return {name: float(np.nan_to_num(value)) for name, value in values.items()}


@settings(max_examples=200, deadline=None)
@given(corpus=CORPUS)
def test_entity_metrics_are_those_of_scoring(corpus: list[list[tuple[str, str]]]) -> None:
    answers = answers_of(corpus)
    found = scored(answers)
    gold, predicted = [one.gold for one in answers], [one.predicted for one in answers]
    strict = entity_scores(gold, predicted, BIOES, "strict")
    partial = PartialCounts()
    for one in answers:
        partial = partial.add(partial_counts(one.gold, one.predicted, BIOES))
    expected = {
        "token_accuracy": token_accuracy(gold, predicted),
        "sentence_accuracy": sum(g == p for g, p in zip(gold, predicted, strict=True)) / len(gold),
        "entity_f1_conlleval": entity_scores(gold, predicted, BIOES, "conlleval").micro.f1,
    }
    for kind, counts in partial._asdict().items():
        expected[f"entity_f1_{kind}"] = Score.of(counts).f1
    for score in ("precision", "recall", "f1"):
        expected[f"entity_{score}_strict"] = getattr(strict.micro, score)
        expected[f"entity_{score}_strict_macro"] = getattr(strict.macro, score)
        for label, of_label in strict.per_label.items():
            expected[f"entity_{score}_strict/{label}"] = getattr(of_label, score)
    assert found == pytest.approx(expected, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(corpus=CORPUS)
def test_entity_f1_is_seqevals(corpus: list[list[tuple[str, str]]]) -> None:
    answers = answers_of(corpus)
    theirs = seqeval.metrics.f1_score(
        [list(one.gold) for one in answers], [list(one.predicted) for one in answers], mode="strict",
        scheme=IOBES, zero_division=0,
    )  # fmt: skip
    assert scored(answers)["entity_f1_strict"] == pytest.approx(theirs, abs=1e-12)


@given(corpus=CORPUS)
def test_plain_metrics_are_those_of_scoring(corpus: list[list[tuple[str, str]]]) -> None:
    answers = answers_of(corpus)
    counts: dict[str, Counts] = {}
    for one in answers:
        add_counts(counts, tag_counts(one.gold, one.predicted))
    expected = {
        "token_accuracy": token_accuracy([one.gold for one in answers], [one.predicted for one in answers]),
        "sentence_accuracy": sum(one.gold == one.predicted for one in answers) / len(answers),
    }
    for tag, of_tag in counts.items():
        expected |= {f"tag_accuracy/{tag}": Score.of(of_tag).recall, f"tag_f1/{tag}": Score.of(of_tag).f1}
    assert scored(answers, plain=True) == pytest.approx(expected, abs=1e-12)


def test_unreadable_predicted_tags_have_no_entities() -> None:
    found = scored([answer("S-PER O", "S-PER NOUN"), answer("S-PER", "S-PER")])
    assert found["entity_recall_strict"] == 0.5
    assert found["token_accuracy"] == pytest.approx(2 / 3)


def test_seen_and_unseen_entities_are_counted_separately() -> None:
    answers = [
        answer("S-PER O B-LOC E-LOC", "S-PER O S-LOC S-LOC", seen=(True, False)),
        answer("S-LOC S-PER", "S-LOC O", seen=(False, False)),
    ]
    table = CountTable()
    for one in answers:
        table.add(sentence_counts(one, BIOES))
    found = {}
    for kind in ("seen", "unseen"):
        metrics = seen_metrics({"PER", "LOC"}, kind)
        values = metrics.of_sums(table.matrix(metrics.columns).sum(axis=0, keepdims=True))[0]
        found[kind] = dict(zip(metrics.names, values, strict=True))
    assert found["seen"]["entity_recall_strict"] == 1.0
    assert np.isnan(found["seen"]["entity_recall_strict/LOC"])
    assert found["unseen"] == pytest.approx(
        {"entity_recall_strict": 1 / 3, "entity_recall_strict/LOC": 0.5, "entity_recall_strict/PER": 0.0}
    )


def test_many_sums_at_once_give_the_values_of_each() -> None:
    metrics = entity_metrics(["PER", "LOC"])
    sums = np.random.default_rng(0).integers(0, 4, size=(50, len(metrics.columns)))
    together = metrics.of_sums(sums)
    for row, alone in zip(sums, together, strict=True):
        np.testing.assert_array_equal(metrics.of_sums(row[None])[0], alone)


def test_only_proportions_have_a_numerator_and_a_denominator() -> None:
    metrics = entity_metrics(["PER"])
    sums = np.array(
        [{"correct/PER": 2, "gold/PER": 3, "predicted/PER": 5}.get(name, 0) for name in metrics.columns]
    )
    assert metrics.proportion("entity_recall_strict", sums) == (2, 3)
    assert metrics.proportion("entity_precision_strict/PER", sums) == (2, 5)
    assert metrics.proportion("entity_f1_strict", sums) is None
    assert metrics.proportion("entity_f1_strict_macro", sums) is None
    assert metrics.proportion("token_accuracy", sums) is None, "of no tokens there is no share"


def test_a_table_returns_the_counts_added() -> None:
    table = CountTable()
    for counts in ({"a": 1, "b": 2}, {}, {"b": 0, "c": 7}):
        table.add(counts)
    assert len(table) == 3
    assert table.columns == {"a", "b", "c"}
    assert table.matrix(["c", "missing", "b"]).tolist() == [[0, 0, 2], [0, 0, 0], [7, 0, 0]]
    assert CountTable().matrix(["a"]).shape == (0, 1)
