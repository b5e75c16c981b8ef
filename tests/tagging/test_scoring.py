"""Scores against seqeval and the conlleval algorithm on random sequences, and by hand on a small corpus."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from seqeval import scheme as seqeval_scheme
from seqeval.metrics import accuracy_score, sequence_labeling, v1

from tagging.schemes import BILOU, BIO, BIOES, IOB1, PLAIN, Scheme, UnknownTag, parse, split_tag
from tagging.scoring import (
    Counts,
    EntityScores,
    Mode,
    Score,
    add_counts,
    entity_counts,
    entity_f1_conlleval,
    entity_f1_strict,
    entity_scores,
    strict_spans,
    tag_counts,
    token_accuracy,
)
from tagging.spans import Span
from tests.tagging.conlleval import conlleval

ORACLES = {
    "BIO": seqeval_scheme.IOB2,
    "IOB1": seqeval_scheme.IOB1,
    "BIOES": seqeval_scheme.IOBES,
    "BILOU": seqeval_scheme.BILOU,
}
SCHEMES = [BIO, IOB1, BIOES, BILOU]
# seqeval by default knows the four letters of BIOES only.
LETTERS = str.maketrans("LU", "ES")
LABELS = ["a", "creative-work"]


def tags_in(scheme: Scheme) -> list[str]:
    return ["O", *(f"{prefix}-{label}" for prefix in sorted(scheme.prefixes - {"O"}) for label in LABELS)]


def as_bioes(tags: list[str]) -> list[str]:
    return [tag.translate(LETTERS) for tag in tags]


@st.composite
def corpora(draw: st.DrawFn) -> tuple[Scheme, list[list[str]], list[list[str]]]:
    """A scheme, gold and predicted tags; mostly illegal sequences."""
    scheme = draw(st.sampled_from(SCHEMES))
    tags = st.sampled_from(tags_in(scheme))
    gold = draw(st.lists(st.lists(tags, min_size=1, max_size=8), min_size=1, max_size=4))
    predicted = [[draw(st.one_of(st.just(tag), tags)) for tag in sentence] for sentence in gold]
    return scheme, gold, predicted


def oracle(
    gold: list[list[str]], predicted: list[list[str]], scheme: Scheme, mode: Mode, average: str | None
) -> tuple:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if mode == "strict":
            return v1.precision_recall_fscore_support(
                gold, predicted, average=average, scheme=ORACLES[scheme.name]
            )
        return sequence_labeling.precision_recall_fscore_support(
            [as_bioes(tags) for tags in gold], [as_bioes(tags) for tags in predicted], average=average
        )


@pytest.mark.parametrize("mode", ["strict", "conlleval"])
@settings(max_examples=200, deadline=None)
@given(corpus=corpora())
def test_scores_are_those_of_seqeval(mode: Mode, corpus: tuple) -> None:
    scheme, gold, predicted = corpus
    scores = entity_scores(gold, predicted, scheme, mode)
    micro, macro = scores.micro, scores.macro

    precision, recall, f1, _ = oracle(gold, predicted, scheme, mode, "micro")
    assert (micro.precision, micro.recall, micro.f1) == pytest.approx((precision, recall, f1))
    if not scores.per_label:
        assert macro == Score(0.0, 0.0, 0.0, 0)  # where seqeval divides by zero
        return
    precision, recall, f1, support = oracle(gold, predicted, scheme, mode, "macro")
    assert (macro.precision, macro.recall, macro.f1) == pytest.approx((precision, recall, f1))
    assert macro.support == support

    each = oracle(gold, predicted, scheme, mode, None)
    for score, *expected in zip(scores.per_label.values(), *each, strict=True):
        assert [score.precision, score.recall, score.f1, score.support] == pytest.approx(expected)


@settings(max_examples=200, deadline=None)
@given(corpus=corpora())
def test_entities_are_those_of_seqeval(corpus: tuple) -> None:
    scheme, gold, _ = corpus
    for tags in gold:
        strictly = seqeval_scheme.Tokens(tags, ORACLES[scheme.name]).entities
        assert strict_spans(tags, scheme) == [Span(found.start, found.end, found.tag) for found in strictly]
        leniently = sequence_labeling.get_entities(as_bioes(tags))
        assert parse(tags, scheme).spans == [Span(start, last + 1, label) for label, start, last in leniently]


@settings(max_examples=100, deadline=None)
@given(corpus=corpora())
def test_the_modes_agree_on_legal_sequences(corpus: tuple) -> None:
    scheme, gold, _ = corpus
    for tags in gold:
        if not parse(tags, scheme).repairs:
            assert strict_spans(tags, scheme) == parse(tags, scheme).spans


@settings(max_examples=100, deadline=None)
@given(corpus=corpora())
def test_token_accuracy_is_that_of_seqeval(corpus: tuple) -> None:
    _, gold, predicted = corpus
    assert token_accuracy(gold, predicted) == pytest.approx(accuracy_score(gold, predicted))


# What a hyphen, an empty part or a prefix's letter in a label could break.
NASTY = ["a", "b", "creative-work", "creative", "-", "-a", "a-", "O", "B", "I-a", "\u6771\u4eac", "a b", "_"]


@st.composite
def nasty_corpora(draw: st.DrawFn) -> tuple[Scheme, list[list[str]], list[list[str]]]:
    """Empty sentences, sentences of `O` only, labels that only one side knows."""
    scheme = draw(st.sampled_from(SCHEMES))
    prefixes = sorted(scheme.prefixes - {"O"})
    gold_labels = draw(st.lists(st.sampled_from(NASTY), min_size=1, max_size=3))
    guessed_labels = draw(st.lists(st.sampled_from(NASTY), max_size=2))
    gold_tags = ["O", *(f"{prefix}-{label}" for prefix in prefixes for label in gold_labels)]
    guessed_tags = [*gold_tags, *(f"{prefix}-{label}" for prefix in prefixes for label in guessed_labels)]
    gold = draw(st.lists(st.lists(st.sampled_from(gold_tags), max_size=9), max_size=4))
    keep = st.sampled_from([True, True, False])
    predicted = [
        [tag if draw(keep) else draw(st.sampled_from(guessed_tags)) for tag in sentence] for sentence in gold
    ]
    return scheme, gold, predicted


@settings(max_examples=400, deadline=None)
@given(corpus=nasty_corpora())
def test_scores_are_those_of_the_conlleval_algorithm(corpus: tuple) -> None:
    scheme, gold, predicted = corpus
    expected = conlleval([as_bioes(tags) for tags in gold], [as_bioes(tags) for tags in predicted])
    scores = entity_scores(gold, predicted, scheme, "conlleval")
    assert 100 * scores.micro.precision == pytest.approx(expected.precision, abs=1e-12)
    assert 100 * scores.micro.recall == pytest.approx(expected.recall, abs=1e-12)
    assert 100 * entity_f1_conlleval(gold, predicted, scheme) == pytest.approx(expected.f1, abs=1e-12)
    assert 100 * token_accuracy(gold, predicted) == pytest.approx(expected.accuracy, abs=1e-12)
    total: dict[str, Counts] = {}
    for sentence, guess in zip(gold, predicted, strict=True):
        add_counts(total, entity_counts(sentence, guess, scheme, "conlleval"))
    assert total == {
        label: Counts(expected.gold[label], expected.predicted[label], expected.correct[label])
        for label in expected.gold | expected.predicted
    }


# seqeval strips hyphens from the ends of labels, and finds no labels where there are no sentences.
SEQEVAL_LABELS = [label for label in NASTY if label == label.strip("-")]


@settings(max_examples=200, deadline=None)
@given(corpus=nasty_corpora())
def test_f1_is_that_of_seqeval_on_difficult_labels(corpus: tuple) -> None:
    scheme, gold, predicted = corpus
    assume(gold)
    assume(all(split_tag(tag)[1] in ["", *SEQEVAL_LABELS] for tags in gold + predicted for tag in tags))
    strict = oracle(gold, predicted, scheme, "strict", "micro")[2]
    assert entity_f1_strict(gold, predicted, scheme) == pytest.approx(strict)
    lenient = oracle(gold, predicted, scheme, "conlleval", "micro")[2]
    assert entity_f1_conlleval(gold, predicted, scheme) == pytest.approx(lenient)


def test_the_oracle_prints_what_conlleval_prints_on_the_small_corpus() -> None:
    found = conlleval(*small())
    assert tuple(sum(c.values()) for c in (found.gold, found.predicted, found.correct)) == (7, 7, 4)
    assert found.accuracy == pytest.approx(65.0)
    assert found.f1 == pytest.approx(400 / 7)


# token, gold, predicted. Five faults: a boundary, a type, a spurious, a missed one, and an entity that
# begins with an inside tag (right for conlleval, which lets it begin there; nothing in strict mode).
SMALL = """
Maria B-PER B-PER
Rossi I-PER I-PER
left O O
New B-LOC O
York I-LOC B-LOC
for O O
Ford B-ORG B-PER
. O O

In O B-MISC
May O O
, O O
Real B-ORG I-ORG
Madrid I-ORG I-ORG
lost O O
to O O
Chelsea B-ORG O
. O O

Clara B-PER B-PER
met O O
Leo B-PER I-PER
"""

# What conlleval prints for it, worked out by hand.
#
#   tokens: 8 + 9 + 3 = 20; wrong tags: New, York, Ford, In, Real, Chelsea, Leo = 7;
#   accuracy 13/20 = 65.00%
#   gold phrases:      PER Maria Rossi, LOC New York, ORG Ford; ORG Real Madrid, ORG Chelsea;
#                      PER Clara, PER Leo = 7
#   predicted phrases: PER Maria Rossi, LOC York, PER Ford; MISC In, ORG Real Madrid;
#                      PER Clara, PER Leo = 7
#   correct phrases:   Maria Rossi, Real Madrid, Clara, Leo = 4
#   precision 4/7 = 57.14%, recall 4/7 = 57.14%, FB1 57.14
#   LOC:  gold 1, predicted 1, correct 0:  precision   0.00%, recall   0.00%, FB1  0.00   1
#   MISC: gold 0, predicted 1, correct 0:  precision   0.00%, recall   0.00%, FB1  0.00   1
#   ORG:  gold 3, predicted 1, correct 1:  precision 100.00%, recall  33.33%, FB1 50.00   1
#   PER:  gold 3, predicted 4, correct 3:  precision  75.00%, recall 100.00%, FB1 85.71   4
CONLLEVAL = """
processed 20 tokens with 7 phrases; found: 7 phrases; correct: 4.
accuracy:  65.00%; precision:  57.14%; recall:  57.14%; FB1:  57.14
              LOC: precision:   0.00%; recall:   0.00%; FB1:   0.00  1
             MISC: precision:   0.00%; recall:   0.00%; FB1:   0.00  1
              ORG: precision: 100.00%; recall:  33.33%; FB1:  50.00  1
              PER: precision:  75.00%; recall: 100.00%; FB1:  85.71  4
"""


def small() -> tuple[list[list[str]], list[list[str]]]:
    gold, predicted = [], []
    for sentence in SMALL.strip().split("\n\n"):
        columns = [line.split() for line in sentence.splitlines()]
        gold.append([tag for _, tag, _ in columns])
        predicted.append([tag for _, _, tag in columns])
    return gold, predicted


def as_conlleval_prints(gold: list[list[str]], predicted: list[list[str]]) -> str:
    total: dict[str, Counts] = {}
    for sentence, guess in zip(gold, predicted, strict=True):
        add_counts(total, entity_counts(sentence, guess, BIO, "conlleval"))
    scores = EntityScores.of(total)
    everything = sum(total.values(), Counts())

    def columns(score: Score) -> str:
        return (
            f"precision: {100 * score.precision:6.2f}%; recall: {100 * score.recall:6.2f}%; "
            f"FB1: {100 * score.f1:6.2f}"
        )

    lines = [
        f"processed {sum(map(len, gold))} tokens with {everything.gold} phrases; "
        f"found: {everything.predicted} phrases; correct: {everything.correct}.",
        f"accuracy: {100 * token_accuracy(gold, predicted):6.2f}%; {columns(scores.micro)}",
    ]
    for label in sorted(total):
        lines.append(f"{label:>17}: {columns(scores.per_label[label])}  {total[label].predicted}")
    return "\n".join(lines)


def test_the_small_corpus_scores_what_conlleval_prints() -> None:
    assert as_conlleval_prints(*small()) == CONLLEVAL.strip("\n")


def test_the_two_modes_differ_on_the_small_corpus() -> None:
    gold, predicted = small()
    assert entity_f1_conlleval(gold, predicted, BIO) == pytest.approx(4 / 7)
    # Strictly, Real Madrid and Leo are not predicted: 5 predicted, 2 correct of 7.
    assert entity_f1_strict(gold, predicted, BIO) == pytest.approx(2 * 2 / (5 + 7))


def test_hyphens_in_labels_stay_whole() -> None:
    tags = ["B-creative-work", "I-creative-work", "B-creative"]
    assert entity_counts(tags, tags, BIO, "strict") == {
        "creative": Counts(1, 1, 1),
        "creative-work": Counts(1, 1, 1),
    }


@pytest.mark.parametrize("mode", ["strict", "conlleval"])
def test_an_empty_corpus_scores_zero(mode: Mode) -> None:
    nothing = EntityScores(Score(0.0, 0.0, 0.0, 0), Score(0.0, 0.0, 0.0, 0), {})
    assert entity_scores([], [], BIO, mode) == nothing
    assert entity_scores([[]], [[]], BIO, mode) == nothing
    assert entity_scores([["O"]], [["O"]], BIO, mode) == nothing
    assert entity_scores([["O"]], [["B-PER"]], BIO, mode).micro == Score(0.0, 0.0, 0.0, 0)
    assert token_accuracy([], []) == 0.0


def test_plain_tags_are_counted_by_tag() -> None:
    counts = tag_counts(["NOUN", "VERB", "NOUN", "ADJ"], ["NOUN", "NOUN", "NOUN", "X"])
    assert counts == {
        "ADJ": Counts(1, 0, 0),
        "NOUN": Counts(2, 3, 2),
        "VERB": Counts(1, 0, 0),
        "X": Counts(0, 1, 0),
    }
    assert EntityScores.of(counts).per_label["NOUN"].recall == 1.0


def test_sequences_that_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="2 gold tags but 1 predicted"):
        entity_counts(["O", "O"], ["O"], BIO, "strict")
    with pytest.raises(ValueError, match="2 gold tags but 1 predicted"):
        token_accuracy([["O", "O"]], [["O"]])
    with pytest.raises(ValueError, match="zip"):
        token_accuracy([["O"]], [])
    with pytest.raises(UnknownTag, match="tag 0 is 'NOUN'"):
        entity_counts(["NOUN"], ["NOUN"], BIO, "strict")
    with pytest.raises(ValueError, match="plain tags mark no entities"):
        entity_counts(["NOUN"], ["NOUN"], PLAIN, "conlleval")
    with pytest.raises(ValueError, match="unknown scoring mode 'lenient'"):
        entity_counts(["O"], ["O"], BIO, "lenient")  # type: ignore[arg-type]
