"""From spans in characters of a text to spans in tokens, telling of every span that did not fit.

A tag layer holds one entity a token and knows nothing inside a token. So a span that begins or ends inside
a token grows to the token's edges, one that holds no token is dropped, and of two that meet in a token the
one that begins first stays (of equal beginnings the longer, then the earlier in the file).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from tagging.spans import Span


class CharacterSpan(NamedTuple):
    """`text[start:end]` is a `label`."""

    start: int
    end: int
    label: str


class Settled(NamedTuple):
    """A span that did not fit: what it was, what it became, and the number of that kind of fault."""

    found: str
    became: str
    code: str


def aligned(
    text: str, spans: Sequence[CharacterSpan], starts: Sequence[int], ends: Sequence[int]
) -> tuple[list[Span], list[Settled]]:
    """Like `laid`, without telling which of the spans given each one was."""
    kept, settled = laid(text, spans, starts, ends)
    return [span for span, _ in kept], settled


def laid(
    text: str, spans: Sequence[CharacterSpan], starts: Sequence[int], ends: Sequence[int]
) -> tuple[list[tuple[Span, int]], list[Settled]]:
    """Lays character spans on T tokens.

    Args:
        text: the text.
        spans: spans within it, in the file's order.
        starts: T token starts, rising.
        ends: T token ends, exclusive.

    Returns:
        The spans in tokens, in order and apart, each with its index in `spans`; and what became of every one
        that did not fit.
    """
    settled: list[Settled] = []
    placed: list[tuple[Span, int]] = []
    seen: set[CharacterSpan] = set()
    for index, span in enumerate(spans):
        if span in seen:
            settled.append(Settled(f"span {_shown(span, text)} given twice", "kept once", "D209"))
            continue
        seen.add(span)
        # The tokens that share a character with the span.
        first = bisect_right(ends, span.start)
        last = bisect_left(starts, span.end)
        if first >= last:
            settled.append(Settled(f"span {_shown(span, text)} holds no token", "dropped", "D211"))
            continue
        if starts[first] != span.start or ends[last - 1] != span.end:
            taken = text[starts[first] : ends[last - 1]]
            settled.append(
                Settled(
                    f"span {_shown(span, text)} is off the token edges",
                    f"taken as {starts[first]}-{ends[last - 1]} {taken!r}",
                    "D202",
                )
            )
        placed.append((Span(first, last, span.label), index))
    kept: list[tuple[Span, int]] = []
    # A stable sort: of equal spans the earlier in the file stays.
    for span_in_tokens, index in sorted(placed, key=lambda pair: (pair[0].start, -pair[0].end)):
        if kept and span_in_tokens.start < kept[-1][0].end:
            rival = kept[-1][0]
            span = spans[index]
            settled.append(
                Settled(
                    f"span {_shown(span, text)} meets another in a token",
                    f"dropped for {rival.label} {text[starts[rival.start] : ends[rival.end - 1]]!r}",
                    "D210",
                )
            )
            continue
        kept.append((span_in_tokens, index))
    return kept, settled


def _shown(span: CharacterSpan, text: str) -> str:
    taken = text[span.start : span.end]
    if len(taken) > 40:
        taken = taken[:37] + "..."
    return f"{span.start}-{span.end} {span.label} {taken!r}"
