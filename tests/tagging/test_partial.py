"""Partial-match counts against a search through all pairings, and by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagging.partial import PartialCounts, overlapping_pairs, partial_counts
from tagging.schemes import BILOU, BIO, BIOES, IOB1, PLAIN, Scheme, tags_of
from tagging.scoring import Counts, Score, entity_counts, strict_spans
from tagging.spans import Span

LENGTH = 9


@st.composite
def span_lists(draw: st.DrawFn, labels: str = "abc") -> list[Span]:
    """Disjoint spans of a sentence of `LENGTH` tokens, in order."""
    edges = sorted(draw(st.sets(st.integers(0, LENGTH))))
    spans = [Span(*edge, draw(st.sampled_from(labels))) for edge in pairwise(edges)]
    return [span for span in spans if draw(st.booleans())]


def share_a_token(gold: Span, predicted: Span) -> bool:
    return bool(set(range(gold.start, gold.end)) & set(range(predicted.start, predicted.end)))


def most_pairs(gold: Sequence[Span], predicted: Sequence[Span], fits: Callable[[Span, Span], bool]) -> int:
    """The size of the largest one-to-one pairing, by trying all of them."""
    if not gold:
        return 0
    first, *rest = gold
    without = most_pairs(rest, predicted, fits)
    partners = [index for index, span in enumerate(predicted) if fits(first, span)]
    pairings = [
        1 + most_pairs(rest, [*predicted[:index], *predicted[index + 1 :]], fits) for index in partners
    ]
    return max([without, *pairings])


@settings(max_examples=300, deadline=None)
@given(gold=span_lists(), predicted=span_lists())
def test_the_pairing_is_as_large_as_possible(gold: list[Span], predicted: list[Span]) -> None:
    pairs = overlapping_pairs(gold, predicted)
    assert len(pairs) == most_pairs(gold, predicted, share_a_token)
    assert all(share_a_token(mine, other) for mine, other in pairs)
    assert max(Counter(mine for mine, _ in pairs).values(), default=1) == 1
    assert max(Counter(other for _, other in pairs).values(), default=1) == 1
    assert {mine for mine, _ in pairs} <= set(gold)
    assert {other for _, other in pairs} <= set(predicted)


FITS: dict[str, Callable[[Span, Span], bool]] = {
    "overlap": lambda mine, other: share_a_token(mine, other) and mine.label == other.label,
    "boundary": lambda mine, other: mine[:2] == other[:2],
    "type": lambda mine, other: mine.label == other.label,
}


@pytest.mark.parametrize("measure", FITS)
@settings(max_examples=150, deadline=None)
@given(gold=span_lists(), predicted=span_lists(), scheme=st.sampled_from([BIO, IOB1, BIOES, BILOU]))
def test_counts_are_those_of_the_largest_pairing(
    measure: str, gold: list[Span], predicted: list[Span], scheme: Scheme
) -> None:
    counts = partial_counts(tags_of(gold, LENGTH, scheme), tags_of(predicted, LENGTH, scheme), scheme)
    expected = Counts(len(gold), len(predicted), most_pairs(gold, predicted, FITS[measure]))
    assert getattr(counts, measure) == expected


ANY_TAGS = st.lists(st.sampled_from(["O", *(f"{p}-{label}" for p in "BIES" for label in "ab")]), max_size=8)


@settings(max_examples=150, deadline=None)
@given(tags=ANY_TAGS.flatmap(lambda gold: st.tuples(st.just(gold), st.permutations(gold))))
def test_partial_credit_is_never_below_the_exact_one(tags: tuple[list[str], list[str]]) -> None:
    gold, predicted = tags
    exact = sum(entity_counts(gold, predicted, BIOES, "strict").values(), Counts())
    for counts in partial_counts(gold, predicted, BIOES):
        assert (counts.gold, counts.predicted) == (exact.gold, exact.predicted)
        assert counts.gold == len(strict_spans(gold, BIOES))
        assert counts.correct >= exact.correct


# The example that the SemEval-2013 task 9.1 measures are usually explained by: one exact match, one of the
# right tokens under another label, one of the right label with another boundary, one of neither, one missed,
# one spurious.
GOLD = "S-drug O B-drug E-drug O B-drug I-drug E-drug O B-drug E-drug O S-brand O O"
GUESSED = "S-drug O B-brand E-brand O B-drug E-drug O O B-group I-group E-group O S-drug O"


def test_by_hand() -> None:
    gold, guessed = GOLD.split(), GUESSED.split()
    counts = partial_counts(gold, guessed, BIOES)
    assert counts.overlap == Counts(5, 5, 2)  # the exact one, and the one with another boundary
    assert counts.boundary == Counts(5, 5, 2)  # the exact one, and the one under another label
    assert counts.type == Counts(5, 5, 4)  # three drugs of four, and a brand, though elsewhere
    assert Score.of(counts.overlap).f1 == pytest.approx(2 / 5)


def test_one_long_prediction_is_right_about_one_entity_only() -> None:
    gold, guessed = ["S-a", "S-a", "S-a"], ["B-a", "I-a", "E-a"]
    assert partial_counts(gold, guessed, BIOES).overlap == Counts(3, 1, 1)


def test_counts_add_up() -> None:
    gold, guessed = GOLD.split(), GUESSED.split()
    once = partial_counts(gold, guessed, BIOES)
    twice = once.add(once)
    assert twice == PartialCounts(*(counts + counts for counts in once))
    assert PartialCounts().add(once) == once


def test_sequences_that_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="2 gold tags but 1 predicted"):
        partial_counts(["O", "O"], ["O"], BIO)
    with pytest.raises(ValueError, match="plain tags mark no entities"):
        partial_counts(["NOUN"], ["NOUN"], PLAIN)
    assert partial_counts([], [], BIO) == PartialCounts()
