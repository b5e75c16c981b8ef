"""Metrics as people say them. Imports nothing heavy: commands that need no TensorFlow show scores too."""

from __future__ import annotations

from collections.abc import Mapping

from components.metrics.names import PRIMARY, PRIMARY_OF_ENTITIES, primary_of


def spoken(metric: str, overall: Mapping[str, float]) -> str:
    """A metric's key as people say it; `overall` tells what the primary metric is."""
    if metric == PRIMARY:
        metric = primary_of(plain=PRIMARY_OF_ENTITIES not in overall)
    name, _, label = metric.partition("/")
    words = _SPOKEN.get(name, name.replace("_", " "))
    return f"{words} of {label}" if label else words


_SPOKEN = {
    "entity_precision_strict": "entity precision (strict)",
    "entity_recall_strict": "entity recall (strict)",
    "entity_f1_strict": "entity F1 (strict)",
    "entity_precision_strict_macro": "entity precision (strict), mean of labels",
    "entity_recall_strict_macro": "entity recall (strict), mean of labels",
    "entity_f1_strict_macro": "entity F1 (strict), mean of labels",
    "entity_f1_conlleval": "entity F1 (conlleval)",
    "entity_f1_overlap": "entity F1 (same label, tokens overlap)",
    "entity_f1_boundary": "entity F1 (same tokens, any label)",
    "entity_f1_type": "entity F1 (same label, anywhere in the sentence)",
    "tag_accuracy": "accuracy",
    "tag_f1": "F1",
}
