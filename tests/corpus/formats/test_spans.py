"""Laying character spans on tokens."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.formats.spans import CharacterSpan, Settled, aligned
from tagging.spans import Span

TEXT = "ab cd  ef"
STARTS, ENDS = (0, 3, 7), (2, 5, 9)


def lay(*spans: tuple[int, int, str]) -> tuple[list[Span], list[Settled]]:
    return aligned(TEXT, [CharacterSpan(*span) for span in spans], STARTS, ENDS)


def test_spans_on_the_edges_say_nothing() -> None:
    assert lay((0, 2, "A"), (3, 9, "B")) == ([Span(0, 1, "A"), Span(1, 3, "B")], [])


def test_a_span_grows_to_the_tokens_it_touches() -> None:
    spans, settled = lay((1, 4, "A"))
    assert spans == [Span(0, 2, "A")]
    assert settled == [("span 1-4 A 'b c' is off the token edges", "taken as 0-5 'ab cd'", "D202")]


def test_white_space_at_the_edges_is_off_the_edges_too() -> None:
    spans, settled = lay((2, 6, "A"))
    assert spans == [Span(1, 2, "A")]
    assert len(settled) == 1


def test_a_span_of_white_space_is_dropped() -> None:
    assert lay((5, 7, "A")) == ([], [("span 5-7 A '  ' holds no token", "dropped", "D211")])


def test_a_span_given_twice_is_kept_once() -> None:
    spans, settled = lay((0, 2, "A"), (0, 2, "A"))
    assert spans == [Span(0, 1, "A")]
    assert settled == [("span 0-2 A 'ab' given twice", "kept once", "D209")]


def test_of_two_that_meet_the_first_and_longer_stays() -> None:
    assert lay((3, 9, "B"), (0, 5, "A"))[0] == [Span(0, 2, "A")]
    assert lay((0, 2, "B"), (0, 5, "A"))[0] == [Span(0, 2, "A")]
    spans, settled = lay((0, 2, "B"), (0, 2, "A"))
    assert spans == [Span(0, 1, "B")]
    assert settled[0][1:] == ("dropped for B 'ab'", "D210")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(1, 9), st.sampled_from("AB")).filter(lambda s: s[0] < s[1]),
        max_size=5,
    )
)
def test_every_span_is_either_there_exactly_or_told(spans: list[tuple[int, int, str]]) -> None:
    kept, settled = lay(*spans)
    exact = {(STARTS[span.start], ENDS[span.end - 1], span.label) for span in kept}
    for one, following in itertools.pairwise(kept):
        assert one.end <= following.start
    told = [found for found, *_ in settled]
    for start, end, label in spans:
        assert (start, end, label) in exact or any(f"span {start}-{end} {label}" in found for found in told)
    assert len(spans) - len(kept) <= len(settled)
