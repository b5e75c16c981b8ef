"""Display names of metrics. Imports nothing heavy: commands that need no TensorFlow show scores too."""

from __future__ import annotations


def display_name(metric: str) -> str:
    """The name of a metric's key in tables and sentences: `entity_f1_strict/PER` is `entity F1 (strict) of PER`."""
    name, _, label = metric.partition("/")
    words = _NAMES.get(name, name.replace("_", " "))
    return f"{words} of {label}" if label else words


_NAMES = {
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
