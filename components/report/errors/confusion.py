"""The confusion matrix of labels, each count with a link to its errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from components.report.errors.error_analysis import Cell, ErrorAnalysis
from tagging.mistakes import CORRECT, MISTAKES, NONE

# Rows and columns of the matrix; the labels with most errors are shown.
MOST_LABELS = 30

MEANINGS: Mapping[str, str] = {
    "missed": "in gold, and nothing predicted there",
    "spurious": "predicted, and nothing in gold there",
    "wrong boundary": "the right type, but other tokens",
    "wrong type": "the right tokens, but another type",
    "wrong boundary and type": "tokens shared, nothing else",
    "wrong tag": "another tag",
}


class KindCount(NamedTuple):
    """The number of errors of a kind, with a link to them."""

    kind: str
    errors: int
    meaning: str
    link: str


class MatrixCell(NamedTuple):
    """Attributes:
    right: correct ones.
    wrong: errors.
    share: both together, of the gold label's total, 0..1; in the row `NONE` of all gold entities.
    link: to the errors; empty without any.
    """

    right: int
    wrong: int
    share: float
    link: str


class Matrix(NamedTuple):
    """Gold labels down, predicted labels across; the last of both is `NONE`.

    Attributes:
        labels: those shown.
        rows: the cells of each gold label.
        left_out: how many labels are not shown.
    """

    labels: list[str]
    rows: list[tuple[str, list[MatrixCell]]]
    left_out: int


def link(*, kind: str = "", gold: str = "", predicted: str = "") -> str:
    """The address, within the page, of the errors of a kind or of a pair of labels."""
    parts = {"kind": kind, "gold": gold, "predicted": predicted}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parts.items() if value)
    return f"#errors?{query}" if query else "#errors"


def kinds(errors: ErrorAnalysis) -> list[KindCount]:
    """Count the errors of each kind that such tags can have."""
    possible = [kind for kind in MISTAKES if (kind == "wrong tag") == errors.scheme.is_plain]
    return [KindCount(kind, errors.of_kind(kind), MEANINGS[kind], link(kind=kind)) for kind in possible]


def matrix(errors: ErrorAnalysis) -> Matrix:
    """Compute the confusion matrix. The row `NONE` has what gold lacks, the column `NONE` what was not predicted."""
    gold: Counter[str] = Counter()
    mistakes: Counter[str] = Counter()
    pairs: dict[tuple[str, str], Counter[str]] = {}
    for (kind, mine, other), count in errors.counts.items():
        if mine != NONE:
            gold[mine] += count
        pairs.setdefault((mine, other), Counter())[kind] += count
        if kind != CORRECT:
            mistakes[mine] += count
            mistakes[other] += count
    # Shares of the row `NONE`, which has no gold entities, are of all gold entities.
    total = gold | Counter({NONE: max(gold.total(), 1)})
    labels = {label for pair in pairs for label in pair} - {NONE}
    shown = sorted(sorted(labels, key=lambda label: (-mistakes[label], label))[:MOST_LABELS])
    ends = [*shown, *([] if errors.scheme.is_plain else [NONE])]
    return Matrix(
        labels=ends,
        rows=[
            (mine, [_cell(mine, other, pairs.get((mine, other), Counter()), total[mine]) for other in ends])
            for mine in ends
        ],
        left_out=len(labels) - len(shown),
    )


def _cell(mine: str, other: str, kinds: Counter[str], total: int) -> MatrixCell:
    right = kinds[CORRECT]
    wrong = kinds.total() - right
    return MatrixCell(
        right=right,
        wrong=wrong,
        share=kinds.total() / total if total else 0.0,
        link=_pair_link(mine, other, kinds) if wrong else "",
    )


def _pair_link(mine: str, other: str, kinds: Counter[str]) -> str:
    # On the diagonal there is a single kind of error; off it the pair of labels alone decides.
    if mine == other:
        (kind,) = (kind for kind in kinds if kind != CORRECT)
        return link(kind=kind, gold=mine, predicted=other)
    if other == NONE:
        return link(kind="missed", gold=mine)
    if mine == NONE:
        return link(kind="spurious", predicted=other)
    return link(gold=mine, predicted=other)


def totals(errors: ErrorAnalysis) -> list[tuple[Cell, int]]:
    """Count the errors of every cell, for the number beside the filters."""
    return sorted((cell, count) for cell, count in errors.counts.items() if cell[0] != CORRECT)
