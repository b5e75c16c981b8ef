"""Token offsets in a text, and character spans aligned to tokens."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.formats.alignment import Alignment, CharacterSpan, align, token_offsets
from tagging.spans import Span

TEXT = "ab cd  ef"
STARTS, ENDS = (0, 3, 7), (2, 5, 9)


def aligned(*spans: tuple[int, int, str]) -> Alignment:
    return align(TEXT, [CharacterSpan(*span) for span in spans], STARTS, ENDS)


def test_offsets_of_tokens_in_their_text() -> None:
    assert token_offsets(TEXT, ("ab", "cd", "ef")) == (STARTS, ENDS)
    assert token_offsets("Hi \U0001f600!", ("Hi", "\U0001f600", "!")) == ((0, 3, 4), (2, 4, 5))


@pytest.mark.parametrize("tokens", [("ab", "cd"), ("ab", "ef"), ("ab", "cd", "ef", "gh"), ("x", "cd", "ef")])
def test_a_text_of_other_tokens_has_no_offsets(tokens: tuple[str, ...]) -> None:
    assert token_offsets(TEXT, tokens) == (None, None)


@pytest.mark.parametrize(
    ("spans", "expected", "settled"),
    [
        ([(0, 2, "A"), (3, 9, "B")], [Span(0, 1, "A"), Span(1, 3, "B")], []),
        (
            [(1, 4, "A")],
            [Span(0, 2, "A")],
            [("span 1-4 A 'b c' is off the token edges", "taken as 0-5 'ab cd'", "D202")],
        ),
        (
            [(2, 6, "A")],
            [Span(1, 2, "A")],
            [("span 2-6 A ' cd ' is off the token edges", "taken as 3-5 'cd'", "D202")],
        ),
        ([(5, 7, "A")], [], [("span 5-7 A '  ' holds no token", "dropped", "D211")]),
        ([(0, 2, "A"), (0, 2, "A")], [Span(0, 1, "A")], [("span 0-2 A 'ab' given twice", "kept once", "D209")]),
        (
            [(3, 9, "B"), (0, 5, "A")],
            [Span(0, 2, "A")],
            [("span 3-9 B 'cd  ef' meets another in a token", "dropped for A 'ab cd'", "D210")],
        ),
        (
            [(0, 2, "B"), (0, 5, "A")],
            [Span(0, 2, "A")],
            [("span 0-2 B 'ab' meets another in a token", "dropped for A 'ab cd'", "D210")],
        ),
        (
            [(0, 2, "B"), (0, 2, "A")],
            [Span(0, 1, "B")],
            [("span 0-2 A 'ab' meets another in a token", "dropped for B 'ab'", "D210")],
        ),
    ],
)  # fmt: skip
def test_how_a_span_is_settled(
    spans: list[tuple[int, int, str]], expected: list[Span], settled: list[tuple[str, str, str]]
) -> None:
    alignment = aligned(*spans)
    assert alignment.spans == expected
    assert alignment.settled == settled


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(1, 9), st.sampled_from("AB")).filter(lambda s: s[0] < s[1]),
        max_size=5,
    )
)
def test_every_span_is_kept_exactly_or_reported(spans: list[tuple[int, int, str]]) -> None:
    kept, sources, settled = aligned(*spans)
    exact = {(STARTS[span.start], ENDS[span.end - 1], span.label) for span in kept}
    for one, following in itertools.pairwise(kept):
        assert one.end <= following.start
    assert [span.label for span in kept] == [spans[source][2] for source in sources]
    reported = [fault.found for fault in settled]
    for start, end, label in spans:
        assert (start, end, label) in exact or any(f"span {start}-{end} {label}" in one for one in reported)
    assert len(spans) - len(kept) <= len(settled)
