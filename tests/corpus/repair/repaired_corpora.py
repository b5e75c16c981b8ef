"""Small corpora, their repaired copies, and what a check finds in them."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from corpus.checks.check import check
from corpus.options import CheckLimits, ReadOptions
from corpus.repair.copy import DIFF, RepairedCopy, write_repaired_copy

BIO = ReadOptions(scheme="BIO")
CLEAN = {
    "train.conll": "# domain = news\nAnn\tB-PER\nsings\tO\n\nin\tO\nRome\tB-LOC\n",
    "dev.conll": "Eve\tB-PER\nleft\tO\n",
    "test.conll": "Kim\tB-PER\nsat\tO\n",
}


def corpus(root: Path, **files: str | bytes) -> Path:
    """Write a clean corpus with some files replaced or added; `train_conll` is train.conll."""
    data = root / "data"
    data.mkdir(parents=True)
    contents: dict[str, str | bytes] = {
        **CLEAN,
        **{name.replace("_", "."): text for name, text in files.items()},
    }
    for name, text in contents.items():
        content = text.encode() if isinstance(text, str) else text
        (data / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return data


def json_corpus(root: Path, train: str, **others: str) -> Path:
    """Write a corpus of one line of JSON a split; clean ones where none are given."""
    data = root / "data"
    data.mkdir()
    for split in ("train", "dev", "test"):
        clean = json.dumps({"tokens": [split], "tags": ["B-PER"]})
        line = train if split == "train" else others.get(split, clean)
        (data / f"{split}.jsonl").write_text(line + "\n")
    return data


def many(count: int, *, label: str = "PER") -> str:
    """Many sentences of one entity."""
    return "".join(f"w{number}\tB-{label}\nx\tO\n\n" for number in range(count))


def repaired(data: Path, options: ReadOptions = BIO, **more: Any) -> tuple[RepairedCopy, Path]:
    out = data.parent / "out"
    return write_repaired_copy(data, out, options, **more), out


def patched(data: Path, out: Path) -> Path:
    """Apply the diff to a copy of the corpus with `patch`."""
    copy = data.parent / "patched"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(data, copy)
    with (out / DIFF).open("rb") as diff:
        subprocess.run(["patch", "-p1", "--binary", "--silent", "--fuzz=0"], stdin=diff, cwd=copy, check=True)
    return copy


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != DIFF
    }


def codes_of(data: Path, options: ReadOptions = BIO) -> set[str]:
    """The codes of a check, without those of corpora that are too small."""
    limits = CheckLimits(min_examples=1, max_unseen_tokens=None, max_label_shift=None)
    return set(check(data, options, limits).counts)
