"""Sentences to requests and answers back: whatever the sizes, each sentence gets its own complete answer."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.client.batches import Batch, Batcher, SentenceJoiner
from serving.client.inputs import LIMITS, InputKind, TextInput, TokenInput
from serving.client.protocol.requests import ModelSelector
from tests.serving.client.scripted_server import tagged

untimed = settings(deadline=None)

WORDS = ["a", "Bob", "went.", "Why?", "\n", "Žofie", "\U0001f642"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), max_size=6)
TOKENS = st.lists(st.lists(st.sampled_from(["a", "Bob", ".", "", "Žofie"]), max_size=12), max_size=6)


def batches_of(kind: InputKind, sentences: list, rows: int) -> list[Batch]:
    batcher = Batcher(kind, rows=rows)
    return [batch for sentence in sentences for batch in batcher.add(sentence)] + list(batcher.rest())


def answered(kind: InputKind, sentences: list, rows: int) -> list:
    joiner = SentenceJoiner(kind)
    return [
        sentence
        for batch in batches_of(kind, sentences, rows)
        for sentence in joiner.add(batch, tagged(kind.request(ModelSelector("m"), batch.pieces)))
    ]


@untimed
@given(TEXTS, st.integers(1, 5), st.integers(1, 20))
def test_texts_come_back_complete_with_their_offsets(texts, rows, most):
    joined = answered(TextInput(most), texts, rows)
    assert [sentence.text for sentence in joined] == texts
    for sentence in joined:
        for token in sentence.tokens:
            assert sentence.text[token.start : token.end] == token.text
        for entity in sentence.entities:
            assert sentence.text[entity.start : entity.end] == entity.text


@untimed
@given(TEXTS, st.integers(1, 5), st.integers(8, 20))
def test_cutting_changes_no_token(texts, rows, most):
    # No word is longer than a piece, so that none is cut.
    pieces, whole = answered(TextInput(most), texts, rows), answered(TextInput(None), texts, rows)
    assert [sentence.tokens for sentence in pieces] == [sentence.tokens for sentence in whole]
    assert [sentence.entities for sentence in pieces] == [sentence.entities for sentence in whole]


@untimed
@given(TOKENS, st.integers(1, 5), st.integers(1, 9))
def test_tokens_come_back_complete_with_their_offsets(sentences, rows, most):
    joined = answered(TokenInput(most), sentences, rows)
    assert [[token.text for token in sentence.tokens] for sentence in joined] == sentences
    for sentence, tokens in zip(joined, sentences, strict=True):
        assert sentence.text == " ".join(tokens)
        assert all(sentence.text[token.start : token.end] == token.text for token in sentence.tokens)
        assert [entity.text for entity in sentence.entities] == [t for t in tokens if t[:1].isupper()]


@untimed
@given(TEXTS, st.integers(1, 5), st.integers(1, 20))
def test_the_rows_and_the_padding_of_a_request_are_bounded(texts, rows, most):
    for batch in batches_of(TextInput(most), texts, rows):
        assert 1 <= len(batch.pieces) <= rows
        longest = max(len(piece.text) for piece in batch.pieces)
        assert len(batch.pieces) * longest <= 4 * most


@pytest.mark.parametrize(
    ("kind", "sentences"),
    [
        (TextInput(None), ["a " * 8_000, *["b"] * 300, "é" * 300_000, "c"]),
        (TokenInput(None), [["ab"] * 16_000, *[["b"]] * 300, ["東" * 50_000] * 3, ["c"], *[[]] * 17_000]),
    ],
)
def test_without_a_length_of_pieces_a_request_is_what_a_model_takes(kind, sentences):
    batches = batches_of(kind, sentences, 1_000_000)
    assert [piece.sentence for batch in batches for piece in batch.pieces] == list(range(len(sentences)))
    for batch in batches:
        assert len(batch.pieces) <= LIMITS.sentences
        longest = max(kind.size(piece) for piece in batch.pieces)
        assert len(batch.pieces) * longest <= LIMITS.padded_tokens[kind.signature]
        assert sum(len(kind.encoded(piece)) for piece in batch.pieces) <= LIMITS.bytes


def test_short_sentences_fill_their_requests():
    sizes = [len(batch.pieces) for batch in batches_of(TextInput(10_000), ["Anna left."] * 70, 32)]
    assert sizes == [32, 32, 6]


def test_the_score_of_a_cut_text_is_the_product_of_its_pieces():
    text = "Bob left. Anna left. They left."
    (whole,), (pieces,) = answered(TextInput(None), [text], 1), answered(TextInput(12), [text], 2)
    assert (whole.score, pieces.score) == (0.5, 0.125)
    assert whole.tokens == pieces.tokens


@pytest.mark.parametrize(
    ("kind", "sentence", "message"),
    [
        (
            TextInput(9),
            ["Anna"],
            "sentence 1: expected a text (str), found list ['Anna']; tokens go to tag_tokens",
        ),
        (TextInput(9), b"Anna", "sentence 1: expected a text (str), found bytes b'Anna'"),
        (
            TokenInput(9),
            "Anna",
            "sentence 1: expected a list of its tokens, found str 'Anna'; texts go to tag",
        ),
        (TokenInput(9), 7, "sentence 1: expected a list of its tokens, found int 7"),
        (TokenInput(9), ["Anna", 7], "sentence 1, token 1: expected a str, found int 7"),
    ],
)
def test_an_input_of_another_kind_is_named_with_its_position(kind, sentence, message):
    batcher = Batcher(kind, rows=4)
    assert list(batcher.add("Bob" if isinstance(kind, TextInput) else ["Bob"])) == []
    with pytest.raises(TypeError, match=re.escape(message)):
        list(batcher.add(sentence))
