"""Names of metrics and slices. Needs neither numpy nor TensorFlow: settings are checked against them.

`components.metrics.tagging_metrics` defines the metrics.
"""

from __future__ import annotations

from collections.abc import Sequence

PRIMARY = "primary"
PRIMARY_OF_ENTITIES = "entity_f1_strict"
PRIMARY_OF_PLAIN_TAGS = "token_accuracy"

# Of entity tags and of plain tags.
COMMON_METRICS = (PRIMARY, "token_accuracy", "sentence_accuracy")
# Of entity tags; these are also computed by label, such as `entity_f1_strict/PER`.
LABEL_METRICS = ("entity_precision_strict", "entity_recall_strict", "entity_f1_strict")
ENTITY_METRICS = (
    *LABEL_METRICS,
    "entity_precision_strict_macro",
    "entity_recall_strict_macro",
    "entity_f1_strict_macro",
    "entity_f1_conlleval",
    "entity_f1_overlap",
    "entity_f1_boundary",
    "entity_f1_type",
)
# Of plain tags, by tag alone, such as `tag_f1/NOUN`.
TAG_METRICS = ("tag_accuracy", "tag_f1")

# Slices that every corpus has, beside those by features such as `domain=news`.
LENGTH, ENTITY = "length", "entity"
SEEN, UNSEEN = f"{ENTITY}=seen", f"{ENTITY}=unseen"
# Whether train has an entity is known of gold entities alone, and so precision and F1 have no such slice.
SEEN_METRICS = ("entity_recall_strict",)


def primary_of(*, plain: bool) -> str:
    """The metric that `primary` stands for."""
    return PRIMARY_OF_PLAIN_TAGS if plain else PRIMARY_OF_ENTITIES


def length_slices(buckets: Sequence[int]) -> list[str]:
    """Names of the slices by sentence length: `length=1-10`, `length=11+`; the last one is open.

    Args:
        buckets: the last length of each closed slice, in tokens, ascending. Without buckets there are no slices.
    """
    starts = [1, *(last + 1 for last in buckets)]
    closed = [
        f"{LENGTH}={first}-{last}" if first < last else f"{LENGTH}={last}"
        for first, last in zip(starts, buckets, strict=False)
    ]
    return [*closed, f"{LENGTH}={starts[-1]}+"] if buckets else []
