"""Findings of a sentence: every entity in one of them, sums that add up, and each kind by hand."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagging import mistakes
from tagging.mistakes import Finding, confusion, findings, span_findings
from tagging.partial import partial_counts
from tagging.schemes import BILOU, BIO, BIOES, IOB1, PLAIN, Scheme
from tagging.scoring import Counts, entity_counts, strict_spans, tag_counts
from tagging.spans import Span


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Scheme, list[str], list[str]]:
    """A scheme, gold and predicted tags of a sentence; mostly illegal, and mostly alike."""
    scheme = draw(st.sampled_from([BIO, IOB1, BIOES, BILOU]))
    prefixes = sorted(scheme.prefixes - {"O"})
    tags = st.sampled_from(["O", *(f"{prefix}-{label}" for prefix in prefixes for label in ("a", "b", "c"))])
    gold = draw(st.lists(tags, max_size=10))
    return scheme, gold, [draw(st.one_of(st.just(tag), tags)) for tag in gold]


@settings(max_examples=400, deadline=None)
@given(pair=pairs())
def test_every_entity_is_in_one_finding_and_the_sums_add_up(pair: tuple) -> None:
    scheme, gold, predicted = pair
    found = findings(gold, predicted, scheme)
    gold_spans, predicted_spans = strict_spans(gold, scheme), strict_spans(predicted, scheme)
    assert sorted(finding.gold for finding in found if finding.gold) == gold_spans
    assert sorted(finding.predicted for finding in found if finding.predicted) == predicted_spans

    kinds = Counter(finding.kind for finding in found)
    paired = sum(
        kinds[kind]
        for kind in (
            mistakes.CORRECT,
            mistakes.WRONG_BOUNDARY,
            mistakes.WRONG_TYPE,
            mistakes.WRONG_BOUNDARY_AND_TYPE,
        )
    )
    assert paired + kinds[mistakes.MISSED] == len(gold_spans)
    assert paired + kinds[mistakes.SPURIOUS] == len(predicted_spans)
    assert kinds[mistakes.WRONG_TAG] == 0


@settings(max_examples=300, deadline=None)
@given(pair=pairs())
def test_findings_agree_with_the_scores(pair: tuple) -> None:
    scheme, gold, predicted = pair
    kinds = Counter(finding.kind for finding in findings(gold, predicted, scheme))
    exact = sum(entity_counts(gold, predicted, scheme, "strict").values(), Counts())
    partial = partial_counts(gold, predicted, scheme)
    assert kinds[mistakes.CORRECT] == exact.correct
    assert kinds[mistakes.CORRECT] + kinds[mistakes.WRONG_BOUNDARY] == partial.overlap.correct
    assert kinds[mistakes.CORRECT] + kinds[mistakes.WRONG_TYPE] == partial.boundary.correct


@settings(max_examples=300, deadline=None)
@given(pair=pairs())
def test_the_kind_of_a_finding(pair: tuple) -> None:
    scheme, gold, predicted = pair
    found = findings(gold, predicted, scheme)
    unpaired_gold = [finding.gold for finding in found if finding.kind == mistakes.MISSED]
    unpaired_predicted = [finding.predicted for finding in found if finding.kind == mistakes.SPURIOUS]
    # What overlaps is paired: nothing missed shares a token with anything spurious.
    assert not any(tokens(mine) & tokens(other) for mine in unpaired_gold for other in unpaired_predicted)
    for kind, mine, other in found:
        if mine is None or other is None:
            assert kind == (mistakes.SPURIOUS if mine is None else mistakes.MISSED)
            continue
        assert tokens(mine) & tokens(other)
        expected = {
            (True, True): mistakes.CORRECT,
            (False, True): mistakes.WRONG_BOUNDARY,
            (True, False): mistakes.WRONG_TYPE,
            (False, False): mistakes.WRONG_BOUNDARY_AND_TYPE,
        }
        assert kind == expected[tokens(mine) == tokens(other), mine.label == other.label]
    assert [finding.start for finding in found] == sorted(finding.start for finding in found)


def tokens(span: Span | None) -> set[int]:
    return set(range(span.start, span.end)) if span else set()


@settings(max_examples=100, deadline=None)
@given(pair=pairs())
def test_the_order_of_labels_does_not_matter(pair: tuple) -> None:
    """Labels renamed, and so sorted otherwise, are found in the same places."""
    scheme, gold, predicted = pair
    renamed = str.maketrans("abc", "zyx")
    there = findings(
        [tag.translate(renamed) for tag in gold], [t.translate(renamed) for t in predicted], scheme
    )
    here = findings(gold, predicted, scheme)
    assert sorted((f.kind, f.start, f.end) for f in here) == sorted((f.kind, f.start, f.end) for f in there)


def test_each_kind_by_hand() -> None:
    gold = "S-PER O B-LOC E-LOC O B-ORG I-ORG E-ORG O B-PER E-PER O S-LOC O O"
    guessed = "S-PER O B-ORG E-ORG O B-ORG E-ORG O O B-LOC I-LOC E-LOC O S-LOC O"
    assert findings(gold.split(), guessed.split(), BIOES) == [
        Finding(mistakes.CORRECT, Span(0, 1, "PER"), Span(0, 1, "PER")),
        Finding(mistakes.WRONG_TYPE, Span(2, 4, "LOC"), Span(2, 4, "ORG")),
        Finding(mistakes.WRONG_BOUNDARY, Span(5, 8, "ORG"), Span(5, 7, "ORG")),
        Finding(mistakes.WRONG_BOUNDARY_AND_TYPE, Span(9, 11, "PER"), Span(9, 12, "LOC")),
        Finding(mistakes.MISSED, Span(12, 13, "LOC"), None),
        Finding(mistakes.SPURIOUS, None, Span(13, 14, "LOC")),
    ]


def test_the_same_label_is_paired_before_another() -> None:
    # The first gold entity shares a token with both predictions, the second with one.
    gold = [Span(0, 3, "LOC"), Span(3, 5, "PER")]
    guessed = [Span(0, 2, "PER"), Span(2, 5, "LOC")]
    assert span_findings(gold, guessed) == [
        Finding(mistakes.SPURIOUS, None, Span(0, 2, "PER")),
        Finding(mistakes.WRONG_BOUNDARY, Span(0, 3, "LOC"), Span(2, 5, "LOC")),
        Finding(mistakes.MISSED, Span(3, 5, "PER"), None),
    ]


def test_the_place_of_a_finding() -> None:
    finding = Finding(mistakes.WRONG_BOUNDARY, Span(2, 4, "a"), Span(1, 3, "a"))
    assert (finding.start, finding.end) == (1, 4)
    assert (Finding(mistakes.MISSED, Span(2, 4, "a"), None).end) == 4


@settings(max_examples=100, deadline=None)
@given(pair=pairs())
def test_confusion_adds_up_to_the_entities_of_each_label(pair: tuple) -> None:
    scheme, gold, predicted = pair
    table = confusion(findings(gold, predicted, scheme))
    assert (mistakes.NONE, mistakes.NONE) not in table
    for label in "abc":
        in_gold = sum(span.label == label for span in strict_spans(gold, scheme))
        in_predicted = sum(span.label == label for span in strict_spans(predicted, scheme))
        assert sum(count for (mine, _), count in table.items() if mine == label) == in_gold
        assert sum(count for (_, other), count in table.items() if other == label) == in_predicted


def test_confusion_by_hand() -> None:
    gold, guessed = "B-a I-a O B-b O B-c", "B-a O O B-a B-b O"
    assert confusion(findings(gold.split(), guessed.split(), BIO)) == {
        ("a", "a"): 1,
        ("b", "a"): 1,
        ("c", mistakes.NONE): 1,
        (mistakes.NONE, "b"): 1,
    }


@given(tags=st.lists(st.tuples(*[st.sampled_from(["NOUN", "VERB", "O", "B-x"])] * 2), max_size=8))
def test_plain_tags_are_right_or_wrong_one_by_one(tags: list[tuple[str, str]]) -> None:
    gold, guessed = [mine for mine, _ in tags], [other for _, other in tags]
    found = findings(gold, guessed, PLAIN)
    assert [finding.start for finding in found] == list(range(len(tags)))
    assert {finding.kind for finding in found} <= {mistakes.CORRECT, mistakes.WRONG_TAG}
    table = confusion(found)
    for tag, counts in tag_counts(gold, guessed).items():
        assert table[tag, tag] == counts.correct
        assert sum(count for (mine, _), count in table.items() if mine == tag) == counts.gold


def test_the_list_of_mistakes_is_all_but_correct() -> None:
    assert mistakes.CORRECT not in mistakes.MISTAKES
    assert len(set(mistakes.MISTAKES)) == 6


def test_sequences_that_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="2 gold tags but 1 predicted"):
        findings(["O", "O"], ["O"], BIO)
    with pytest.raises(ValueError, match="2 gold tags but 1 predicted"):
        findings(["NOUN", "VERB"], ["NOUN"], PLAIN)
    assert findings([], [], BIO) == []
