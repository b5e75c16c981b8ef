"""The rules of the tokenizer, by example and by property."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagging.tokenizer import tokenize

TELLING = "aZ_é9٣中. ,:/-‑&'’@#\u0301\ufe0f\u200d❤👩👍🏽\u200b\n\x00\u00ad!"
TEXTS = st.one_of(st.text(alphabet=TELLING, max_size=30), st.text(max_size=30))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        (" \t\n\u00a0\u3000\u200b\ufeff", []),
        ("Hello, world!", ["Hello", ",", "world", "!"]),
        ("3.5 1,000 10:30 12/05/24", ["3.5", "1,000", "10:30", "12/05/24"]),
        ("end.5 5.end 5. .5", ["end", ".", "5", "5", ".", "end", "5", ".", ".", "5"]),
        ("٣.٥", ["٣.٥"]),
        ("well-known F-16 a_b R&D", ["well-known", "F-16", "a_b", "R&D"]),
        ("- -a a- a--b", ["-", "-", "a", "a", "-", "a", "-", "-", "b"]),
        ("John's it’s don't", ["John", "'s", "it", "’s", "don", "'t"]),
        ("'quoted' dogs' 'tis", ["'", "quoted", "'", "dogs", "'", "'", "tis"]),
        ("rock'n'roll", ["rock", "'n", "'roll"]),
        ("@user #tag a@b @ # ##x @@y", ["@user", "#tag", "a", "@", "b", "@", "#", "#", "#x", "@", "@y"]),
        ("...", [".", ".", "."]),
        ("中国人 in 東京", ["中", "国", "人", "in", "東", "京"]),
        ("caf\u0065\u0301's \u0301a", ["cafe\u0301", "'s", "\u0301", "a"]),
        ("❤\ufe0f👍🏽 👩\u200d💻!", ["❤\ufe0f", "👍🏽", "👩\u200d💻", "!"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("a\x00b", ["a", "b"]),
    ],
)
def test_rules(text: str, tokens: list[str]) -> None:
    assert [token.text for token in tokenize(text)] == tokens


@given(text=TEXTS)
def test_tokens_are_in_order_and_cover_all_but_spaces(text: str) -> None:
    tokens = tokenize(text)
    position = 0
    between = ""
    for token in tokens:
        assert token.text == text[token.start : token.end]
        assert position <= token.start < token.end
        between += text[position : token.start]
        position = token.end
    between += text[position:]
    assert {unicodedata.category(char) for char in between} <= {"Zs", "Zl", "Zp", "Cc", "Cf"}


@given(text=TEXTS)
def test_a_token_alone_is_the_same_token_unless_it_depends_on_the_one_before(text: str) -> None:
    for token in tokenize(text):
        if token.text[0] not in "'’":
            assert [again.text for again in tokenize(token.text)] == [token.text]
