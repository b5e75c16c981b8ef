"""The diff, applied by `patch`: the old lines must become the new ones, wherever the changes are."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.repair import diff as module
from corpus.repair.diff import UnifiedDiff

LINE = st.sampled_from([b"a\n", b"b\n", b"\n", b"-x\n", b"+y\n", b"@@\n", b"a\r\n", b"\xff\n"])
KEPT = st.tuples(st.lists(LINE, min_size=1, max_size=9), st.none())
CHANGED = st.tuples(st.lists(LINE, min_size=1, max_size=4), st.lists(LINE, max_size=4))
PIECES = st.lists(st.one_of(KEPT, CHANGED), max_size=12)
SLOW = [HealthCheck.function_scoped_fixture]

Piece = tuple[list[bytes], list[bytes] | None]


def written(pieces: list[Piece]) -> bytes:
    stream = io.BytesIO()
    diff = UnifiedDiff(stream, "file")
    for old, new in pieces:
        if new is None:
            for line in old:
                diff.keep(line)
        else:
            diff.change(old, new)
    diff.end()
    assert bool(stream.getvalue()) == any(new is not None for _, new in pieces)
    return stream.getvalue()


def require_patch_to_apply(tmp_path: Path, pieces: list[Piece]) -> None:
    """`patch` makes the new file of the old one, with every hunk at its own place."""
    before = b"".join(line for old, _ in pieces for line in old)
    after = b"".join(line for old, new in pieces for line in (old if new is None else new))
    (tmp_path / "file").write_bytes(before)
    command = ["patch", "-p1", "--binary", "--fuzz=0", "--no-backup-if-mismatch", "--posix"]
    done = subprocess.run(command, input=written(pieces), cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"offset" not in done.stdout
    patched = (tmp_path / "file").read_bytes() if (tmp_path / "file").exists() else b""
    assert patched == after


@settings(max_examples=80, deadline=None, suppress_health_check=SLOW)
@given(PIECES)
def test_patch_makes_the_new_file(tmp_path: Path, pieces: list[Piece]) -> None:
    require_patch_to_apply(tmp_path, pieces)


@settings(max_examples=80, deadline=None, suppress_health_check=SLOW)
@given(PIECES)
def test_long_changes_are_cut_into_hunks(tmp_path: Path, pieces: list[Piece]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(module, "_HELD", 5)
        require_patch_to_apply(tmp_path, pieces)


@pytest.mark.parametrize("after", [[b"b"], [b"b\n"], []])
def test_a_last_line_without_an_end(tmp_path: Path, after: list[bytes]) -> None:
    require_patch_to_apply(tmp_path, [([b"x\n"], None), ([b"a"], after)])


def test_no_change_is_no_diff() -> None:
    assert written([([b"a\n", b"b\n"], None)]) == b""


def test_the_form_of_a_diff() -> None:
    pieces: list[Piece] = [
        ([b"1\n", b"2\n", b"3\n", b"4\n"], None),
        ([b"old\n"], [b"new\n"]),
        ([b"5\n", b"6\n", b"7\n", b"8\n"], None),
    ]
    assert written(pieces) == (
        b"--- a/file\n+++ b/file\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-old\n+new\n 5\n 6\n 7\n"
    )
