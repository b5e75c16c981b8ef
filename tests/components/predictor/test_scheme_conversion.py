"""Answers of a model of another scheme, by property: the entities stay, their tags change."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.predictor.answer import Answer, write
from components.predictor.scheme_conversion import converted_answers
from tagging.schemes import BILOU, BIO, BIOES, IOB1, PLAIN, Scheme, spans_of, tags_of
from tagging.spans import Span

LENGTH = 6


@st.composite
def entities(draw: st.DrawFn) -> list[Span]:
    edges = sorted(draw(st.sets(st.integers(0, LENGTH), min_size=2)))
    spans = [Span(*edge, draw(st.sampled_from("ab"))) for edge in pairwise(edges)]
    return [span for span in spans if draw(st.booleans())]


def answer(gold: list[str], predicted: list[str]) -> Answer:
    return Answer(("w",) * len(gold), tuple(gold), tuple(predicted), confidence=(0.5,) * len(gold))


def written(folder: Path, answers: list[Answer]) -> Path:
    path = folder / "baseline.jsonl.gz"
    write(path, answers)
    return path


@pytest.mark.parametrize("scheme", [BIO, IOB1, BIOES, BILOU], ids=lambda scheme: scheme.name)
@pytest.mark.parametrize("own", [BIO, IOB1, BIOES, BILOU], ids=lambda scheme: scheme.name)
@settings(max_examples=25, deadline=None)
@given(sentences=st.lists(entities(), min_size=1, max_size=4))
def test_entities_are_the_same_after_conversion(
    own: Scheme, scheme: Scheme, sentences: list[list[Span]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    answers = [answer(["O"] * LENGTH, tags_of(spans, LENGTH, own)) for spans in sentences]
    path = written(tmp_path_factory.mktemp("own"), answers)
    rewritten = converted_answers(path, scheme)
    given_back = answers if rewritten is None else list(rewritten)
    assert [list(given.predicted) for given in given_back] == [
        tags_of(spans, LENGTH, scheme) for spans in sentences
    ]
    if own is scheme:
        assert rewritten is None
    assert all(given.confidence == (0.5,) * LENGTH for given in given_back)


def test_illegal_tags_of_the_same_scheme_are_not_converted(tmp_path: Path) -> None:
    # An unconstrained model leaves an entity open now and then.
    right = answer(["O"] * 4, ["B-a", "E-a", "S-b", "O"])
    slip = answer(["O"] * 4, ["B-a", "I-a", "O", "S-b"])
    assert converted_answers(written(tmp_path, [right, right, right, slip]), BIOES) is None


def test_plain_predicted_tags_become_outside(tmp_path: Path) -> None:
    rewritten = converted_answers(written(tmp_path, [answer(["S-a", "O"], ["NOUN", "VERB"])]), BIOES)
    assert rewritten is not None
    assert [given.predicted for given in rewritten] == [("O", "O")]


def test_in_a_plain_corpus_nothing_is_converted(tmp_path: Path) -> None:
    path = written(tmp_path, [answer(["NOUN", "VERB"], ["S-a", "O"])])
    assert converted_answers(path, PLAIN) is None
    assert converted_answers(path, BIOES) is None


def test_the_warning_names_both_schemes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path, [answer(["O", "O"], tags_of([Span(0, 1, "a"), Span(1, 2, "a")], 2, BILOU))])
    rewritten = converted_answers(path, BIOES)
    assert rewritten is not None
    assert spans_of(next(iter(rewritten)).predicted, BIOES) == [Span(0, 1, "a"), Span(1, 2, "a")]
    assert "BILOU" in caplog.text
    assert "BIOES" in caplog.text
