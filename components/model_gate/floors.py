"""Floors: parsing what one is set for, and refusing one that the corpus can never meet.

A floor without data is a mistake in the settings, not a bad model.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from components.metrics.names import (
    COMMON_METRICS,
    ENTITY,
    ENTITY_METRICS,
    LABEL_METRICS,
    LENGTH,
    TAG_METRICS,
)

_TARGET = re.compile(r"(?P<metric>.+?)(?:@(?P<slice>[^@=]+=.*))?")
_LISTED = 12


class FloorTarget(NamedTuple):
    """What a floor is set for, such as `entity_f1_strict/PER@domain=news`; a part that is not named is empty."""

    metric: str
    label: str = ""
    slice: str = ""

    @property
    def key(self) -> str:
        """The metric's key, with its label."""
        return f"{self.metric}/{self.label}" if self.label else self.metric

    @property
    def kind(self) -> str:
        """What the slice is cut by: a feature, `length` or `entity`."""
        return self.slice.partition("=")[0]

    def __str__(self) -> str:
        return f"{self.key}@{self.slice}" if self.slice else self.key


def parse_target(text: str) -> FloorTarget:
    """Parse `metric` or `metric/LABEL`, either with `@slice` after it or not.

    Raises:
        ValueError: an unknown metric, a label with a metric that has none, or a missing label.
    """
    match = _TARGET.fullmatch(text)
    if match is None:
        raise ValueError(f"found {text!r}; expected metric or metric@slice, such as entity_f1_strict/PER")
    name, slash, label = match["metric"].partition("/")
    if name not in (*COMMON_METRICS, *ENTITY_METRICS, *TAG_METRICS):
        known = ", ".join((*COMMON_METRICS, *ENTITY_METRICS, *(f"{metric}/TAG" for metric in TAG_METRICS)))
        raise ValueError(f"{text}: no such metric; expected one of {known}")
    by_label = (*LABEL_METRICS, *TAG_METRICS)
    if slash and (not label or name not in by_label):
        raise ValueError(
            f"{text}: {name} is not computed by label; expected one of {', '.join(by_label)} before the /"
        )
    if name in TAG_METRICS and not label:
        raise ValueError(f"{text}: expected the tag meant, such as {name}/NOUN")
    return FloorTarget(name, label, match["slice"] or "")


class FloorWithoutData(ValueError):
    """A floor for something that the test split does not have."""


def require_data(
    targets: Iterable[FloorTarget],
    *,
    plain: bool,
    labels: Collection[str],
    values: Mapping[str, Collection[str]] | None,
) -> None:
    """Refuse floors that the test split has no data for.

    Args:
        targets: what floors are set for.
        plain: whether the tags are plain.
        labels: of the gold entities of the test split; for plain tags the tags.
        values: by feature, the values in the test split; None if they are not known yet.

    Raises:
        FloorWithoutData: says which floor, what the test split has, and what to do.
    """
    for target in targets:
        where = f"evaluation.floors: {target}"
        if plain and (target.metric in ENTITY_METRICS or target.kind == ENTITY):
            raise FloorWithoutData(
                f"{where}: the corpus has plain tags, without entities; expected token_accuracy, "
                "sentence_accuracy, tag_accuracy/TAG or tag_f1/TAG"
            )
        if not plain and target.metric in TAG_METRICS:
            raise FloorWithoutData(
                f"{where}: the corpus has entity tags; expected entity metrics, such as entity_f1_strict/PER"
            )
        if target.label and target.label not in labels:
            raise FloorWithoutData(
                f"{where}: the test split has no {'tag' if plain else 'entity of the label'} {target.label}; it "
                f"has {_listed(labels)}"
            )
        if values is None or target.kind in ("", LENGTH, ENTITY):
            continue
        present = values.get(target.kind, ())
        if target.slice.partition("=")[2] not in present:
            raise FloorWithoutData(
                f"{where}: no sentence of the test split is {target.slice}; {target.kind} is "
                f"{_listed(present) if present else 'not given at all'}"
            )


def _listed(names: Collection[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return ", ".join(listed[:_LISTED]) + more if listed else "none"
