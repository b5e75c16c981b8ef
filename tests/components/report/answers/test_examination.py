"""What is gathered from answers in one pass, against lists of everything."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from components.predictor.answer import Answer
from components.report.answers.examination import MORE_CELLS, WORST, confidence_of, examine
from tagging.mistakes import CORRECT, Finding, findings
from tagging.schemes import BIO, PLAIN
from tagging.spans import Span
from tests.components.report.report_runs import ANSWERS, answer

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
    found = examine(answers, BIO)
    assert found.sentences == len(answers)
    assert found.tokens == sum(len(given_.tokens) for given_ in answers)
    assert found.counts.total() == len(everything)
    assert found.errors == len(wrong)
    assert found.right_sentences == len(answers) - len({number for _, number in wrong})
    # As one would by hand: all of them, the surest first, of equal ones the earlier.
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
    found = examine(ANSWERS, BIO)
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
    assert [drawn.number for drawn in found.right] == [4]
    assert len(found.wrong) == 3
    assert all(drawn.errors for drawn in found.wrong)
    assert found.has_confidence


def test_the_confidence_of_an_error_is_that_of_what_was_predicted() -> None:
    marginals = (0.9, 0.8, 0.7, 0.6)
    predicted = Finding("wrong boundary", Span(0, 4, "PER"), Span(1, 3, "PER"))
    assert confidence_of(predicted, marginals) == 0.7
    assert confidence_of(Finding("missed", Span(0, 2, "PER"), None), marginals) == 0.8
    assert confidence_of(predicted, ()) is None


def test_without_confidence_errors_stand_in_their_order() -> None:
    answers = [answer("a b", "B-PER O", "O O"), answer("c d", "O B-LOC", "B-LOC O")]
    found = examine(answers, BIO)
    assert not found.has_confidence
    assert [error.number for error in found.worst] == [1, 2, 2]
    assert {error.confidence for error in found.worst} == {None}


def test_gold_tags_that_no_scheme_reads_are_plain() -> None:
    found = examine([answer("time flies", "NOUN VERB", "NOUN NOUN")], BIO)
    assert found.scheme is PLAIN
    assert found.counts == Counter({("correct", "NOUN", "NOUN"): 1, ("wrong tag", "VERB", "NOUN"): 1})


def test_tags_that_a_model_made_up_name_no_entity() -> None:
    found = examine([answer("Anna flies", "B-PER O", "NOUN VERB")], BIO)
    assert found.scheme is BIO
    assert found.counts == Counter({("missed", "PER", ""): 1})


def test_the_drawn_do_not_depend_on_the_order() -> None:
    answers = [answer(f"word{index} here", "B-PER O", "B-PER O") for index in range(50)]
    one, other = examine(answers, BIO), examine(reversed(answers), BIO)
    assert {drawn.answer.tokens for drawn in one.right} == {drawn.answer.tokens for drawn in other.right}


def test_each_pair_of_labels_has_its_worst_up_to_a_bound() -> None:
    sure = [answer("a", "B-X", "B-Y", 1.0)] * WORST
    rare = [answer("a", "B-X", f"B-Z{number}", 0.5) for number in range(MORE_CELLS + 7)]
    unsure = [answer("a", "B-X", "O", 0.25), answer("b", "B-X", "O", 0.5)]
    found = examine([*unsure, *rare, *sure], BIO)
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
        assert len(examine(stream(size), BIO).worst) == WORST
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # Eight times the sentences, and not twice the memory.
    assert peaks[1] < 2 * peaks[0]
