"""Bytes near valid ones: cut, doubled, and with pieces inside that parsers stumble over."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

_PIECES = [
    *(bytes([code]) for code in (0, 1, 0x1A, 0x1B, 0x7F, 0x80, 0xC3, 0xED, 0xFF)),
    *(b"\n", b"\n\n", b"\r", b"\r\n", b"\t", b"  ", b"\x0b", b"\x0c", b"\xc2\x85", b"\xe2\x80\xa8"),
    *(b"#", b'"', b"'", b"\\", b",", b":", b";", b"|", b"*", b"_", b"-", b".", b"="),
    *(b"{", b"}", b"[", b"]", b"[[", b"{}", b"[]", b'""', b"null", b"true", b"NaN", b"-Inf", b"-1", b"1e999"),
    *(b"9" * 5000, b"[" * 3000, b'{"a":' * 2000, b"2147483648", b"9223372036854775808", b"0.5"),
    *(rb"\ud800", rb"\u0000", b"\xef\xbb\xbf", b"\xed\xa0\x80", "\u202e\u200b\u0301\u00b2٣".encode()),
    *(b"-DOCSTART-", b"#FORMAT=WebAnno TSV 3.3\n", b"# global.columns = ID FORM\n", b"T1\tPER 0 3\tAnn\n"),
]


@st.composite
def mutated(draw: st.DrawFn, valid: bytes) -> bytes:
    """Apply one to six edits to `valid`."""
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(valid)))
        end = min(len(valid), start + draw(st.integers(0, 12)))
        edit = draw(st.sampled_from(["insert", "replace", "remove", "repeat", "cut", "move"]))
        piece = draw(st.one_of(st.sampled_from(_PIECES), st.binary(min_size=1, max_size=4)))
        if edit == "insert":
            valid = valid[:start] + piece + valid[start:]
        elif edit == "replace":
            valid = valid[:start] + piece + valid[end:]
        elif edit == "remove":
            valid = valid[:start] + valid[end:]
        elif edit == "repeat":
            valid = valid[:end] + valid[start:end] * draw(st.integers(1, 50)) + valid[end:]
        elif edit == "cut":
            valid = valid[:start]
        else:
            valid = valid[end:] + valid[:end]
    return valid


_ODD_VALUES = st.one_of(
    st.sampled_from([None, True, False, 0, -1, 1, 3, 10**6, 2**63, 10**400, 0.5, -0.0, 1e308, float("nan")]),
    st.sampled_from(
        ["", " ", "Ann", "B-PER", "O", "0", "\ud800", "\x00", "\u202e\u0301", "a\nb", "x" * 5000]
    ),
    st.sampled_from([[], [[]], {}, [0, 3], [0, 3, "PER"], [3, 0, "PER"], {"start": 0}, {"text": "Ann"}]),
)


@st.composite
def changed(draw: st.DrawFn, valid: Any) -> Any:
    """Change one to four places of a JSON value: another value, none, twice, or under another key."""
    root = [copy.deepcopy(valid)]
    for _ in range(draw(st.integers(1, 4))):
        holder, key = draw(st.sampled_from(_places(root)))
        edit = draw(st.sampled_from(["value", "value", "remove", "twice", "rename", "nest"]))
        if edit == "value" or holder is root:
            holder[key] = copy.deepcopy(draw(_ODD_VALUES))
        elif edit == "nest":
            holder[key] = [holder[key]]
        elif isinstance(holder, list):
            holder[key : key + 1] = [copy.deepcopy(holder[key]) for _ in range(2 * (edit == "twice"))]
        else:
            value = holder.pop(key)
            if edit != "remove":
                holder[draw(st.sampled_from(_KEYS))] = value
    return root[0]


_KEYS = [
    "text",
    "tokens",
    "tags",
    "spans",
    "label",
    "labels",
    "entities",
    "ner_tags",
    "start",
    "end",
    "value",
    "",
]


def _places(holder: Any) -> list[tuple[Any, Any]]:
    """List the places below a list or an object: what holds each, and its index or key there."""
    keys = range(len(holder)) if isinstance(holder, list) else list(holder)
    found: list[tuple[Any, Any]] = [(holder, key) for key in keys]
    for key in keys:
        if isinstance(holder[key], (list, dict)):
            found += _places(holder[key])
    return found
