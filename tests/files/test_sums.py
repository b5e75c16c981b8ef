"""The sum of a file is hashlib's, whatever the file's size."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from files.sums import digest_of, lines_of, sha256_of, sums_below


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (5 << 20) + 3])
def test_the_sum_and_the_progress(tmp_path: Path, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (tmp_path / "file").write_bytes(content)
    chunks: list[int] = []
    assert sha256_of(tmp_path / "file", chunks.append) == hashlib.sha256(content).hexdigest()
    assert sum(chunks) == size
    assert max(chunks, default=0) <= 1 << 20


def test_the_sums_of_a_folder_are_those_of_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x").write_text("one")
    (tmp_path / "a").write_text("two")
    sums = sums_below(tmp_path)
    command = ["sha256sum", "a", "b/x"]
    assert (
        lines_of(sums)
        == subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    )
    assert digest_of(sums) == hashlib.sha256(lines_of(sums).encode()).hexdigest()
    assert digest_of(dict(reversed(sums.items()))) == digest_of(sums)
    assert sums_below(tmp_path / "missing") == {}
