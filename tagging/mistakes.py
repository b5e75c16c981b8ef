"""The mistakes of a tagger in a sentence: gold and predicted entities in pairs, and the kind of each mistake.

    for finding in findings(gold, predicted, scheme):
        finding.kind       # CORRECT, MISSED, WRONG_TYPE ...
        finding.gold       # Span, or None where the prediction is spurious
        finding.predicted  # Span, or None where the gold entity was missed

Entities are read strictly, as for `entity_f1_strict`, so the correct ones are those that it counts. Every
gold and every predicted entity is in exactly one finding. Entities of the same label with a common token are
paired first, as many as possible (`tagging.partial`), then other entities with a common token. With plain
tags each token is a finding.

`confusion` counts findings by label; counts by kind are `Counter(finding.kind for finding in ...)`. They add
up: gold entities = correct + wrong boundary + wrong type + wrong boundary and type + missed, and predicted
entities the same with spurious instead of missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, get_args

from tagging.partial import overlapping_pairs, pairs_of_a_label
from tagging.schemes import Scheme
from tagging.scoring import check_lengths, strict_spans
from tagging.spans import Span

Kind = Literal[
    "correct", "missed", "spurious", "wrong boundary", "wrong type", "wrong boundary and type", "wrong tag"
]
CORRECT: Kind = "correct"
MISSED: Kind = "missed"
SPURIOUS: Kind = "spurious"
WRONG_BOUNDARY: Kind = "wrong boundary"
WRONG_TYPE: Kind = "wrong type"
WRONG_BOUNDARY_AND_TYPE: Kind = "wrong boundary and type"
WRONG_TAG: Kind = "wrong tag"

# The mistakes in the order of reports; the last one is that of plain tags.
MISTAKES: tuple[Kind, ...] = tuple(kind for kind in get_args(Kind) if kind != CORRECT)

# In `confusion`, the row or column of entities without a partner.
NONE = ""


class Finding(NamedTuple):
    """A gold entity, a predicted one, or a pair of both; with plain tags, a token."""

    kind: Kind
    gold: Span | None
    predicted: Span | None

    @property
    def start(self) -> int:
        """The first token of both entities."""
        return min(span.start for span in self[1:] if span is not None)

    @property
    def end(self) -> int:
        """The token after the last one of both entities."""
        return max(span.end for span in self[1:] if span is not None)


def findings(gold: Sequence[str], predicted: Sequence[str], scheme: Scheme) -> list[Finding]:
    """Compare the tags of a sentence: its findings in the order of its tokens, the correct ones included.

    Raises:
        UnknownTag: a prefix the scheme does not know, or a prefix without a label.
        ValueError: the sequences differ in length.
    """
    check_lengths(gold, predicted)
    if scheme.is_plain:
        return [
            Finding(CORRECT if tag == other else WRONG_TAG, Span(i, i + 1, tag), Span(i, i + 1, other))
            for i, (tag, other) in enumerate(zip(gold, predicted, strict=True))
        ]
    return span_findings(strict_spans(gold, scheme), strict_spans(predicted, scheme))


def span_findings(gold: Sequence[Span], predicted: Sequence[Span]) -> list[Finding]:
    """Compare entities already read: their findings; those of each side in order and without overlaps."""
    pairs = pairs_of_a_label(gold, predicted)
    gold_left = _without(gold, (mine for mine, _ in pairs))
    predicted_left = _without(predicted, (other for _, other in pairs))
    unlike = overlapping_pairs(gold_left, predicted_left)
    all_findings = [Finding(_kind(mine, other), mine, other) for mine, other in (*pairs, *unlike)]
    all_findings += [
        Finding(MISSED, span, None) for span in _without(gold_left, (mine for mine, _ in unlike))
    ]
    all_findings += [
        Finding(SPURIOUS, None, span) for span in _without(predicted_left, (other for _, other in unlike))
    ]
    return sorted(all_findings, key=lambda finding: (finding.start, finding.end, finding.gold is None))


def confusion(findings: Iterable[Finding]) -> Counter[tuple[str, str]]:
    """Count the pairs of a gold label (or `NONE`) and a predicted label (or `NONE`).

    The diagonal holds correct labels, also with a wrong boundary.
    """
    return Counter(
        (
            finding.gold.label if finding.gold else NONE,
            finding.predicted.label if finding.predicted else NONE,
        )
        for finding in findings
    )


def _kind(gold: Span, predicted: Span) -> Kind:
    same_tokens = gold[:2] == predicted[:2]
    if gold.label == predicted.label:
        return CORRECT if same_tokens else WRONG_BOUNDARY
    return WRONG_TYPE if same_tokens else WRONG_BOUNDARY_AND_TYPE


def _without(spans: Sequence[Span], taken: Iterable[Span]) -> list[Span]:
    gone = set(taken)
    return [span for span in spans if span not in gone]
