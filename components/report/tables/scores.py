"""Scores as rows of tables: of the whole test split, by label, and by slice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from components.metrics.display_names import display_name
from components.scores.analysis import OVERALL, Analysis, Estimate, Slice

# In the order of the table.
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
# In a table of their own, with what each counts as right.
PARTIAL = {
    "entity_f1_overlap": "the same label, and at least one token shared",
    "entity_f1_boundary": "exactly the same tokens, whatever the label",
    "entity_f1_type": "as many entities of a label in the sentence, wherever they stand",
}
# The columns of a label: of entities, and of plain tags.
_OF_LABELS = ("entity_precision_strict", "entity_recall_strict", "entity_f1_strict")
_OF_TAGS = ("tag_accuracy", "tag_f1")
# For slices without the primary metric: those of known and unknown entities have recall alone.
INSTEAD = ("entity_recall_strict", "token_accuracy")


class Row(NamedTuple):
    """Attributes:
    name: of the metric, the label or the slice.
    score: the candidate's, with its interval.
    baseline, crfsuite: of the other models; None without them.
    difference: candidate less baseline, with the paired interval.
    note: what a partial metric counts as right; of a slice, the name of the metric if it is not the primary one.
    more: further columns, such as precision and recall.
    counts: the number of sentences and of entities (or tokens).
    """

    name: str
    score: Estimate
    baseline: Estimate | None = None
    difference: Estimate | None = None
    crfsuite: Estimate | None = None
    note: str = ""
    more: tuple[Estimate | None, ...] = ()
    counts: tuple[int, ...] = ()


def overall_rows(analysis: Analysis) -> list[Row]:
    """Rows of the whole test split by exact metrics, the primary one first."""
    names = [analysis.primary, *(name for name in _EXACT if name != analysis.primary)]
    return [
        _row(analysis.overall, name, display_name(name))
        for name in names
        if name in analysis.overall.candidate
    ]


def partial_rows(analysis: Analysis) -> list[Row]:
    """Rows of the whole test split by metrics that give partial credit."""
    return [
        _row(analysis.overall, name, display_name(name))._replace(note=note)
        for name, note in PARTIAL.items()
        if name in analysis.overall.candidate
    ]


def label_rows(analysis: Analysis, gold: Mapping[str, int]) -> list[Row]:
    """A row for each label (of plain tags: each tag), most frequent first, with F1 and its parts.

    Args:
        analysis: the scores.
        gold: how many gold entities (tokens) each label has, for labels that `analysis` has no count of.
    """
    overall = analysis.overall
    *more, main = (
        _OF_LABELS if any(key.startswith("entity_f1_strict/") for key in overall.candidate) else _OF_TAGS
    )
    labels = [key.partition("/")[2] for key in overall.candidate if key.startswith(f"{main}/")]
    rows = []
    for label in labels:
        counted = overall.candidate.get(f"entities/{label}")
        rows.append(
            _row(overall, f"{main}/{label}", label)._replace(
                more=tuple(overall.candidate.get(f"{name}/{label}") for name in more),
                counts=(int(counted.value) if counted else gold.get(label, 0),),
            )
        )
    return sorted(rows, key=lambda row: (-row.counts[0], row.name))


def slice_groups(analysis: Analysis) -> dict[str, list[Row]]:
    """Rows of slices, grouped by feature, `length` or `entity`; values in natural order."""
    groups: dict[str, list[Row]] = {}
    for part in analysis.slices:
        if part.name == OVERALL:
            continue
        metric = _slice_metric(part, analysis.primary)
        if metric is None:
            continue
        cut_by, _, value = part.name.partition("=")
        row = _row(part, metric, value or part.name)._replace(
            note="" if metric == analysis.primary else display_name(metric),
            counts=(part.sentences, part.entities or part.tokens),
        )
        groups.setdefault(cut_by, []).append(row)
    return {
        cut_by: sorted(rows, key=lambda row: _natural(row.name)) for cut_by, rows in sorted(groups.items())
    }


def _slice_metric(part: Slice, primary: str) -> str | None:
    return next((name for name in (primary, *INSTEAD) if name in part.candidate), None)


def _row(part: Slice, metric: str, name: str) -> Row:
    return Row(
        name=name,
        score=part.candidate[metric],
        baseline=part.baseline.get(metric),
        difference=part.difference.get(metric),
        crfsuite=part.crfsuite.get(metric),
    )


def _natural(name: str) -> tuple[int, str]:
    """Sort `1-10` before `11-20`, and words after numbers."""
    number = re.match("[0-9]+", name)
    return (int(number[0]) if number else 1 << 62, name)


def any_of(rows: Iterable[Row], field: str) -> bool:
    """Whether the column is not empty."""
    return any(getattr(row, field) is not None for row in rows)
