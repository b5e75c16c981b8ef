"""Sentences in pieces: every token once and in order, gold and predicted marks at the right ones."""

from __future__ import annotations

from hypothesis import given, settings

from components.predictor.answer import Answer
from components.report.errors.marking import AROUND, MOST_TOKENS, Mark, Piece, mark
from tagging.mistakes import CORRECT, findings
from tagging.schemes import BIO, PLAIN
from tagging.scoring import strict_spans
from tests.components.report.errors.test_error_analysis import sentences
from tests.components.report.handmade_runs import answer


@settings(max_examples=100, deadline=None)
@given(sentences())
def test_every_token_appears_once_with_its_entities(given_: Answer) -> None:
    numbered = Answer(
        tuple(f"w{i}" for i in range(len(given_.tokens))), given_.gold, given_.predicted, given_.confidence
    )
    marked = mark(numbered, BIO)
    assert " ".join(piece.text for piece in marked.pieces).split() == list(numbered.tokens)
    for line, tags in (("gold", given_.gold), ("predicted", given_.predicted)):
        covered = {
            int(piece.text[1:]): getattr(piece, line).label for piece in marked.pieces if getattr(piece, line)
        }
        expected = {i: span.label for span in strict_spans(tags, BIO) for i in range(span.start, span.end)}
        assert covered == expected
        captions = [getattr(piece, line).caption for piece in marked.pieces if getattr(piece, line)]
        assert [caption for caption in captions if caption] == [
            span.label for span in strict_spans(tags, BIO)
        ]


def test_an_error_is_highlighted_with_its_confidence() -> None:
    given_ = answer(
        "we met Anna Keller there", "O O B-PER I-PER O", "O O B-LOC O O", 0.9, 0.9, 0.75, 0.6, 0.9
    )
    (finding,) = findings(given_.gold, given_.predicted, BIO)
    assert mark(given_, BIO, around=finding).pieces == [
        Piece("we met"),
        Piece("Anna", Mark("PER", "PER", False), Mark("LOC", "LOC", True, 0.75), True),
        Piece("Keller", Mark("PER", "", True), None, True),
        Piece("there"),
    ]


def test_a_long_sentence_is_cut_around_the_error() -> None:
    tags = ["O"] * 2000
    gold = [*tags]
    gold[1000] = "B-PER"
    given_ = Answer(tuple(map(str, range(2000))), tuple(gold), tuple(tags))
    (finding,) = findings(gold, tags, BIO)
    marked = mark(given_, BIO, around=finding)
    shown = " ".join(piece.text for piece in marked.pieces).split()
    assert shown == [str(index) for index in range(1000 - AROUND, 1001 + AROUND)]
    assert (marked.before, marked.after) == (1000 - AROUND, 2000 - 1001 - AROUND)


def test_a_very_long_entity_is_cut_too() -> None:
    gold = ["B-PER", *["I-PER"] * 1999]
    given_ = Answer(("x",) * 2000, tuple(gold), ("O",) * 2000)
    (finding,) = findings(gold, given_.predicted, BIO)
    assert len(mark(given_, BIO, around=finding).pieces) <= MOST_TOKENS + 2 * AROUND
    # A decode of the whole is no longer than it may be.
    assert len(mark(given_, BIO).pieces) == MOST_TOKENS


def test_an_entity_cut_at_its_start_has_its_label_at_the_first_token_shown() -> None:
    gold = ["B-PER", *["I-PER"] * 99, "B-LOC"]
    given_ = Answer(("x",) * 101, tuple(gold), (*gold[:100], "O"))
    missed = next(found for found in findings(gold, given_.predicted, BIO) if found.kind != CORRECT)
    first = mark(given_, BIO, around=missed).pieces[0]
    assert first.gold == Mark("PER", "PER", False)


def test_plain_tags_are_marked_where_they_differ() -> None:
    given_ = answer("time flies now", "NOUN VERB ADV", "NOUN NOUN ADV", 0.9, 0.5, 0.8)
    wrong = findings(given_.gold, given_.predicted, PLAIN)[1]
    pieces = mark(given_, PLAIN, around=wrong).pieces
    assert pieces == [
        Piece("time"),
        Piece("flies", Mark("VERB", "VERB", True), Mark("NOUN", "NOUN", True, 0.5), True),
        Piece("now"),
    ]
    everything = mark(given_, PLAIN).pieces
    assert [piece.predicted.label for piece in everything if piece.predicted] == ["NOUN", "NOUN", "ADV"]
    assert [piece.gold.label for piece in everything if piece.gold] == ["VERB"]
