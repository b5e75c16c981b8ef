"""Errors collected in one pass over the answers, against lists of all of them."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from components.predictor.answer import Answer
from components.report.errors.error_analysis import MORE_CELLS, WORST, analyse_errors, confidence_of
from tagging.mistakes import CORRECT, Finding, findings
from tagging.schemes import BIO, PLAIN
from tagging.spans import Span
from tests.components.report.handmade_runs import ANSWERS, answer

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


@st.composite
def sentences(draw: st.DrawFn) -> Answer:
    size = draw(st.integers(0, 6))
    tags = st.lists(st.sampled_from(TAGS), min_size=size, max_size=size).map(tuple)
    confidence = st.lists(st.sampled_from([0.25, 0.5, 0.75, 1.0]), min_size=size, max_size=size).map(tuple)
    return Answer(("a",) * size, draw(tags), draw(tags), draw(confidence))


@settings(max_examples=60, deadline=None)
@given(st.lists(sentences(), max_size=40))
def test_counts_and_worst_are_those_of_the_whole_list(answers: list[Answer]) -> None:
    everything = [
        (finding, number)
        for number, given_ in enumerate(answers, 1)
        for finding in findings(given_.gold, given_.predicted, BIO)
    ]
    wrong = [(finding, number) for finding, number in everything if finding.kind != CORRECT]
    found = analyse_errors(answers, BIO)
    assert found.sentences == len(answers)
    assert found.tokens == sum(len(given_.tokens) for given_ in answers)
    assert found.counts.total() == len(everything)
    assert found.total == len(wrong)
    assert found.right_sentences == len(answers) - len({number for _, number in wrong})
    # By definition: all errors by confidence, and at equal confidence by place.
    ordered = sorted(
        wrong,
        key=lambda error: (
            -(confidence_of(error[0], answers[error[1] - 1].confidence) or 0.0),
            error[1],
            error[0].start,
        ),
    )
    assert [(error.finding, error.number) for error in found.worst] == ordered[:WORST]
    listed = {error.cell for error in [*found.worst, *found.more]}
    assert listed == {cell for cell in found.counts if cell[0] != CORRECT}
    assert len(found.more) <= MORE_CELLS


def test_the_counts_of_a_few_sentences() -> None:
    found = analyse_errors(ANSWERS, BIO)
    assert found.counts == Counter(
        {
            ("correct", "PER", "PER"): 1,
            ("correct", "LOC", "LOC"): 1,
            ("wrong type", "LOC", "PER"): 1,
            ("missed", "PER", ""): 1,
            ("wrong boundary", "PER", "PER"): 1,
            ("spurious", "", "LOC"): 1,
            ("wrong boundary and type", "ORG", "LOC"): 1,
        }
    )
    assert [round(error.confidence or 0, 2) for error in found.worst] == [0.95, 0.9, 0.8, 0.6, 0.3]
    assert [example.number for example in found.right] == [4]
    assert len(found.wrong) == 3
    assert all(example.errors for example in found.wrong)
    assert found.has_confidence


def test_the_confidence_of_an_error_is_that_of_the_predicted_entity() -> None:
    marginals = (0.9, 0.8, 0.7, 0.6)
    predicted = Finding("wrong boundary", Span(0, 4, "PER"), Span(1, 3, "PER"))
    assert confidence_of(predicted, marginals) == 0.7
    assert confidence_of(Finding("missed", Span(0, 2, "PER"), None), marginals) == 0.8
    assert confidence_of(predicted, ()) is None


def test_without_confidence_errors_are_in_the_order_of_the_split() -> None:
    answers = [answer("a b", "B-PER O", "O O"), answer("c d", "O B-LOC", "B-LOC O")]
    found = analyse_errors(answers, BIO)
    assert not found.has_confidence
    assert [error.number for error in found.worst] == [1, 2, 2]
    assert {error.confidence for error in found.worst} == {None}


def test_unreadable_gold_tags_are_plain() -> None:
    found = analyse_errors([answer("time flies", "NOUN VERB", "NOUN NOUN")], BIO)
    assert found.scheme is PLAIN
    assert found.counts == Counter({("correct", "NOUN", "NOUN"): 1, ("wrong tag", "VERB", "NOUN"): 1})


def test_unreadable_predicted_tags_have_no_entities() -> None:
    found = analyse_errors([answer("Anna flies", "B-PER O", "NOUN VERB")], BIO)
    assert found.scheme is BIO
    assert found.counts == Counter({("missed", "PER", ""): 1})


def test_the_examples_do_not_depend_on_the_order() -> None:
    answers = [answer(f"word{index} here", "B-PER O", "B-PER O") for index in range(50)]
    one, other = analyse_errors(answers, BIO), analyse_errors(reversed(answers), BIO)
    assert {example.answer.tokens for example in one.right} == {
        example.answer.tokens for example in other.right
    }


def test_each_pair_of_labels_has_its_worst_up_to_a_bound() -> None:
    sure = [answer("a", "B-X", "B-Y", 1.0)] * WORST
    rare = [answer("a", "B-X", f"B-Z{number}", 0.5) for number in range(MORE_CELLS + 7)]
    unsure = [answer("a", "B-X", "O", 0.25), answer("b", "B-X", "O", 0.5)]
    found = analyse_errors([*unsure, *rare, *sure], BIO)
    assert {error.cell for error in found.worst} == {("wrong type", "X", "Y")}
    assert len(found.more) == MORE_CELLS
    # The most frequent pair first, by its worst; what is left is counted.
    assert (found.more[0].cell, found.more[0].number) == (("missed", "X", ""), 2)
    assert found.unlisted == 8


def test_only_the_worst_are_kept() -> None:
    def stream(size: int) -> Iterator[Answer]:
        for index in range(size):
            yield Answer((f"w{index}",) * 50, ("B-PER",) * 50, ("O",) * 50, (index % 100 / 100,) * 50)

    peaks = []
    for size in (200, 1600):
        tracemalloc.start()
        assert len(analyse_errors(stream(size), BIO).worst) == WORST
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # Eight times the sentences, and not twice the memory.
    assert peaks[1] < 2 * peaks[0]
