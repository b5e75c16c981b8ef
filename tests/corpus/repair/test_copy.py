"""The repaired copy: its place, its files and its diff, for any corpus."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.checks.check import check
from corpus.codes import CODES
from corpus.errors import CorpusError
from corpus.reading.sentences import sentences
from corpus.repair.copy import DIFF, write_repaired_copy
from tagging.schemes import BIO as SCHEME
from tagging.schemes import convert
from tests.corpus.repair.repaired_corpora import BIO, codes_of, contents, corpus, many, patched, repaired
from tests.corpus.repair.test_columns import FAULTS
from tests.corpus.repair.test_jsonl import JSON_FAULTS

ROOT = Path(__file__).resolve().parents[3]


def test_a_clean_corpus_keeps_every_byte(tmp_path: Path) -> None:
    data = corpus(tmp_path, dev_conll="Eve\tB-PER\n \t \n\nleft\tO", notes_txt="left out\r\n")
    repair, out = repaired(data)
    assert (repair.counts, repair.files, repair.left) == ({}, {}, [])
    assert contents(out) == contents(data)
    assert (out / DIFF).read_bytes() == b""


def test_files_that_are_not_read_are_copied_and_doubles_are_not(tmp_path: Path) -> None:
    data = corpus(
        tmp_path, train_conll="Ann\tB-PER\r\nsat\tO\r\n", train_txt="Any text.\n", train_old_conll="x"
    )
    (data / "train.conll.gz").write_bytes(gzip.compress((data / "train.conll").read_bytes()))
    (data / "train").mkdir()
    repair, out = repaired(data)
    assert repair.left == ["train.conll.gz was not copied: train.conll holds the same sentences"]
    names = {path.name for path in out.iterdir()}
    assert names == {"train.conll", "dev.conll", "test.conll", "train.txt", "train.old.conll", DIFF}
    assert (out / "train.txt").read_bytes() == b"Any text.\n"
    assert (out / "train.conll").read_bytes() == b"Ann\tB-PER\nsat\tO\n"
    # The copy is read in the same way.
    assert list(check(out, BIO).sentences_in["train"].values()) == [1]


def test_files_that_others_are_read_with_are_copied(tmp_path: Path) -> None:
    data = corpus(tmp_path)
    (data / "train.conll").unlink()
    (data / "train.in").write_text("Ann sings\n")
    (data / "train.out").write_text("B-PER O\n")
    options = msgspec.structs.replace(
        BIO, files={"train": "train.in", "dev": "dev.conll", "test": "test.conll"}
    )
    write_repaired_copy(data, tmp_path / "out", options)
    assert (tmp_path / "out" / "train.out").read_text() == "B-PER O\n"


def test_files_in_another_encoding_are_an_error_and_leave_nothing(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll="Ann\tB-PER\r\n".encode("utf-16"))
    with pytest.raises(CorpusError, match="UTF-16 text"):
        repaired(data)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("word", ["a\u200d\u200b", "a\u200b\u200d", "\u200d\u00ad"])
def test_a_repaired_copy_needs_no_repair(tmp_path: Path, word: str) -> None:
    lines = {f"{split}.conll": f"{word}{split}\tO\n" for split in ("train", "dev", "test")}
    _, once = repaired(corpus(tmp_path, **lines))
    twice = write_repaired_copy(once, tmp_path / "twice", BIO)
    assert twice.counts == {}


def test_ignored_codes_are_not_repaired(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll=many(30) + "Kim\tI-PER\nsat\tO\r\n")
    repair, out = repaired(data, ignore=frozenset(("D205", "D201", "D304")))
    assert repair.counts == {}
    assert contents(out) == contents(data)


def test_gzip_files_stay_gzip_files(tmp_path: Path) -> None:
    data = corpus(tmp_path)
    (data / "train.conll").unlink()
    (data / "train.conll.gz").write_bytes(gzip.compress(b"so\tO\r\nAnn\tI-PER\r\n"))
    _, out = repaired(data)
    assert gzip.decompress((out / "train.conll.gz").read_bytes()) == b"so\tO\nAnn\tB-PER\n"


def test_a_single_file_keeps_its_name(tmp_path: Path) -> None:
    path = tmp_path / "all.conll"
    path.write_text(many(50) + "so\tO\nAnn\tI-PER\n")
    write_repaired_copy(path, tmp_path / "out", BIO)
    assert (tmp_path / "out" / "all.conll").read_text() == many(50) + "so\tO\nAnn\tB-PER\n"


@pytest.mark.parametrize(
    "place", ["data", "data/fixed", "data/../data", "data/train.conll", "full", "file", "link"]
)
def test_places_where_no_copy_is_written(tmp_path: Path, place: str) -> None:
    data = corpus(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something").write_text("")
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(data)
    before = contents(tmp_path)
    with pytest.raises(CorpusError, match=r"within the corpus|already exists"):
        write_repaired_copy(data, tmp_path / place, BIO)
    assert contents(tmp_path) == before


def test_an_empty_folder_is_used_and_parent_folders_are_created(tmp_path: Path) -> None:
    data = corpus(tmp_path)
    (tmp_path / "empty").mkdir()
    write_repaired_copy(data, tmp_path / "empty", BIO)
    write_repaired_copy(data, tmp_path / "a" / "b", BIO)
    assert contents(tmp_path / "empty") == contents(tmp_path / "a" / "b") == contents(data)


def test_a_killed_repair_leaves_nothing_at_its_place(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll=many(20000).replace("O\n", "O\r\n"))
    out = tmp_path / "out"
    program = (
        "from corpus.repair.copy import write_repaired_copy; from corpus.options import ReadOptions; "
        f"write_repaired_copy({str(data)!r}, {str(out)!r}, ReadOptions())"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    while not any(path.stat().st_size for path in tmp_path.glob(".out.*/out/train.conll")):
        assert process.poll() is None, "ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not out.exists()
    # What is left has a hidden name and does not matter.
    write_repaired_copy(data, out, BIO)
    assert contents(patched(data, out)) == contents(out)


def test_a_repair_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    data = corpus(tmp_path)
    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(CorpusError, match=r"cannot be written .No space left on device"):
        repaired(data)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_files_in_folders_of_their_split_keep_their_places(tmp_path: Path) -> None:
    for name in ("train/a.conll", "train/b.conll", "dev/a.conll", "test/a.conll"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_text(f"{name}\tI-PER\n")
    repair, out = repaired(tmp_path / "data")
    assert sorted(repair.files) == ["dev/a.conll", "test/a.conll", "train/a.conll", "train/b.conll"]
    assert (out / "train" / "b.conll").read_text() == "train/b.conll\tB-PER\n"
    assert contents(patched(tmp_path / "data", out)) == contents(out)


WORDS = st.sampled_from(
    [
        "Ann",
        "so",
        "soft\u00adly",
        "\u200bx",
        "be\x07ll",
        " a ",
        "b\u00a0",
        "#",
        "# y",
        "n\u00a0o",
        "z\u200bz",
        "é",
        "-DOCSTART-",
        "",
    ]
)
TAGS = st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B", "I-A ", "X-Q"])
ENDS = st.sampled_from(["\n", "\n", "\r\n", "\r\r\n"])


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file of some blocks, with every kind of fault in its lines."""
    text = draw(st.sampled_from(["", "\ufeff"]))
    separator = draw(st.sampled_from(["\t", "\t", " ", "\tNN\t"]))
    for _ in range(draw(st.integers(1, 5))):
        text += draw(st.sampled_from(["", "", "# domain = x\n", "#comment\n", "# text = soft\u00adly\n"]))
        for _ in range(draw(st.integers(1, 3))):
            text += draw(WORDS) + separator + draw(TAGS) + draw(ENDS)
        text += draw(st.sampled_from(["\n", "\n\n", " \r\n", "\n"]))
    return text + draw(st.sampled_from(["", "end\tO"]))


def unreadable(data: Path) -> int:
    """The number of lines that cannot be read."""
    counts = check(data, BIO).counts
    return sum(count for code, count in counts.items() if code == "D101" or "D107" <= code <= "D116")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(train=files(), dev=files(), test=files())
def test_any_files(tmp_path: Path, train: str, dev: str, test: str) -> None:
    shutil.rmtree(tmp_path)
    data = corpus(tmp_path, train_conll=train, dev_conll=dev, test_conll=test)
    repair, out = repaired(data)
    # The diff has all changes.
    assert contents(patched(data, out)) == contents(out)
    assert bool((out / DIFF).read_bytes()) == bool(repair.counts) == bool(repair.files)
    # Only reported faults are repaired; of a line with two faults one hides the other.
    if not unreadable(data):
        assert set(repair.counts) <= codes_of(data)
    # No line becomes unreadable, and no fault is left that needs no decision.
    assert unreadable(out) <= unreadable(data)
    assert not codes_of(out) & {"D201", "D303"}
    # A second repair only removes sentences that the first one made equal.
    again = write_repaired_copy(out, data.parent / "again", BIO)
    assert set(again.counts) <= {"D205"}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from(["Ann", "so", "é", "7"]), st.sampled_from(["O", "B-A", "I-A", "I-B"])),
            min_size=1,
            max_size=5,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_tags_are_written_as_they_are_read(tmp_path: Path, blocks: list[list[tuple[str, str]]]) -> None:
    shutil.rmtree(tmp_path)
    text = "\n".join("".join(f"{word}\t{tag}\n" for word, tag in block) for block in blocks)
    data = corpus(tmp_path, train_conll=text, dev_conll="dev\tB-A\n", test_conll="test\tB-A\n")
    _, out = repaired(data)
    tags = [list(sentence.tags) for _, sentence in sentences(out / "train.conll", BIO)]
    assert tags == [convert([tag for _, tag in block], SCHEME, SCHEME)[0] for block in blocks]


def test_every_code_that_can_be_repaired_is_tested() -> None:
    tested = {code for _, _, codes in FAULTS.values() for code in codes} | {
        code for _, _, code in JSON_FAULTS.values()
    }
    # D104 and D105 count the faults of D201 and D202; D205 is in test_leaks.py.
    assert tested | {"D104", "D105", "D205"} == {code for code, kind in CODES.items() if kind.fixed}
