"""Which label was taken for which, and how often, each count with the list of its errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from components.report.answers.examination import Cell, Examination
from tagging.mistakes import CORRECT, MISTAKES, NONE

# More rows and columns than these nobody reads; the labels with most errors are shown.
MOST_LABELS = 30

WHAT_IT_MEANS: Mapping[str, str] = {
    "missed": "in gold, and nothing predicted there",
    "spurious": "predicted, and nothing in gold there",
    "wrong boundary": "the right type, but other tokens",
    "wrong type": "the right tokens, but another type",
    "wrong boundary and type": "tokens shared, nothing else",
    "wrong tag": "another tag",
}


class KindCount(NamedTuple):
    """How many errors are of a kind, and where they are listed."""

    kind: str
    errors: int
    told: str
    link: str


class Place(NamedTuple):
    """A cell of the matrix.

    Attributes:
        right: correct ones; they are not listed.
        wrong: errors, which are.
        share: of the gold label's total, 0..1, correct and wrong together; in the row `NONE` of all of gold.
        link: to the list of the errors; empty without any.
    """

    right: int
    wrong: int
    share: float
    link: str


class Matrix(NamedTuple):
    """Gold labels down, predicted labels across; the last of both is `NONE`.

    Attributes:
        labels: those shown.
        rows: a list of places for each gold label.
        left_out: how many labels are not shown.
    """

    labels: list[str]
    rows: list[tuple[str, list[Place]]]
    left_out: int


def link(*, kind: str = "", gold: str = "", predicted: str = "") -> str:
    """The address of the errors of a kind, or of a pair of labels, within the page."""
    parts = {"kind": kind, "gold": gold, "predicted": predicted}
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in parts.items() if value)
    return f"#errors?{asked}" if asked else "#errors"


def kinds(examined: Examination) -> list[KindCount]:
    """The kinds of errors in the order in which people read them: those that these tags can have."""
    possible = [kind for kind in MISTAKES if (kind == "wrong tag") == examined.scheme.is_plain]
    return [
        KindCount(kind, examined.of_kind(kind), WHAT_IT_MEANS[kind], link(kind=kind)) for kind in possible
    ]


def matrix(examined: Examination) -> Matrix:
    """Who was taken for whom. `NONE` down is what gold does not have, across what was not predicted."""
    gold: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    pairs: dict[tuple[str, str], Counter[str]] = {}
    for (kind, mine, other), count in examined.counts.items():
        if mine != NONE:
            gold[mine] += count
        pairs.setdefault((mine, other), Counter())[kind] += count
        if kind != CORRECT:
            errors[mine] += count
            errors[other] += count
    # What gold does not have is no part of anything in gold: it is held against all of it.
    total = gold | Counter({NONE: max(gold.total(), 1)})
    every = {label for pair in pairs for label in pair} - {NONE}
    shown = sorted(sorted(every, key=lambda label: (-errors[label], label))[:MOST_LABELS])
    ends = [*shown, *([] if examined.scheme.is_plain else [NONE])]
    return Matrix(
        labels=ends,
        rows=[
            (mine, [_place(mine, other, pairs.get((mine, other), Counter()), total[mine]) for other in ends])
            for mine in ends
        ],
        left_out=len(every) - len(shown),
    )


def _place(mine: str, other: str, found: Counter[str], total: int) -> Place:
    right = found[CORRECT]
    wrong = found.total() - right
    return Place(
        right=right,
        wrong=wrong,
        share=found.total() / total if total else 0.0,
        link=_pair_link(mine, other, found) if wrong else "",
    )


def _pair_link(mine: str, other: str, found: Counter[str]) -> str:
    # On the diagonal there is but one kind of error; off it a label has but one partner.
    if mine == other:
        (kind,) = (kind for kind in found if kind != CORRECT)
        return link(kind=kind, gold=mine, predicted=other)
    if other == NONE:
        return link(kind="missed", gold=mine)
    if mine == NONE:
        return link(kind="spurious", predicted=other)
    return link(gold=mine, predicted=other)


def totals(examined: Examination) -> list[tuple[Cell, int]]:
    """Every kind and pair of labels with its number of errors, for the count beside the list."""
    return sorted((cell, count) for cell, count in examined.counts.items() if cell[0] != CORRECT)
