"""Files that are broken, huge, unreadable or no text: one error, in bounded memory, without blocking."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from corpus.checks.check import check
from corpus.checks.report import Report
from corpus.errors import CorpusError
from corpus.options import ReadOptions
from corpus.repair.copy import write_repaired_copy

ROOT = Path(__file__).resolve().parents[3]
GOOD = "Ann\tB-PER\nsings\tO\n"


def corpus(root: Path, train: bytes, name: str = "train.conll") -> Path:
    (root / name).write_bytes(train)
    for split in ("dev", "test"):
        (root / f"{split}.conll").write_text(GOOD)
    return root


def errors(report: Report) -> list[tuple[str, str, int | None]]:
    return [(one.code, Path(one.path).name, one.line) for one in report.of_severity("error")]


ARCHIVE = io.BytesIO()
with zipfile.ZipFile(ARCHIVE, "w") as archive:
    archive.writestr("x", GOOD)


@pytest.mark.parametrize(
    ("train", "error", "message"),
    [
        (GOOD.encode("utf-16") * 100, ("D107", "train.conll", 1), "UTF-16 text"),
        ("\ufeff".encode("utf-16-le") + GOOD.encode("utf-16-le"), ("D107", "train.conll", 1), "UTF-16 text"),
        ("\ufeff".encode("utf-16-be") + GOOD.encode("utf-16-be"), ("D107", "train.conll", 1), "UTF-16 text"),
        # Without a byte order mark.
        (GOOD.encode("utf-16-le"), ("D107", "train.conll", 1), "UTF-16 text"),
        (gzip.compress(GOOD.encode()), ("D102", "train.conll", None), "a gzip file by its first bytes"),
        (ARCHIVE.getvalue(), ("D102", "train.conll", None), "a zip file by its first bytes"),
    ],
)
def test_a_file_that_is_not_utf8_text_is_one_error(
    tmp_path: Path, train: bytes, error: tuple[str, str, int | None], message: str
) -> None:
    report = check(corpus(tmp_path, train), ReadOptions())
    assert errors(report) == [error]
    assert message in report.findings[0].message


def test_text_that_begins_like_a_zip_file(tmp_path: Path) -> None:
    assert check(corpus(tmp_path, b"PKs\tO\n\n" + GOOD.encode()), ReadOptions()).ok


def test_a_binary_file(tmp_path: Path) -> None:
    report = check(corpus(tmp_path, bytes(range(256)) * 200), ReadOptions())
    assert not report.ok
    assert {path for _, path, _ in errors(report)} == {"train.conll"}
    report.to_json()


@pytest.mark.parametrize("train", [b"not gzip at all", gzip.compress(b"a\tO\n" * 999, mtime=0)[:40]])
def test_broken_gzip(tmp_path: Path, train: bytes) -> None:
    report = check(corpus(tmp_path, train, "train.conll.gz"), ReadOptions())
    assert errors(report) == [("D102", "train.conll.gz", None)]
    assert "broken gzip" in report.findings[0].message


@pytest.mark.parametrize("name", ["train.conll", "train.jsonl", "train.conllu", "train.conll.gz"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    report = check(corpus(tmp_path, b"", name), ReadOptions())
    assert not report.ok
    assert {code for code, _, _ in errors(report)} <= {"D102", "D103"}


def test_a_missing_folder() -> None:
    report = check("nowhere", ReadOptions())
    assert errors(report) == [("D102", "nowhere", None)]
    assert report.findings[0].message.startswith("no such file or folder")


@pytest.mark.parametrize("name", ["train.conll", "train.jsonl"])
def test_a_huge_line_is_not_held_in_memory(tmp_path: Path, name: str) -> None:
    corpus(tmp_path, b"", "ignored.txt")
    with (tmp_path / name).open("wb") as stream:
        for _ in range(100):
            stream.write(b"x" * (1 << 20))
        stream.write(b"\n\n")
    tracemalloc.start()
    report = check(tmp_path, ReadOptions())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert errors(report) == [("D114", name, 1)]
    assert peak < 40 << 20


def test_a_file_without_blank_lines_is_not_held_in_memory(tmp_path: Path) -> None:
    corpus(tmp_path, b"")
    with (tmp_path / "train.conll").open("wb") as stream:
        stream.write(b"one\tB-PER\n\n")
        for _ in range(1000):
            stream.write(b"word\tO\n" * 1000)
        stream.write(b"\nlast\n")
    tracemalloc.start()
    report = check(tmp_path, ReadOptions())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The error after it has its own line.
    assert errors(report) == [("D108", "train.conll", 1_000_004), ("D114", "train.conll", 3)]
    assert peak < 120 << 20
    with pytest.raises(CorpusError, match=r"train\.conll:3: more than 4 MiB without an end"):
        write_repaired_copy(tmp_path, tmp_path.parent / f"{tmp_path.name}-out", ReadOptions())


@pytest.mark.parametrize("place", ["train.conll", "."])
def test_a_pipe_does_not_block(tmp_path: Path, place: str) -> None:
    if place == ".":
        path = tmp_path / "corpus"
        os.mkfifo(path)
    else:
        path = corpus(tmp_path, b"")
        (path / place).unlink()
        os.mkfifo(path / place)
    program = (
        "import sys; from corpus.checks.check import check; from corpus.options import ReadOptions; "
        "print([f.code for f in check(sys.argv[1], ReadOptions()).findings])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, path],
        cwd=ROOT,
        timeout=60,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "D102" in done.stdout


def test_a_dangling_link(tmp_path: Path) -> None:
    corpus(tmp_path, b"")
    (tmp_path / "train.conll").unlink()
    (tmp_path / "train.conll").symlink_to(tmp_path / "gone")
    assert errors(check(tmp_path, ReadOptions())) == [("D102", "train.conll", None)]


# 0o600 of a folder: its names can be listed, but its files not opened.
@pytest.mark.parametrize(("place", "mode"), [("train.conll", 0), (".", 0), (".", 0o600)])
def test_without_permission(tmp_path: Path, place: str, mode: int) -> None:
    data = corpus(tmp_path, GOOD.encode())
    (data / place).chmod(mode)
    try:
        if os.access(data / "train.conll", os.R_OK):
            pytest.skip("root may read everything")
        report = check(data, ReadOptions())
    finally:
        (data / place).chmod(0o755)
    assert {code for code, _, _ in errors(report)} == {"D102"}
    assert "Permission denied" in report.findings[0].message
