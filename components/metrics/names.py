"""Names of metrics and slices that a floor may ask of, known before anything is computed.

The metrics are those of `components.metrics.tagging_metrics`. Needs neither numpy nor TensorFlow: settings are checked
by it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

PRIMARY = "primary"
PRIMARY_OF_ENTITIES = "entity_f1_strict"
PRIMARY_OF_PLAIN_TAGS = "token_accuracy"

# Of any tags.
EVERYWHERE = (PRIMARY, "token_accuracy", "sentence_accuracy")
# Of entity tags; the first three also by label.
OF_LABELS = ("entity_precision_strict", "entity_recall_strict", "entity_f1_strict")
OF_ENTITIES = (
    *OF_LABELS,
    "entity_precision_strict_macro",
    "entity_recall_strict_macro",
    "entity_f1_strict_macro",
    "entity_f1_conlleval",
    "entity_f1_overlap",
    "entity_f1_boundary",
    "entity_f1_type",
)
# Of plain tags, by tag.
OF_TAGS = ("tag_accuracy", "tag_f1")

# Slices that are cut by what a sentence is, not by a feature.
LENGTH, ENTITY = "length", "entity"
SEEN, UNSEEN = f"{ENTITY}=seen", f"{ENTITY}=unseen"
# An answer names no train sentence, so nobody can say that it was seen: only gold entities can.
OF_SEEN = ("entity_recall_strict",)

_ASKED = re.compile(r"(?P<metric>.+?)(?:@(?P<slice>[^@=]+=.*))?")


class Asked(NamedTuple):
    """What a floor is about: `entity_f1_strict/PER@domain=news` in parts; what is not named is empty."""

    metric: str
    label: str = ""
    slice: str = ""

    @property
    def key(self) -> str:
        """The metric's key, with its label."""
        return f"{self.metric}/{self.label}" if self.label else self.metric

    @property
    def kind(self) -> str:
        """What cuts the slice: a feature, `length` or `entity`."""
        return self.slice.partition("=")[0]

    def __str__(self) -> str:
        return f"{self.key}@{self.slice}" if self.slice else self.key


def read_asked(text: str) -> Asked:
    """Read `metric`, `metric/LABEL`, each with `@slice` behind it or not.

    Raises:
        ValueError: no such metric, a label where none belongs, or none where one does.
    """
    found = _ASKED.fullmatch(text)
    if found is None:
        raise ValueError(f"found {text!r}; expected metric or metric@slice, such as entity_f1_strict/PER")
    name, slash, label = found["metric"].partition("/")
    asked = Asked(name, label, found["slice"] or "")
    if name not in (*EVERYWHERE, *OF_ENTITIES, *OF_TAGS):
        known = ", ".join((*EVERYWHERE, *OF_ENTITIES, *(f"{tag}/TAG" for tag in OF_TAGS)))
        raise ValueError(f"{text}: no such metric; expected one of {known}")
    if slash and (not label or name not in (*OF_LABELS, *OF_TAGS)):
        by_label = ", ".join((*OF_LABELS, *OF_TAGS))
        raise ValueError(f"{text}: {name} is not computed by label; expected one of {by_label} before the /")
    if name in OF_TAGS and not label:
        raise ValueError(f"{text}: expected the tag meant, such as {name}/NOUN")
    return asked


def is_entity_metric(metric: str) -> bool:
    """Whether plain tags have no such metric."""
    return metric in OF_ENTITIES


def is_tag_metric(metric: str) -> bool:
    """Whether entity tags have no such metric."""
    return metric in OF_TAGS


def primary_of(*, plain: bool) -> str:
    """What `primary` stands for."""
    return PRIMARY_OF_PLAIN_TAGS if plain else PRIMARY_OF_ENTITIES


def length_slices(buckets: Sequence[int]) -> list[str]:
    """Names of the buckets that end with these lengths, and of the last, open one: `length=1-10`, `length=11+`.

    Without buckets there are none. A sentence has a token at least.
    """
    starts = [1, *(last + 1 for last in buckets)]
    closed = [
        f"{LENGTH}={first}-{last}" if first < last else f"{LENGTH}={last}"
        for first, last in zip(starts, buckets, strict=False)
    ]
    return [*closed, f"{LENGTH}={starts[-1]}+"] if buckets else []
