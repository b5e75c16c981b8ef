"""A text with spans: the project's own form, doccano's, and texts without any annotation.

    {"text": "Ann sings", "spans": [{"start": 0, "end": 3, "label": "PER"}]}
    {"text": "Ann sings", "label": [[0, 3, "PER"]]}              doccano, also "labels"
    {"text": "Ann sings", "entities": [{"id": 7, "label": "PER", "start_offset": 0, "end_offset": 3}]}
    {"text": "Ann sings"}

Null instead of the list means that there are none.
"""

from __future__ import annotations

from typing import Any

from corpus.formats.json_rows.row import Row, domain_of, kind, list_of, misfit, text_of
from corpus.options import ReadOptions

_KEYS = ("spans", "entities", "label", "labels", "annotations")


def is_bare(value: Any) -> bool:
    """Whether a row is a text that nobody has annotated, as far as it says."""
    return isinstance(value, dict) and isinstance(value.get("text"), str) and not value.keys() & _ANNOTATED


_ANNOTATED = frozenset((*_KEYS, "answer", "annotation", "completions", "tags", "ner_tags", "ner"))


def read(value: Any, options: ReadOptions) -> Row | None:
    """Read a text with spans, or a text alone."""
    if not isinstance(value, dict) or "text" not in value:
        return None
    text = text_of(value["text"], "text")
    found = [key for key in _KEYS if value.get(key) is not None]
    if not found:
        unknown = [key for key in value if key != "text" and _holds_spans(value[key])]
        if unknown:
            raise misfit(
                f"spans under the key `{unknown[0]}`",
                expected=f"one of {', '.join(_KEYS)}",
                remedy="rename the key",
            )
        return Row(text=text, domain=domain_of(value))
    key = found[0]
    return Row(
        text=text, spans=[_span(item, key) for item in list_of(value[key], key)], domain=domain_of(value)
    )


def _span(item: Any, key: str) -> Any:
    """Return a span in the project's own form; what is none is left to the parser of spans."""
    if isinstance(item, dict) and "start_offset" in item:
        label = item.get("label")
        if isinstance(label, int):
            raise misfit(
                f"the label {label}: a number, and not a name",
                expected="names of labels",
                remedy="export from doccano in the form JSONL, which has them",
            )
        return [item.get("start_offset"), item.get("end_offset"), label]
    if isinstance(item, str):
        raise misfit(
            f"{kind(item)} in `{key}`: a label of the whole text",
            expected="labels of spans: [start, end, label]",
            remedy="export a project of sequence labelling",
        )
    return item


def _holds_spans(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and isinstance(value[0], dict)
        and {"start", "end"} <= value[0].keys()
    )
