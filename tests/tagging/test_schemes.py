"""Reading, writing and converting tags, and the masks, against enumeration and by property."""

from __future__ import annotations

import itertools
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagging.schemes import (
    BILOU,
    BIO,
    BIOES,
    IOB1,
    PLAIN,
    Repair,
    Scheme,
    UnknownTag,
    can_read,
    convert,
    join_tag,
    parse,
    spans_of,
    split_tag,
    tags_of,
    transition_masks,
)
from tagging.spans import Span

WITH_ENTITIES = [BIO, BIOES, BILOU, IOB1]
LABELS = ["PER", "creative-work"]

# Two entities side by side with the same label, one alone, and a long one at the end.
SPANS = [Span(0, 2, "PER"), Span(2, 3, "PER"), Span(4, 5, "LOC"), Span(5, 8, "ORG")]
WRITTEN = {
    "BIO": "B-PER I-PER B-PER O B-LOC B-ORG I-ORG I-ORG",
    "IOB1": "I-PER I-PER B-PER O I-LOC I-ORG I-ORG I-ORG",
    "BIOES": "B-PER E-PER S-PER O S-LOC B-ORG I-ORG E-ORG",
    "BILOU": "B-PER L-PER U-PER O U-LOC B-ORG I-ORG L-ORG",
}


def tags_in(scheme: Scheme) -> list[str]:
    return ["O", *(f"{prefix}-{label}" for prefix in sorted(scheme.prefixes - {"O"}) for label in LABELS)]


@st.composite
def scheme_and_tags(draw: st.DrawFn) -> tuple[Scheme, list[str]]:
    """Any tags of a scheme, legal in their order or not."""
    scheme = draw(st.sampled_from(WITH_ENTITIES))
    return scheme, draw(st.lists(st.sampled_from(tags_in(scheme)), max_size=12))


@st.composite
def spans_and_length(draw: st.DrawFn) -> tuple[list[Span], int]:
    spans, end = [], 0
    for gap, size in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), max_size=5)):
        start = end + gap
        end = start + size
        spans.append(Span(start, end, draw(st.sampled_from(LABELS))))
    return spans, end + draw(st.integers(0, 2))


@pytest.mark.parametrize("scheme", WITH_ENTITIES, ids=lambda scheme: scheme.name)
def test_every_scheme_writes_and_reads_the_same_entities(scheme: Scheme) -> None:
    tags = WRITTEN[scheme.name].split()
    assert tags_of(SPANS, 8, scheme) == tags
    assert parse(tags, scheme) == (SPANS, [])


@given(drawn=spans_and_length(), scheme=st.sampled_from(WITH_ENTITIES))
def test_entities_written_are_read_back_without_repairs(
    drawn: tuple[list[Span], int], scheme: Scheme
) -> None:
    spans, length = drawn
    assert parse(tags_of(spans, length, scheme), scheme) == (spans, [])


@given(drawn=scheme_and_tags(), target=st.sampled_from(WITH_ENTITIES))
def test_any_tags_convert_to_another_scheme_and_back(drawn: tuple[Scheme, list[str]], target: Scheme) -> None:
    source, tags = drawn
    there, repairs = convert(tags, source, target)
    back, no_repairs = convert(there, target, source)
    repaired = list(tags)
    for index, found, became in repairs:
        assert tags[index] == found
        repaired[index] = became
    assert back == repaired
    assert no_repairs == []


@given(drawn=scheme_and_tags())
def test_every_tag_but_the_outside_one_belongs_to_an_entity(drawn: tuple[Scheme, list[str]]) -> None:
    scheme, tags = drawn
    inside = {index for start, end, _ in spans_of(tags, scheme) for index in range(start, end)}
    assert inside == {index for index, tag in enumerate(tags) if tag != "O"}


@pytest.mark.parametrize("scheme", WITH_ENTITIES, ids=lambda scheme: scheme.name)
def test_masks_allow_exactly_the_sequences_without_repairs(scheme: Scheme) -> None:
    tags = tags_in(scheme)
    allowed, start, end = transition_masks(tags, scheme)
    for length in (1, 2, 3):
        for path in itertools.product(range(len(tags)), repeat=length):
            legal = (
                start[path[0]]
                and end[path[-1]]
                and all(allowed[before][here] for before, here in itertools.pairwise(path))
            )
            assert legal == (not parse([tags[index] for index in path], scheme).repairs), path


def test_masks_are_indexed_from_and_to() -> None:
    allowed, start, end = transition_masks(["O", "B-PER", "I-PER"], BIO)
    assert allowed == [[True, True, False], [True, True, True], [True, True, True]]
    assert start == [True, True, False]
    assert end == [True, True, True]


def test_plain_tags_may_follow_each_other_in_any_order() -> None:
    assert transition_masks(["NOUN", "B-"], PLAIN) == ([[True, True]] * 2, [True, True], [True, True])


@pytest.mark.parametrize(
    ("tags", "scheme", "repairs"),
    [
        ("O I-PER I-PER", BIO, [Repair(1, "I-PER", "B-PER")]),
        ("B-PER I-LOC", BIO, [Repair(1, "I-LOC", "B-LOC")]),
        ("O B-PER I-PER", IOB1, [Repair(1, "B-PER", "I-PER")]),
        ("B-PER O", BIOES, [Repair(0, "B-PER", "S-PER")]),
        ("B-PER S-PER", BIOES, [Repair(0, "B-PER", "S-PER")]),
        ("B-PER I-PER", BILOU, [Repair(1, "I-PER", "L-PER")]),
        ("L-PER", BILOU, [Repair(0, "L-PER", "U-PER")]),
    ],
)
def test_repairs(tags: str, scheme: Scheme, repairs: list[Repair]) -> None:
    assert parse(tags.split(), scheme).repairs == repairs


@pytest.mark.parametrize("tag", ["B", "B-", "I", "X-PER", "", "-", "-PER", "O-PER", "O-", "b-PER", "NOUN"])
@pytest.mark.parametrize("scheme", WITH_ENTITIES, ids=lambda scheme: scheme.name)
def test_unknown_tags_are_errors_with_their_place(tag: str, scheme: Scheme) -> None:
    with pytest.raises(
        UnknownTag, match=r"tag 1 is .* expected O, or one of B, .* correct the tag"
    ) as caught:
        parse(["O", tag], scheme)
    assert (caught.value.index, caught.value.tag) == (1, tag)
    with pytest.raises(UnknownTag):
        transition_masks([tag], scheme)


def test_an_unknown_tag_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(UnknownTag(3, "X-Y", BIO)))
    assert (error.index, error.tag, str(error)) == (3, "X-Y", str(UnknownTag(3, "X-Y", BIO)))


@pytest.mark.parametrize(
    ("tag", "parts"),
    [
        ("B-creative-work", ("B", "creative-work")),
        ("O", ("O", "")),
        ("I-PER", ("I", "PER")),
        ("S--x", ("S", "-x")),
    ],
)
def test_the_first_hyphen_divides_a_tag(tag: str, parts: tuple[str, str]) -> None:
    assert split_tag(tag) == parts
    assert join_tag(*parts) == tag


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([Span(1, 1, "PER")], "not a labelled span of a sentence of 3"),
        ([Span(-1, 1, "PER")], "not a labelled span"),
        ([Span(2, 4, "PER")], "not a labelled span"),
        ([Span(0, 1, "")], "not a labelled span"),
        ([Span(0, 2, "PER"), Span(1, 3, "LOC")], "begins before token 2"),
    ],
)
def test_spans_that_tags_cannot_hold_are_errors(spans: list[Span], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tags_of(spans, 3, BIO)


def test_the_order_of_spans_does_not_matter() -> None:
    assert tags_of(reversed(SPANS), 8, IOB1) == tags_of(SPANS, 8, IOB1)


def test_plain_tags_convert_to_plain_tags_only() -> None:
    assert convert(["NOUN", "B-"], PLAIN, PLAIN) == (["NOUN", "B-"], [])
    for source, target in ((PLAIN, BIO), (BIO, PLAIN)):
        with pytest.raises(ValueError, match="plain tags mark no entities"):
            convert(["O"], source, target)
    with pytest.raises(ValueError, match="plain tags mark no entities"):
        parse(["NOUN"], PLAIN)
    with pytest.raises(ValueError, match="plain tags mark no entities"):
        tags_of([], 1, PLAIN)


@pytest.mark.parametrize("scheme", [*WITH_ENTITIES, PLAIN], ids=lambda scheme: scheme.name)
@given(tags=st.lists(st.sampled_from(["O", "B-a", "E-a", "L-a", "NOUN", "B-", "O-a", ""]), max_size=4))
def test_tags_can_be_read_if_reading_them_does_not_raise(scheme: Scheme, tags: list[str]) -> None:
    try:
        parse(tags, scheme)
    except ValueError:
        assert not can_read(tags, scheme)
    else:
        assert can_read(tags, scheme)
