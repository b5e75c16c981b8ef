"""Which entities train shows, by hand."""

from __future__ import annotations

from components.predictor.known_entities import TrainEntities
from tagging.schemes import BIO, BIOES, PLAIN

TRAIN = [
    (["New", "York", "and", "Paris"], ["B-LOC", "E-LOC", "O", "S-LOC"]),
    (["Paris", "Hilton"], ["B-PER", "E-PER"]),
    (["left", "open"], ["B-LOC", "I-LOC"]),
]


def test_text_and_label_make_an_entity_known() -> None:
    known = TrainEntities(TRAIN, BIOES)
    tokens = ["Paris", "met", "Paris", "Hilton", "in", "New", "York", "York"]
    gold = ["S-PER", "O", "B-PER", "E-PER", "O", "B-LOC", "E-LOC", "S-LOC"]
    # Paris is known, but not as a person; York is known as part of an entity only.
    assert known.seen(tokens, gold) == (False, True, True, False)


def test_case_counts_and_tokens_are_joined_by_spaces() -> None:
    known = TrainEntities([(["New", "York"], ["B-LOC", "I-LOC"])], BIO)
    assert known.seen(["new", "york"], ["B-LOC", "I-LOC"]) == (False,)
    assert known.seen(["New York"], ["B-LOC"]) == (True,)


def test_gold_is_read_strictly() -> None:
    known = TrainEntities(TRAIN, BIOES)
    assert known.seen(["left", "open"], ["B-LOC", "I-LOC"]) == ()
    assert known.seen(["left", "open"], ["B-LOC", "E-LOC"]) == (False,)


def test_plain_tags_have_no_entities() -> None:
    assert TrainEntities([(["a"], ["NOUN"])], PLAIN).seen(["a"], ["NOUN"]) == ()
    # The scheme is the pipeline's guess before it has seen the corpus.
    assert TrainEntities([(["a"], ["NOUN"])], BIOES).seen(["a", "b"], ["NOUN", "S-LOC"]) == ()
    assert TrainEntities([], BIOES).seen([], []) == ()
