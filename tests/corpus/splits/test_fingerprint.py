"""The fingerprint depends on the contents and splits of a corpus alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from corpus.options import ReadOptions
from corpus.splits.fingerprint import fingerprint
from corpus.splits.layout import find


def of(data: Path) -> str:
    return fingerprint(find(data, ReadOptions()))


def test_it_depends_on_names_splits_and_contents(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "train").mkdir(parents=True)
    (data / "train" / "a.conll").write_text("a\tO\n")
    (data / "dev.conll").write_text("b\tO\n")
    first = of(data)
    assert len(first) == 64

    os.utime(data / "dev.conll", (1, 1))
    (data / "readme.md").write_text("not part of it")
    assert of(data) == first
    shutil.copytree(data, tmp_path / "copy")
    assert of(tmp_path / "copy") == first

    (data / "train" / "a.conll").write_text("c\tO\n")
    second = of(data)
    assert second != first
    (data / "dev.conll").rename(data / "test.conll")
    assert of(data) not in (first, second)
