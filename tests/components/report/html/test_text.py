"""Text from data as it is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from components.report.html.text import direction, shortened, visible


@given(st.text(max_size=30))
def test_only_visible_characters_are_left(text: str) -> None:
    shown = visible(text)
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in shown)
    assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u2028")
    assert len(shortened(text, 8)) <= 8 * len("<U+10FFFF>")
    if text.isprintable():
        assert shown == text


def test_control_characters_have_pictures() -> None:
    assert visible("a\x00b\x1bc\x7f\u202e\u2028") == "a␀b␛c␡<U+202E><U+2028>"
    assert shortened("abcdefgh", 5) == "abcd…"


def test_the_first_letter_decides_the_direction() -> None:
    assert direction(["12", "...", "שלום", "Anna"]) == "rtl"
    assert direction(["(", "Anna", "שלום"]) == "ltr"
    assert direction(["مرحبا"]) == "rtl"
    assert direction(["🙂", "7"]) == "ltr"
