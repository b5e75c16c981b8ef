"""Read and write tags by a scheme. Also exports the schemes and spans.

The schemes themselves are tables in `tagging.tables`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tagging.spans import Span
from tagging.tables import (
    BILOU,
    BIO,
    BIOES,
    IOB1,
    OUTSIDE,
    PLAIN,
    SCHEMES,
    Scheme,
    join_tag,
    scheme_named,
    split_tag,
)

__all__ = [
    "BILOU",
    "BIO",
    "BIOES",
    "IOB1",
    "OUTSIDE",
    "PLAIN",
    "SCHEMES",
    "Masks",
    "Parsed",
    "Repair",
    "Scheme",
    "UnknownTag",
    "can_read",
    "convert",
    "join_tag",
    "parse",
    "read_tags",
    "scheme_named",
    "spans_of",
    "split_tag",
    "tags_of",
    "transition_masks",
]


class UnknownTag(ValueError):
    """A tag that the scheme cannot read.

    Attributes:
        index: its index in the sequence.
        tag: the tag.
    """

    def __init__(self, index: int, tag: str, scheme: Scheme) -> None:
        super().__init__(index, tag, scheme)
        self.index = index
        self.tag = tag
        self.scheme = scheme

    def __str__(self) -> str:
        prefixes = ", ".join(sorted(self.scheme.prefixes - {OUTSIDE}))
        return (
            f"tag {self.index} is {self.tag!r}; expected {OUTSIDE}, or one of {prefixes} with a hyphen and "
            f"a label ({self.scheme.name}); correct the tag, or name the scheme that the tags are written in"
        )


def read_tags(tags: Sequence[str], scheme: Scheme) -> list[tuple[str, str]]:
    """Split every tag into (prefix, label).

    Raises:
        UnknownTag: a prefix that the scheme does not have, or a prefix without a label.
        ValueError: the scheme is plain.
    """
    if scheme.is_plain:
        raise ValueError("plain tags mark no entities; name a scheme with prefixes, such as BIO")
    pairs = []
    for index, tag in enumerate(tags):
        prefix, label = split_tag(tag)
        # `O` has no label, every other prefix has one.
        if prefix not in scheme.prefixes or (tag != OUTSIDE if prefix == OUTSIDE else not label):
            raise UnknownTag(index, tag, scheme)
        pairs.append((prefix, label))
    return pairs


def can_read(tags: Sequence[str], scheme: Scheme) -> bool:
    """Whether every tag belongs to the scheme, in any order; always false for plain tags."""
    if scheme.is_plain:
        return False
    try:
        read_tags(tags, scheme)
    except UnknownTag:
        return False
    return True


class Repair(NamedTuple):
    """A tag that is illegal at its place, and the legal tag that it was read as."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which repairs do not need
    found: str
    became: str


class Parsed(NamedTuple):
    """The entities of a sentence in order, and the repairs needed to read them."""

    spans: list[Span]
    repairs: list[Repair]


def parse(tags: Sequence[str], scheme: Scheme) -> Parsed:
    """Read entities from tags leniently, as conlleval does.

    A tag that does not continue the entity before it begins a new one, whatever its prefix; an entity that is
    never closed ends where the next begins. Every tag but `O` belongs to an entity. The repairs are the
    differences from a legal sequence of the same entities.

    Raises:
        UnknownTag: a prefix that the scheme does not have, or a prefix without a label.
        ValueError: the scheme is plain.
    """
    spans = []
    start, before, label_before = 0, OUTSIDE, ""
    pairs = read_tags(tags, scheme)
    for index, (prefix, label) in enumerate(pairs):
        if (before, prefix, label == label_before) not in scheme.continues:
            if before != OUTSIDE:
                spans.append(Span(start, index, label_before))
            start = index
        before, label_before = prefix, label
    if before != OUTSIDE:
        spans.append(Span(start, len(pairs), label_before))
    legal = tags_of(spans, len(pairs), scheme)
    repairs = [
        Repair(index, tag, became)
        for index, (tag, became) in enumerate(zip(tags, legal, strict=True))
        if tag != became
    ]
    return Parsed(spans, repairs)


def spans_of(tags: Sequence[str], scheme: Scheme) -> list[Span]:
    """Read entities leniently, as `parse`, without the repairs."""
    return parse(tags, scheme).spans


def tags_of(spans: Iterable[Span], length: int, scheme: Scheme) -> list[str]:
    """Write entities as tags of a sentence of `length` tokens.

    Raises:
        ValueError: a span is empty, has no label, ends after the sentence or overlaps another; or the scheme
            is plain.
    """
    if scheme.is_plain:
        raise ValueError("plain tags mark no entities; name a scheme with prefixes, such as BIO")
    tags = [OUTSIDE] * length
    end_before, label_before = 0, ""
    for span in sorted(spans):
        start, end, label = span
        if not 0 <= start < end <= length or not label:
            raise ValueError(f"{span} is not a labelled span of a sentence of {length} tokens")
        if start < end_before:
            raise ValueError(
                f"{span} begins before token {end_before}, where the one before it ends; "
                "tags hold one layer of entities: drop or shorten one of the two"
            )
        tags[start:end] = [join_tag(scheme.inside, label)] * (end - start)
        tags[end - 1] = join_tag(scheme.last, label)
        tags[start] = join_tag(scheme.only if end - start == 1 else scheme.first, label)
        if scheme.touching and start == end_before and label == label_before:
            tags[start] = join_tag(scheme.touching, label)
        end_before, label_before = end, label
    return tags


def convert(tags: Sequence[str], source: Scheme, target: Scheme) -> tuple[list[str], list[Repair]]:
    """Convert tags of one scheme to another, leniently; the repairs are in tags of the source.

    Converting to the same scheme repairs the tags. Plain tags convert to plain tags only, unchanged.

    Raises:
        UnknownTag: as for `parse`.
        ValueError: one scheme is plain and the other is not.
    """
    if source.is_plain and target.is_plain:
        return list(tags), []
    if source.is_plain or target.is_plain:
        raise ValueError(
            f"tags of scheme {source.name} cannot become {target.name}: plain tags mark no entities; "
            "name the same kind of scheme on both sides"
        )
    spans, repairs = parse(tags, source)
    return tags_of(spans, len(tags), target), repairs


class Masks(NamedTuple):
    """The steps allowed in a legal sequence, by the indices of the K tags.

    Attributes:
        allowed: [K][K], `allowed[i][j]`: tag j may follow tag i.
        start: [K], the tag may be the first of a sentence.
        end: [K], the tag may be the last of a sentence.
    """

    allowed: list[list[bool]]
    start: list[bool]
    end: list[bool]


def transition_masks(tags: Sequence[str], scheme: Scheme) -> Masks:
    """Compute the legal steps between these tags; all steps if the scheme is plain.

    Raises:
        UnknownTag: as for `parse`.
    """
    if scheme.is_plain:
        return Masks([[True] * len(tags) for _ in tags], [True] * len(tags), [True] * len(tags))
    pairs = read_tags(tags, scheme)
    return Masks(
        allowed=[
            [scheme.allows(before, here, label_before == label) for here, label in pairs]
            for before, label_before in pairs
        ],
        # Before and after a sentence counts as `O`.
        start=[scheme.allows(OUTSIDE, here, False) for here, _ in pairs],
        end=[scheme.allows(before, OUTSIDE, False) for before, _ in pairs],
    )
