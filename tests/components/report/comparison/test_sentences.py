"""Comparing the answers of two models sentence by sentence."""

from __future__ import annotations

from pathlib import Path

from components.report.comparison.sentences import SHOWN, compare_sentences
from tagging.schemes import BIO, PLAIN
from tests.components.report.comparison.answer_files import written


def test_a_sentence_is_shown_with_gold_tags_and_those_of_both_models(tmp_path: Path) -> None:
    gold = [("B-PER", "I-PER", "O", "B-LOC")]
    one = written(tmp_path / "1", gold, gold)
    other = written(tmp_path / "2", gold, [("B-PER", "O", "O", "O")])
    found = compare_sentences(one, other, BIO)
    assert found is not None
    (lost,) = found.lost
    assert [(each.source, [tuple(segment) for segment in each.segments]) for each in lost.taggings] == [
        ("gold", [("w0 w1", "PER"), ("w2", ""), ("w3", "LOC")]),
        ("first", [("w0 w1", "PER"), ("w2", ""), ("w3", "LOC")]),
        ("second", [("w0", "PER"), ("w1 w2 w3", "")]),
    ]


def test_of_plain_tags_those_that_differ_are_shown(tmp_path: Path) -> None:
    gold = [("NOUN", "VERB", "NOUN")]
    one = written(tmp_path / "1", gold, gold)
    other = written(tmp_path / "2", gold, [("NOUN", "VERB", "VERB")])
    found = compare_sentences(one, other, PLAIN)
    assert found is not None
    (lost,) = found.lost
    assert [tuple(segment) for segment in lost.taggings[2].segments] == [("w0 w1", ""), ("w2", "VERB")]


def test_the_first_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    gold = [("B-PER",)] * (SHOWN + 20)
    found = compare_sentences(
        written(tmp_path / "1", gold, gold), written(tmp_path / "2", gold, [("O",)] * len(gold)), BIO
    )
    assert found is not None
    assert (found.first_only, len(found.lost)) == (SHOWN + 20, SHOWN)
