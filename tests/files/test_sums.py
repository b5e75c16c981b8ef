"""The sum of a file is hashlib's, whatever the file's size."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from files.sums import sha256_of


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (5 << 20) + 3])
def test_the_sum_and_the_progress(tmp_path: Path, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (tmp_path / "file").write_bytes(content)
    chunks: list[int] = []
    assert sha256_of(tmp_path / "file", chunks.append) == hashlib.sha256(content).hexdigest()
    assert sum(chunks) == size
    assert max(chunks, default=0) <= 1 << 20
