"""Tagline's tokenizer: where a token begins depends only on the classes of neighbouring characters.

The rules, on the classes of `tagging.characters`; word characters are `WORD` and `DIGIT`:

1. A run of word characters is a token; every other character but a space is a token on its own, except by these rules:
2. `.` `,` `:` `/` between two digits join them: `3.5`, `1,000`, `10:30`, `12/05`.
3. A hyphen or `&` between word characters joins them: `well-known`, `AT&T`. An underscore is a
   word character.
4. An apostrophe between word characters begins a token that takes the word after it: `John` `'s`,
   `don` `'t`; `O'Neil` is `O` `'Neil`, since both have the same character classes.
5. `@` or `#` before a word character, but not after one, begins the token: `@user`, `#tag`.
6. A Han character is a token on its own. Other scripts without spaces between words (Thai, kana) are not
   split, except by the tokenizer of characters, to which rules 2 to 5 do not apply, since it takes every letter,
   digit and sign of theirs for a Han character.
7. An extender (combining mark, skin tone) belongs to the token before it, and the other rules ignore it;
   after a space it is a token on its own. A zero-width joiner joins two symbols into one.

The rules depend on at most two characters before and one after, so `trainer.export.tokenizer` can follow them
with TensorFlow's string operations; a test compares both on arbitrary Unicode.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple, get_args

from tagging.characters import CharClass, TokenizerName, class_table

# A letter for each `CharClass`, in its order, for patterns of classes; also q, a symbol that a zero-width
# joiner joins to the character before it.
_LETTERS = "sowdhnjagez"

_TOKEN = re.compile(
    r"""
    (?: (?<![wd])g(?=[wd]) | (?<=[wd])a(?=[wd]) )?
    [wd] (?: [wd] | j(?=[wd]) | (?<=d)n(?=d) )*
    | [oq]q*
    | [^s]
    """,
    re.VERBOSE,
)
_EXTENDER = re.compile("[ez]")
_EXTENDS_NOTHING = re.compile("(?:^|(?<=s))[ez]")


class Token(NamedTuple):
    """A token and its place `text[start:end]` in the text, in Unicode characters."""

    text: str
    start: int
    end: int


class _ClassLetters(dict[int, str]):
    """The letters of code points to a tokenizer, computed on first use."""

    def __init__(self, tokenizer: TokenizerName) -> None:
        super().__init__()
        self._tokenizer = tokenizer

    def __missing__(self, code: int) -> str:
        boundaries, classes = class_table(self._tokenizer)
        letter = _LETTERS[CharClass(classes[bisect_right(boundaries, code) - 1])]
        self[code] = letter
        return letter


_CLASS_LETTERS: dict[TokenizerName, _ClassLetters] = {
    name: _ClassLetters(name) for name in get_args(TokenizerName)
}


def tokenize(text: str, tokenizer: TokenizerName = "words") -> list[Token]:
    """Split a text into tokens by the rules above, in order; none of them is empty."""
    letters = text.translate(_CLASS_LETTERS[tokenizer])
    if not _EXTENDER.search(letters):
        return [
            Token(text[start:end], start, end) for start, end in map(re.Match.span, _TOKEN.finditer(letters))
        ]
    # The rules apply to the text without extenders; then each token gets its extenders back.
    letters = _EXTENDS_NOTHING.sub("o", letters.replace("zo", "zq"))
    bases = [index for index, letter in enumerate(letters) if letter not in "ez"]
    edges = [*bases, len(text)]
    tokens = []
    for match in _TOKEN.finditer("".join([letters[index] for index in bases])):
        start, end = edges[match.start()], edges[match.end()]
        tokens.append(Token(text[start:end], start, end))
    return tokens
