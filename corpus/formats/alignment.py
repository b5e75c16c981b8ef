"""Tokens and spans of a running text: the offsets of its tokens, and character spans as token spans.

Tags hold one layer of entities and cannot cut a token. So a span that begins or ends inside a token grows to
the token's edges, a span without a token is dropped, and of two spans with a common token the one that begins
first is kept (of equal beginnings the longer, then the earlier in the file).
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from tagging.spans import Span

# Letters without case, modifier letters and the marks on them.
_UNCASED = frozenset(("Lo", "Lm", "Mn", "Mc"))


def token_offsets(
    text: str, tokens: Sequence[str]
) -> tuple[tuple[int, ...], tuple[int, ...]] | tuple[None, None]:
    """Find T tokens in their text, in order and with only white space between them.

    Returns:
        T starts and T exclusive ends in Unicode characters, or (None, None) if the text does not consist
        of these tokens (a multiword `zum` written as `zu dem`).
    """
    starts, ends = [], []
    position = 0
    for token in tokens:
        while position < len(text) and text[position].isspace():
            position += 1
        if not text.startswith(token, position):
            return None, None
        starts.append(position)
        position += len(token)
        ends.append(position)
    if text[position:].strip():
        return None, None
    return tuple(starts), tuple(ends)


class CharacterSpan(NamedTuple):
    """A labelled span of a text, `text[start:end]`."""

    start: int
    end: int
    label: str


class Settled(NamedTuple):
    """A span that did not fit the tokens: the fault, how it was settled, and the fault's code."""

    found: str
    became: str
    code: str


class Alignment(NamedTuple):
    """Character spans aligned to tokens.

    Attributes:
        spans: the token spans, in order; they do not overlap.
        sources: for each of them, its index among the character spans.
        settled: every span that did not fit.
    """

    spans: list[Span]
    sources: list[int]
    settled: list[Settled]


def align(text: str, spans: Sequence[CharacterSpan], starts: Sequence[int], ends: Sequence[int]) -> Alignment:
    """Align character spans to T tokens.

    Args:
        text: the text.
        spans: spans within it, in file order.
        starts: T token starts, ascending.
        ends: T token ends, exclusive.
    """
    settled: list[Settled] = []
    placed: list[tuple[Span, int]] = []
    seen: set[CharacterSpan] = set()
    for index, span in enumerate(spans):
        if span in seen:
            settled.append(Settled(f"span {_shown(span, text)} given twice", "kept once", "D209"))
            continue
        seen.add(span)
        # The tokens that have a character in common with the span.
        first = bisect_right(ends, span.start)
        last = bisect_left(starts, span.end)
        if first >= last:
            settled.append(Settled(f"span {_shown(span, text)} holds no token", "dropped", "D211"))
            continue
        if starts[first] != span.start or ends[last - 1] != span.end:
            grown = text[starts[first] : ends[last - 1]]
            cut = _cuts_word(text, span.start) or _cuts_word(text, span.end)
            settled.append(
                Settled(
                    f"span {_shown(span, text)} is off the token edges",
                    f"taken as {starts[first]}-{ends[last - 1]} {grown!r}",
                    "D217" if cut else "D202",
                )
            )
        placed.append((Span(first, last, span.label), index))
    kept: list[Span] = []
    sources: list[int] = []
    # A stable sort: of equal spans the earlier in the file is kept.
    for token_span, index in sorted(placed, key=lambda pair: (pair[0].start, -pair[0].end)):
        if kept and token_span.start < kept[-1].end:
            winner = kept[-1]
            settled.append(
                Settled(
                    f"span {_shown(spans[index], text)} meets another in a token",
                    f"dropped for {winner.label} {text[starts[winner.start] : ends[winner.end - 1]]!r}",
                    "D210",
                )
            )
            continue
        kept.append(token_span)
        sources.append(index)
    return Alignment(kept, sources, settled)


def _cuts_word(text: str, at: int) -> bool:
    """Whether a place lies between letters without case, as of scripts that write words together."""
    around = text[at - 1 : at + 1] if 0 < at < len(text) else ""
    return bool(around) and all(unicodedata.category(one) in _UNCASED for one in around)


def _shown(span: CharacterSpan, text: str) -> str:
    covered = text[span.start : span.end]
    if len(covered) > 40:
        covered = covered[:37] + "..."
    return f"{span.start}-{span.end} {span.label} {covered!r}"
