"""Floors that a corpus can never be asked for: a mistake in the settings, not a bad model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from components.metrics.names import ENTITY, LENGTH, Asked, is_entity_metric, is_tag_metric


class FloorWithoutData(ValueError):
    """A floor for something that the test split does not have."""


def require_data(
    asked: Iterable[Asked],
    *,
    plain: bool,
    labels: Collection[str],
    values: Mapping[str, Collection[str]] | None,
) -> None:
    """Args:
        asked: what floors are set for.
        plain: whether the tags are plain.
        labels: of the gold entities of the test split; for plain tags the tags.
        values: by feature, the values in the test split; None if they are not known yet.

    Raises:
        FloorWithoutData: says which floor, what is there, and what to do.
    """
    for floor in asked:
        where = f"evaluation.floors: {floor}"
        if plain and (is_entity_metric(floor.metric) or floor.kind == ENTITY):
            raise FloorWithoutData(
                f"{where}: the corpus has plain tags, without entities; expected token_accuracy, "
                "sentence_accuracy, tag_accuracy/TAG or tag_f1/TAG"
            )
        if not plain and is_tag_metric(floor.metric):
            raise FloorWithoutData(
                f"{where}: the corpus has entity tags; expected entity metrics, such as entity_f1_strict/PER"
            )
        if floor.label and floor.label not in labels:
            raise FloorWithoutData(
                f"{where}: the test split has no {'tag' if plain else 'entity of the label'} {floor.label}; it has "
                f"{_listed(labels)}"
            )
        if values is None or floor.kind in ("", LENGTH, ENTITY):
            continue
        found = values.get(floor.kind, ())
        if floor.slice.partition("=")[2] not in found:
            raise FloorWithoutData(
                f"{where}: no sentence of the test split is {floor.slice}; {floor.kind} is "
                f"{_listed(found) if found else 'not given at all'}"
            )


def _listed(names: Collection[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - 12} more" if len(listed) > 12 else ""
    return ", ".join(listed[:12]) + more if listed else "none"
