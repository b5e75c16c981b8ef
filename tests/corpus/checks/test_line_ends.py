"""Line ends, compared with split lines, wherever a chunk ends."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.checks import line_ends as module
from corpus.checks.line_ends import LineEnds, line_ends

BYTES = st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\r\r\n", b"\xef\xbb\xbf"]), max_size=20).map(
    b"".join
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=BYTES, chunk=st.integers(3, 9), packed=st.booleans())
def test_counts_are_those_of_the_lines(tmp_path: Path, content: bytes, chunk: int, packed: bool) -> None:
    path = tmp_path / ("file.gz" if packed else "file")
    path.write_bytes(gzip.compress(content) if packed else content)
    lines = content.split(b"\n")[:-1]
    crlf = [number for number, line in enumerate(lines, start=1) if line.endswith(b"\r")]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "_CHUNK", chunk)
        found = line_ends(path)
    assert found == LineEnds(
        content.startswith(b"\xef\xbb\xbf"), len(lines), len(crlf), crlf[0] if crlf else None
    )


def test_an_unreadable_file_has_no_line_ends(tmp_path: Path) -> None:
    (tmp_path / "file.gz").write_bytes(b"not gzip")
    assert (
        line_ends(tmp_path / "file.gz") == line_ends(tmp_path / "gone") == line_ends(tmp_path) == LineEnds()
    )
