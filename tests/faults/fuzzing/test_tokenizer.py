"""The tokenizer in the exported graph answers any bytes, and as the one in Python does."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tagging import tokenizer as python_tokenizer
from tagging.characters import TokenizerName, class_table
from tests.faults.conftest import Faults
from tests.faults.fuzzing.bounds import bounded
from tests.trainer.export.test_tokenizer import as_lists
from trainer.export.tokenizer import Tokens, tokenize

Compiled = dict[TokenizerName, Callable[[tf.Tensor], Tokens]]
# One character of each side of every border between two classes of characters.
EDGES = "".join(
    chr(code)
    for name in get_args(TokenizerName)
    for border in class_table(name)[0]
    for code in (border - 1, border)
    if 0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
)
TEXTS = st.lists(st.one_of(st.text(max_size=60), st.text(alphabet=EDGES, max_size=60)), max_size=6)
BYTES = st.one_of(
    st.binary(max_size=60),
    # Sequences that are cut, too long, or stand for surrogates and for what is beyond Unicode.
    st.lists(
        st.sampled_from(
            [
                b"a",
                b"1",
                b".",
                b" ",
                b"\xc3",
                b"\xe4\xb8",
                b"\xed\xa0\x80",
                b"\xf5\x80\x80\x80",
                b"\xc0\x80",
                b"\0",
            ]
        ),
        max_size=20,
    ).map(b"".join),
)


# What is no character and never will be: TensorFlow writes the replacement character for it.
NO_CHARACTERS = {code: "\ufffd" for code in range(0xFFFE, 0x110000) if code & 0xFFFE == 0xFFFE}
NO_CHARACTERS |= dict.fromkeys(range(0xFDD0, 0xFDF0), "\ufffd")


def _expected(text: str, name: TokenizerName) -> list[tuple[str, int, int]]:
    tokens = python_tokenizer.tokenize(text, name)
    return [(token.translate(NO_CHARACTERS), start, end) for token, start, end in tokens]


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    def graph(name: TokenizerName) -> Callable[[tf.Tensor], Tokens]:
        spec = tf.TensorSpec([None], tf.string)
        return tf.function(lambda texts: tokenize(texts, name), input_signature=[spec])

    return {name: graph(name) for name in get_args(TokenizerName)}


@pytest.mark.parametrize("name", get_args(TokenizerName))
@bounded(400)
@given(texts=TEXTS)
def test_any_texts_are_cut_alike(
    compiled: Compiled, name: TokenizerName, faults: Faults, texts: list[str]
) -> None:
    with faults.tried():
        found = as_lists(
            compiled[name](tf.constant([text.encode() for text in texts], tf.string, [len(texts)]))
        )
        expected = [_expected(text, name) for text in texts]
        faults.compare(dict(enumerate(found)), dict(enumerate(expected)))


@pytest.mark.parametrize("name", get_args(TokenizerName))
@bounded(400)
@given(content=BYTES)
def test_any_bytes_are_cut_as_the_text_that_they_are_read_as(
    compiled: Compiled, name: TokenizerName, faults: Faults, content: bytes
) -> None:
    read = "".join(map(chr, tf.strings.unicode_decode(content, "UTF-8", errors="replace").numpy()))
    with faults.tried():
        (found,) = as_lists(compiled[name](tf.constant([content])))
        faults.compare({"tokens": found}, {"tokens": _expected(read, name)})
