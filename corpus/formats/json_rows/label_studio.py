"""Label Studio: tasks with their annotations (JSON), and JSON_MIN.

    {"id": 1, "data": {"text": "Ann sings"}, "annotations": [{"was_cancelled": false, "result": [
      {"type": "labels", "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}}]}], "predictions": []}
    {"id": 1, "text": "Ann sings", "label": [{"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}]}

Old exports call the annotations `completions`. Predictions are not read. Of several annotations of one task the first
is read, or the one that is the ground truth; a task without any, or whose annotations were all cancelled, is left out.
"""

from __future__ import annotations

from typing import Any

from corpus.formats.json_rows.row import Row, domain_of, kind, left_out, list_of, misfit, text_of
from corpus.options import ReadOptions
from corpus.record import Note


def read_task(value: Any, options: ReadOptions) -> Row | None:
    """Read a task."""
    if not isinstance(value, dict) or not isinstance(value.get("data"), dict):
        return None
    key = "completions" if value.get("annotations") is None else "annotations"
    annotations = list_of(value.get(key), key, of=dict, named="objects")
    valid = [annotation for annotation in annotations if not annotation.get("was_cancelled")]
    if not valid:
        return left_out("all annotations cancelled" if annotations else "a task without annotations")
    text = _text(value["data"])
    chosen = next((annotation for annotation in valid if annotation.get("ground_truth")), valid[0])
    notes: tuple[Note, ...] = ()
    if len(valid) > 1:
        which = "the ground truth" if chosen.get("ground_truth") else "the first"
        notes = (Note(0, f"{len(valid)} annotations of one text", f"{which} was read, no other", "D305"),)
    spans = [
        span
        for result in list_of(chosen.get("result"), "result", of=dict, named="objects")
        for span in _spans_of_result(result, text)
    ]
    return Row(text=text, spans=spans, domain=domain_of(value["data"]), notes=notes)


def read_min(value: Any, options: ReadOptions) -> Row | None:
    """Read a task of JSON_MIN, whose spans stand under the name of their control."""
    if not isinstance(value, dict):
        return None
    keys = [key for key, item in value.items() if _is_min(item)]
    if not keys:
        return None
    text = _text({key: item for key, item in value.items() if isinstance(item, str)})
    return Row(text=text, spans=[span for key in keys for item in value[key] for span in _spans(item, text)])


def _is_min(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and "labels" in value[0]


def _text(data: dict[str, Any]) -> str:
    if "text" in data:
        return text_of(data["text"], "text")
    strings = [item for item in data.values() if isinstance(item, str)]
    if len(strings) != 1:
        raise misfit(
            f"a task without `text` (its data: {', '.join(data) or 'nothing'})",
            expected="the text as `text`, or as the only string",
            remedy="rename the key of the text",
        )
    return strings[0]


def _spans_of_result(result: dict[str, Any], text: str) -> list[Any]:
    """Return the spans of one result; relations, choices and other answers have none."""
    value = result.get("value")
    if isinstance(value, dict) and "labels" in value:
        return _spans(value, text)
    kind_of_result = result.get("type")
    if isinstance(kind_of_result, str) and kind_of_result.endswith("labels") and isinstance(value, dict):
        raise misfit(
            f"an annotation of the type {kind_of_result}",
            expected="labels of a plain text (<Labels> over <Text>)",
            remedy="annotate the plain text, or leave the task out",
        )
    return []


def _spans(value: Any, text: str) -> list[Any]:
    if not isinstance(value, dict):
        raise misfit(f"{kind(value)} instead of a span", expected='{"start": 0, "end": 3, "labels": ["PER"]}')
    labels = list_of(value.get("labels"), "labels", of=str, named="strings")
    start, end = _in_characters(value.get("start"), value.get("end"), value.get("text"), text)
    return [[start, end, label] for label in labels]


def _in_characters(start: Any, end: Any, quoted: Any, text: str) -> tuple[Any, Any]:
    """Return offsets in characters: after an emoji those of a browser count more, as the quoted text shows."""
    if not (isinstance(start, int) and isinstance(end, int) and isinstance(quoted, str)) or text.isascii():
        return start, end
    if text[start:end] == quoted:
        return start, end
    units = text.encode("utf-16-le", "surrogatepass")
    try:
        before = units[: 2 * start].decode("utf-16-le")
        covered = units[2 * start : 2 * end].decode("utf-16-le")
    except UnicodeDecodeError:
        return start, end
    return (len(before), len(before) + len(covered)) if covered == quoted else (start, end)
