"""The table of character classes."""

from __future__ import annotations

import sys
from bisect import bisect_right

import pytest

from tagging.characters import CharClass, _class_of, class_table


def looked_up(code: int) -> int:
    boundaries, classes = class_table()
    return classes[bisect_right(boundaries, code) - 1]


def test_the_table_holds_for_every_code_point() -> None:
    boundaries, classes = class_table()
    assert boundaries[0] == 0
    assert list(boundaries) == sorted(set(boundaries))
    assert len(boundaries) == len(classes)
    edges = [*boundaries, sys.maxunicode + 1]
    for index, char_class in enumerate(classes):
        assert all(_class_of(code) == char_class for code in range(edges[index], edges[index + 1]))


def test_neighbouring_ranges_differ() -> None:
    _, classes = class_table()
    assert all(classes[index] != classes[index + 1] for index in range(len(classes) - 1))


@pytest.mark.parametrize(
    ("characters", "char_class"),
    [
        (" \t\n\u00a0\u2028\u3000\u200b\ufeff\x00", CharClass.SPACE),
        ('!?"$%€—…❤\ue000\ufffd', CharClass.OTHER),
        ("azéßЖעぁ½²_", CharClass.WORD),
        ("09٣९", CharClass.DIGIT),
        ("中々豈𠀀", CharClass.HAN),
        (".,:/", CharClass.NUMBER_JOINER),
        ("-‑&", CharClass.WORD_JOINER),
        ("'’", CharClass.APOSTROPHE),
        ("@#", CharClass.SIGIL),
        ("\u0301\ufe0f🏽\u00ad\u200c", CharClass.EXTENDER),
        ("\u200d", CharClass.LINK),
    ],
)
def test_classes_by_example(characters: str, char_class: CharClass) -> None:
    assert {looked_up(ord(char)) for char in characters} == {int(char_class)}
