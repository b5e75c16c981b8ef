"""Raw records, compared with the definition: lines split at the blank ones."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import BadLine
from corpus.raw_records import BOM, RawRecord, lines_of, raw_records

LINES = st.lists(
    st.sampled_from([b"a\tO", b"# x = y", b"", b" ", b"\t \r", b"b O\r", b"\xc3\xa9 O"]), max_size=12
)


@settings(max_examples=150, deadline=None)
@given(lines=LINES, mark=st.booleans(), final=st.booleans())
def test_blocks_are_the_runs_of_lines_that_are_not_blank(lines: list[bytes], mark: bool, final: bool) -> None:
    data = (BOM if mark else b"") + b"\n".join(lines) + (b"\n" if final else b"")
    expected: list[list[bytes]] = []
    open_block = False
    for line in lines:
        if line.strip():
            if not open_block:
                expected.append([])
            expected[-1].append(line)
        open_block = bool(line.strip())
    found = list(raw_records(io.BytesIO(data), "block"))
    assert [block.raw.rstrip(b"\n").split(b"\n") for block in found] == expected
    for block in found:
        file_lines = data.split(b"\n")
        assert file_lines[block.line - 1].removeprefix(BOM) == block.raw.split(b"\n")[0]
        assert data[block.offset :].removeprefix(BOM).startswith(block.raw)


def test_single_lines_skip_blank_lines_and_keep_their_numbers() -> None:
    found = list(raw_records(io.BytesIO(BOM + b"{}\n\n  \n[]\r\n"), "line"))
    assert found == [RawRecord(1, 0, b"{}\n"), RawRecord(4, 10, b"[]\r\n")]


def test_a_byte_order_mark_is_removed_at_the_start_of_a_file_only() -> None:
    assert next(raw_records([BOM + b"a"], "block", at_start=False)).raw == BOM + b"a"
    assert next(raw_records([BOM + b"a"], "block")).raw == b"a"


@pytest.mark.parametrize("raw", [b"", b"\n", BOM, BOM + b"\n", b" \r\n\t\n"])
def test_an_empty_file_has_no_records(raw: bytes) -> None:
    assert list(raw_records(io.BytesIO(raw), "block")) == []
    assert list(raw_records(io.BytesIO(raw), "line")) == []


def test_both_kinds_of_line_ends_are_removed() -> None:
    assert lines_of(b"a O\r\nb O\nc O\r\n") == ["a O", "b O", "c O"]
    assert lines_of(b"a O\r") == ["a O"]


def test_bytes_that_are_not_utf8_are_an_error_with_their_line() -> None:
    with pytest.raises(BadLine) as caught:
        lines_of(b"a O\nM\xfcnchen B-LOC\nb O\n")
    assert caught.value.index == 1
    error = caught.value.located("train.conll", 7)
    assert str(error).startswith("train.conll:8: not UTF-8 (byte 0xfc), in 'M\\\\xfcnchen B-LOC'")
    assert "tagline check" in str(error)
