"""Scores as rows of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from components.metrics.display_names import display_name
from components.scores.analysis import OVERALL, Analysis, Estimate, Slice

# In this order: what the gate goes by, what it is made of, what is counted otherwise.
_EXACT = (
    "entity_f1_strict",
    "entity_precision_strict",
    "entity_recall_strict",
    "entity_precision_strict_macro",
    "entity_recall_strict_macro",
    "entity_f1_strict_macro",
    "entity_f1_conlleval",
    "token_accuracy",
    "sentence_accuracy",
)
# Told apart from the exact ones, with what each takes for right.
PARTIAL = {
    "entity_f1_overlap": "the same label, and at least one token shared",
    "entity_f1_boundary": "exactly the same tokens, whatever the label",
    "entity_f1_type": "as many entities of a label in the sentence, wherever they stand",
}
# How a label is scored: of entities, and of plain tags.
_OF_LABELS = ("entity_precision_strict", "entity_recall_strict", "entity_f1_strict")
_OF_TAGS = ("tag_accuracy", "tag_f1")
# What a slice is told by where it lacks the primary metric: of entities that train has or has not, recall alone.
INSTEAD = ("entity_recall_strict", "token_accuracy")


class Row(NamedTuple):
    """One thing measured.

    Attributes:
        name: of the metric, the label or the slice.
        found: the candidate's, with its interval.
        baseline, crfsuite: the others' values; None where there is none.
        difference: candidate less baseline, with the paired interval.
        told: what the metric takes for right; of a slice another metric's name, where it is told by that.
        beside: further columns by name, such as precision and recall.
        counts: how many sentences and entities (or tokens) it is about.
    """

    name: str
    found: Estimate
    baseline: Estimate | None = None
    difference: Estimate | None = None
    crfsuite: Estimate | None = None
    told: str = ""
    beside: tuple[Estimate | None, ...] = ()
    counts: tuple[int, ...] = ()


def overall_rows(analysis: Analysis) -> list[Row]:
    """The whole test split by exact metrics, the primary one first."""
    names = [analysis.primary, *(name for name in _EXACT if name != analysis.primary)]
    return [
        _row(analysis.overall, name, display_name(name))
        for name in names
        if name in analysis.overall.candidate
    ]


def partial_rows(analysis: Analysis) -> list[Row]:
    """The whole test split by metrics that forgive something."""
    return [
        _row(analysis.overall, name, display_name(name))._replace(told=told)
        for name, told in PARTIAL.items()
        if name in analysis.overall.candidate
    ]


def label_rows(analysis: Analysis, gold: Mapping[str, int]) -> list[Row]:
    """A row for each label (of plain tags: each tag), most frequent first; F1 with what it is made of beside it.

    Args:
        analysis: what was measured.
        gold: how many gold entities (tokens) of a label there are, where `analysis` does not say.
    """
    whole = analysis.overall
    *beside, main = (
        _OF_LABELS if any(key.startswith("entity_f1_strict/") for key in whole.candidate) else _OF_TAGS
    )
    labels = [key.partition("/")[2] for key in whole.candidate if key.startswith(f"{main}/")]
    rows = []
    for label in labels:
        counted = whole.candidate.get(f"entities/{label}")
        rows.append(
            _row(whole, f"{main}/{label}", label)._replace(
                beside=tuple(whole.candidate.get(f"{name}/{label}") for name in beside),
                counts=(int(counted.value) if counted else gold.get(label, 0),),
            )
        )
    return sorted(rows, key=lambda row: (-row.counts[0], row.name))


def slice_groups(analysis: Analysis) -> dict[str, list[Row]]:
    """Rows of slices by what cuts them, such as `domain` or `length`; the values in natural order."""
    groups: dict[str, list[Row]] = {}
    for part in analysis.slices:
        if part.name == OVERALL:
            continue
        metric = _metric_of(part, analysis.primary)
        if metric is None:
            continue
        cut_by, _, value = part.name.partition("=")
        row = _row(part, metric, value or part.name)._replace(
            told="" if metric == analysis.primary else display_name(metric),
            counts=(part.sentences, part.entities or part.tokens),
        )
        groups.setdefault(cut_by, []).append(row)
    return {
        cut_by: sorted(rows, key=lambda row: _natural(row.name)) for cut_by, rows in sorted(groups.items())
    }


def _metric_of(part: Slice, primary: str) -> str | None:
    return next((name for name in (primary, *INSTEAD) if name in part.candidate), None)


def _row(part: Slice, metric: str, name: str) -> Row:
    return Row(
        name=name,
        found=part.candidate[metric],
        baseline=part.baseline.get(metric),
        difference=part.difference.get(metric),
        crfsuite=part.crfsuite.get(metric),
    )


def _natural(name: str) -> tuple[int, str]:
    """`1-10` before `11-20`; words after numbers, by the alphabet."""
    digits = ""
    for character in name:
        if not "0" <= character <= "9":
            break
        digits += character
    return (int(digits) if digits else 1 << 62, name)


def any_of(rows: Iterable[Row], field: str) -> bool:
    """Whether any row has something in the column."""
    return any(getattr(row, field) is not None for row in rows)
