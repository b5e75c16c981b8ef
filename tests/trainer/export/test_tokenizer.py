"""The tokenizer in TensorFlow ops against the one in Python, on arbitrary Unicode."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tagging import tokenizer as python_tokenizer
from tagging.characters import TokenizerName
from trainer.export.tokenizer import Tokens, tokenize

# Every class of character, so that short texts meet every rule; and any Unicode besides.
TELLING = "aZ_é9٣中. ,:/-‑&'’@#\u0301\ufe0f\u200d❤👩👍🏽\u200b\n\x00\u00ad!"
TEXTS = st.one_of(st.text(alphabet=TELLING, max_size=30), st.text(max_size=30))


def _compiled(tokenizer: TokenizerName) -> Callable[[tf.Tensor], Tokens]:
    return tf.function(
        lambda texts: tokenize(texts, tokenizer), input_signature=[tf.TensorSpec([None], tf.string)]
    )


@pytest.fixture(scope="module")
def compiled() -> Callable[[tf.Tensor], Tokens]:
    return _compiled("words")


@pytest.fixture(scope="module")
def compiled_of_characters() -> Callable[[tf.Tensor], Tokens]:
    return _compiled("characters")


def as_lists(found: Tokens) -> list[list[tuple[str, int, int]]]:
    """Tensors as one list of tokens per text."""
    tokens, starts, ends, lengths = (part.numpy().tolist() for part in found)
    assert len(tokens) == len(starts) == len(ends) == sum(lengths)
    every = iter(zip([token.decode() for token in tokens], starts, ends, strict=True))
    return [list(islice(every, length)) for length in lengths]


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(TEXTS, max_size=4))
def test_equals_the_python_tokenizer(compiled: Callable[[tf.Tensor], Tokens], texts: list[str]) -> None:
    found = compiled(tf.constant([text.encode() for text in texts], tf.string, [len(texts)]))
    assert as_lists(found) == [python_tokenizer.tokenize(text) for text in texts]


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(TEXTS, max_size=4))
def test_equals_the_python_tokenizer_of_characters(
    compiled_of_characters: Callable[[tf.Tensor], Tokens], texts: list[str]
) -> None:
    found = compiled_of_characters(tf.constant([text.encode() for text in texts], tf.string, [len(texts)]))
    assert as_lists(found) == [python_tokenizer.tokenize(text, "characters") for text in texts]


@settings(max_examples=50, deadline=None)
@given(text=TEXTS)
def test_offsets_cut_the_tokens_out_of_the_text(text: str) -> None:
    for token, start, end in as_lists(tokenize(tf.constant([text.encode()])))[0]:
        assert text[start:end] == token


@pytest.mark.parametrize("texts", [[], [""], ["", "   ", ""], ["", "a b", ""]])
def test_no_texts_and_empty_texts(compiled: Callable[[tf.Tensor], Tokens], texts: list[str]) -> None:
    found = compiled(tf.constant(texts, tf.string, [len(texts)]))
    assert found.lengths.numpy().tolist() == [len(text.split()) for text in texts]
    assert [part.dtype for part in found] == [tf.string, tf.int32, tf.int32, tf.int32]


def test_the_shapes_are_known_before_any_text_is_seen(compiled: Callable[[tf.Tensor], Tokens]) -> None:
    shapes = compiled.get_concrete_function().output_shapes
    assert [shape.rank for shape in shapes] == [1, 1, 1, 1]


def test_bytes_that_are_not_utf_8_become_replacement_characters() -> None:
    found = as_lists(tokenize(tf.constant([b"ab \xff cd\xfe", b"\xc3"])))
    assert [(token, start) for token, start, _ in found[0]] == [
        ("ab", 0),
        ("\ufffd", 3),
        ("cd", 5),
        ("\ufffd", 7),
    ]
    assert [token for token, _, _ in found[1]] == ["\ufffd"]


def test_neighbouring_texts_do_not_see_each_other() -> None:
    found = as_lists(tokenize(tf.constant(["John", "'s", "3", ".", "5", "@", "x"])))
    assert [[token for token, _, _ in row] for row in found] == [
        ["John"],
        ["'", "s"],
        ["3"],
        ["."],
        ["5"],
        ["@"],
        ["x"],
    ]


def test_a_text_of_20_000_characters_takes_well_under_a_second(
    compiled: Callable[[tf.Tensor], Tokens],
) -> None:
    text = ("The quick brown fox, in 1,000 years, can't jump over well-known dogs. " * 300)[:20_000]
    batch = tf.constant([text])
    compiled(batch)
    begun = time.monotonic()
    found = compiled(batch)
    assert time.monotonic() - begun < 0.5
    assert as_lists(found) == [python_tokenizer.tokenize(text)]


def test_a_saved_model_tokenizes_alike(tmp_path: Path) -> None:
    class Served(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
        def tokenize_texts(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
            return tokenize(text)._asdict()

    tf.saved_model.save(served := Served(), str(tmp_path), signatures=served.tokenize_texts)
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    texts = ["John's well-known café: 3.5 👩‍💻!", "", "中国 @user"]
    found = loaded(text=tf.constant(texts))
    assert as_lists(Tokens(**found)) == [python_tokenizer.tokenize(text) for text in texts]
