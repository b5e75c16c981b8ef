"""An example of any form, in the project's own terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from corpus.errors import BadLine
from corpus.record import Note

EXPECTED = '{"tokens": [...], "tags": [...]} or {"text": "...", "spans": [[start, end, label]]}'


class Row(NamedTuple):
    """An example: either T tokens with T tags, or a text with spans.

    Attributes:
        tokens: the tokens; of a text those of the tool, None to cut it by the project's own rules.
        tags: T tags, or None of a text with spans.
        text: the text, if there is one.
        spans: `[start, end, label]` or objects of these, as they stand in the file; not validated.
        domain: the domain, if there is one.
        notes: what was settled.
        left_out: why the example is not used; empty if it is.
    """

    tokens: list[str] | None = None
    tags: list[str] | None = None
    text: str | None = None
    spans: Sequence[Any] = ()
    domain: str | None = None
    notes: tuple[Note, ...] = ()
    left_out: str = ""


def left_out(why: str) -> Row:
    """An example that is counted and not used."""
    return Row(left_out=why)


def misfit(
    found: str, *, expected: str = EXPECTED, remedy: str = "correct the line, or leave it out"
) -> BadLine:
    """The error of a row; who knows the line adds it."""
    return BadLine(0, found, expected=expected, remedy=remedy)


def text_of(value: Any, key: str) -> str:
    """Return a text.

    Raises:
        BadLine: it is no string.
    """
    if not isinstance(value, str):
        raise misfit(f"JSON of another form (`{key}` is {kind(value)})", expected=f"a string as `{key}`")
    return value


def list_of(value: Any, key: str, *, of: type | tuple[type, ...] = object, named: str = "") -> list[Any]:
    """Return a list; None is an empty one.

    Args:
        value: the value.
        key: its key, for the error.
        of: the type of its items.
        named: what the items are, for the error.

    Raises:
        BadLine: it is no list, or one of its items has another type.
    """
    if value is None:
        return []
    wanted = f"a list of {named}" if named else "a list"
    if not isinstance(value, list):
        raise misfit(f"JSON of another form (`{key}` is {kind(value)})", expected=f"{wanted} as `{key}`")
    for index, item in enumerate(value):
        if not isinstance(item, of):
            raise misfit(
                f"JSON of another form (`{key}` holds {kind(item)} at {index})",
                expected=f"{wanted} as `{key}`",
            )
    return value


def domain_of(value: dict[str, Any]) -> str | None:
    """Return the domain of a row, if it has one."""
    domain = value.get("domain")
    return domain if isinstance(domain, str) and domain else None


def kind(value: Any) -> str:
    """Name the type of a decoded value, with a short one itself."""
    names = {dict: "an object", list: "a list", str: "a string", type(None): "null"}
    if type(value) in names:
        return names[type(value)]
    return f"{'true or false' if isinstance(value, bool) else 'a number'} ({str(value)[:20]})"


def list_inside(value: Any) -> str:
    """Return the key of the list of examples that a single object holds; empty if it holds none."""
    if not isinstance(value, dict):
        return ""
    lists = [
        key
        for key, item in value.items()
        if isinstance(item, list) and item and isinstance(item[0], dict | list)
    ]
    return lists[0] if len(lists) == 1 else ""
