"""What is no corpus at all, or hardly one: told in a finding, in bounded memory, without a traceback or a wait."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.checks.check import check
from corpus.checks.report import Report
from corpus.checks.sarif import to_sarif
from corpus.errors import CorpusError
from corpus.options import ReadOptions
from corpus.repair.copy import mended_copy

ROOT = Path(__file__).resolve().parents[3]
GOOD = "Ann\tB-PER\nsings\tO\n"


def corpus(root: Path, train: bytes, name: str = "train.conll") -> Path:
    (root / name).write_bytes(train)
    for split in ("dev", "test"):
        (root / f"{split}.conll").write_text(GOOD)
    return root


def errors(report: Report) -> list[tuple[str, str, int | None]]:
    return [(one.code, Path(one.path).name, one.line) for one in report.of_severity("error")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_one_fault_that_names_the_way_out(tmp_path: Path, encoding: str) -> None:
    mark = b"" if encoding == "utf-16" else "\ufeff".encode(encoding)
    report = check(corpus(tmp_path, mark + (GOOD * 100).encode(encoding)), ReadOptions())
    assert errors(report) == [("D107", "train.conll", 1)]
    assert "iconv -f utf-16 -t utf-8" in report.findings[0].remedy


def test_utf16_without_a_mark_is_known_by_its_zeros(tmp_path: Path) -> None:
    report = check(corpus(tmp_path, GOOD.encode("utf-16-le")), ReadOptions())
    assert errors(report) == [("D107", "train.conll", 1)]


def test_packed_files_under_the_wrong_name(tmp_path: Path) -> None:
    report = check(corpus(tmp_path, gzip.compress(GOOD.encode())), ReadOptions())
    assert errors(report) == [("D102", "train.conll", None)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x", GOOD)
    report = check(corpus(tmp_path, packed.getvalue()), ReadOptions())
    assert errors(report) == [("D102", "train.conll", None)]
    assert "a zip file by its first bytes" in report.findings[0].message


def test_a_corpus_about_zip_files_is_text(tmp_path: Path) -> None:
    assert check(corpus(tmp_path, b"PKs\tO\n\n" + GOOD.encode()), ReadOptions()).ok


def test_a_binary_file_is_told_and_nothing_else_breaks(tmp_path: Path) -> None:
    report = check(corpus(tmp_path, bytes(range(256)) * 200), ReadOptions())
    assert not report.ok
    assert {path for _, path, _ in errors(report)} == {"train.conll"}
    report.to_json()


@pytest.mark.parametrize("name", ["train.conll", "train.jsonl", "train.conllu", "train.conll.gz"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    report = check(corpus(tmp_path, b"", name), ReadOptions())
    assert not report.ok
    assert {code for code, _, _ in errors(report)} <= {"D102", "D103"}


@pytest.mark.parametrize("name", ["train.conll", "train.jsonl"])
def test_a_huge_line_is_not_held(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with path.open("wb") as stream:
        for _ in range(100):
            stream.write(b"x" * (1 << 20))
        stream.write(b"\n\n")
    corpus(tmp_path, path.read_bytes()[:0], "ignored.txt")
    tracemalloc.start()
    report = check(tmp_path, ReadOptions())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert errors(report) == [("D114", name, 1)]
    assert peak < 40 << 20


def test_a_file_without_blank_lines_is_not_held(tmp_path: Path) -> None:
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
    # And what comes after it has its own line.
    assert errors(report) == [("D108", "train.conll", 1_000_004), ("D114", "train.conll", 3)]
    assert peak < 120 << 20
    with pytest.raises(CorpusError, match=r"train\.conll:3: more than 4 MiB without an end"):
        mended_copy(tmp_path, tmp_path.parent / f"{tmp_path.name}-out", ReadOptions())


def test_memory_follows_the_sentences_that_differ_and_not_the_corpus(tmp_path: Path) -> None:
    peaks = []
    for times in (1, 10):
        text = "".join(f"w{number % 50}\tB-A\nx\tO\n\n" for number in range(2000 * times))
        corpus(tmp_path, text.encode())
        tracemalloc.start()
        check(tmp_path, ReadOptions())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + 100_000


@pytest.mark.parametrize("place", ["train.conll", "."])
def test_a_pipe_is_not_waited_for(tmp_path: Path, place: str) -> None:
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


def test_a_link_to_nothing(tmp_path: Path) -> None:
    corpus(tmp_path, b"")
    (tmp_path / "train.conll").unlink()
    (tmp_path / "train.conll").symlink_to(tmp_path / "gone")
    assert errors(check(tmp_path, ReadOptions())) == [("D102", "train.conll", None)]


# 0o600 of a folder: its names may be listed, and none of them opened.
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


PIECES = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [
            b"\n",
            b"\r",
            b"\t",
            b"\n\n",
            b"a\tO\n",
            b"\tB-",
            b"# text = ",
            b"\xef\xbb\xbf",
            b"\xed\xa0\x80",
            b'{"tokens": [',
            b'"text": "a b", "spans": [[0, 1, "X"]]}\n',
            b'{"tokens": ["a"], "tags": ["I-X"]}\n',
            b"1\ta" + b"\tb" * 8 + b"\n",
        ]
    ),
)
BYTES = st.lists(PIECES, max_size=12).map(b"".join)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["conll", "conllu", "jsonl", "conll.gz"]), BYTES, BYTES)
def test_no_bytes_break_it(tmp_path: Path, ending: str, train: bytes, dev: bytes) -> None:
    shutil.rmtree(tmp_path)
    data = tmp_path / "data"
    data.mkdir(parents=True)
    for name, content in (("train", train), ("dev", dev), ("test", dev)):
        packed = gzip.compress(content) if ending.endswith("gz") else content
        (data / f"{name}.{ending}").write_bytes(packed)
    for scheme in ("auto", "IOB1", "PLAIN"):
        report = check(data, ReadOptions(scheme=scheme))
        assert Report.from_json(report.to_json()) == report
        json.loads(to_sarif(report))
    try:
        mended_copy(data, tmp_path / "out", ReadOptions())
    except CorpusError:
        assert [path.name for path in tmp_path.iterdir()] == ["data"]
    else:
        check(tmp_path / "out", ReadOptions())
