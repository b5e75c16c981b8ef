"""Recognising the scheme of a corpus."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagging.evidence import Evidence
from tagging.schemes import BILOU, BIO, BIOES, IOB1, PLAIN, Scheme, tags_of
from tagging.spans import Span


@pytest.mark.parametrize(
    ("sentences", "scheme"),
    [
        (["O B-PER I-PER O"], BIO),
        (["O B-PER O", "B-LOC"], BIO),
        (["O I-PER I-PER O"], IOB1),
        (["I-PER B-PER O", "I-LOC"], IOB1),
        (["O S-PER O"], BIOES),
        (["B-PER E-PER O"], BIOES),
        (["U-PER O", "B-PER L-PER"], BILOU),
        (["DT NN VBZ ."], PLAIN),
        (["O", "DT NN"], PLAIN),
        (["B I O"], PLAIN),
        (["O O", "O"], BIO),
        ([], BIO),
        ([""], BIO),
    ],
)
def test_the_scheme_is_recognised_from_the_tags(sentences: list[str], scheme: Scheme) -> None:
    evidence = Evidence()
    for sentence in sentences:
        evidence.add(sentence.split())
    assert evidence.scheme() is scheme


@pytest.mark.parametrize("scheme", [BIO, BIOES, BILOU, IOB1], ids=lambda scheme: scheme.name)
def test_a_few_wrong_tags_do_not_hide_the_scheme(scheme: Scheme) -> None:
    spans = [Span(0, 2, "PER"), Span(2, 3, "PER"), Span(4, 5, "LOC"), Span(5, 8, "ORG")]
    evidence = Evidence()
    for _ in range(10):
        evidence.add(tags_of(spans, 9, scheme))
    evidence.add(["O", "I-PER", "B_PER", "I-LOC", "I-PER"])
    assert evidence.scheme() is scheme


TAGS = st.lists(st.sampled_from(["O", "B-A", "I-A", "E-A", "S-A", "L-B", "U-B", "NN", "", "B"]), max_size=6)


@given(sentences=st.lists(TAGS, max_size=6), cut=st.integers(0, 6))
def test_merged_evidence_is_the_evidence_of_all(sentences: list[list[str]], cut: int) -> None:
    together, left, right = Evidence(), Evidence(), Evidence()
    for index, sentence in enumerate(sentences):
        together.add(sentence)
        (left if index < cut else right).add(sentence)
    merged = pickle.loads(pickle.dumps(right)).merge(left)
    assert (merged.steps, merged.unlike) == (together.steps, together.unlike)
    assert merged.scheme() is together.scheme()
    assert merged.contradictions() == together.contradictions()
