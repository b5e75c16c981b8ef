"""The rules of the tokenizer, by example and by property."""

from __future__ import annotations

import unicodedata
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagging.characters import TokenizerName
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


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        (" \u3000\u200b", []),
        ("田中さんは東京タワーに", [*"田中さんは東京タワーに"]),
        ("서울에서 왔다", [*"서울에서왔다"]),
        ("ที่นี่กำลัง", ["ที่", "นี่", "ก", "ำ", "ลั", "ง"]),
        ("हिन्दी", ["हि", "न्", "दी"]),
        ("क्\u200dष", ["क्\u200d", "ष"]),
        ("3.5km, @me a-b it's", [*"3.5km,@mea-bit's"]),
        ("日本が\u3099 カ\ufe0f", ["日", "本", "が\u3099", "カ\ufe0f"]),
        ("❤\ufe0f👍🏽👩\u200d💻!", ["❤\ufe0f", "👍🏽", "👩\u200d💻", "!"]),
        ("あ\u200d💻", ["あ\u200d", "💻"]),
    ],
)
def test_characters(text: str, tokens: list[str]) -> None:
    assert [token.text for token in tokenize(text, "characters")] == tokens


@given(text=TEXTS)
def test_a_token_of_characters_is_one_character_with_what_extends_it(text: str) -> None:
    for token in tokenize(text, "characters"):
        first, *rest = token.text
        # Symbols after a zero-width joiner are the only other characters.
        symbols = [char for before, char in zip(token.text, rest, strict=False) if before == "\u200d"]
        assert len(tokenize(first)) == 1
        assert {unicodedata.category(char)[0] for char in symbols} <= {"S", "P", "C", "M"}
        for char in rest:
            assert char in symbols or tokenize("a" + char) == [("a" + char, 0, 1 + len(char))]


@given(text=TEXTS)
def test_tokens_of_words_are_tokens_of_characters_joined(text: str) -> None:
    words, characters = tokenize(text), tokenize(text, "characters")
    assert {token.start for token in words} <= {token.start for token in characters}
    assert {token.end for token in words} <= {token.end for token in characters}


@pytest.mark.parametrize("tokenizer", get_args(TokenizerName))
@given(text=TEXTS)
def test_tokens_are_in_order_and_cover_all_but_spaces(tokenizer: TokenizerName, text: str) -> None:
    tokens = tokenize(text, tokenizer)
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
