"""The output folder: what is whole stays, what is not is never seen, what is another job's is refused."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec
import pytest

from corpus.options import ReadOptions
from serving.batch.errors import BulkRefused
from serving.batch.folder import SUCCESS, Manifest, OutputFolder, Part, PartRecord
from serving.batch.job import InputFile, Job, Reading
from serving.batch.scores import Counted

JOB = Job(
    model="tagger",
    version=3,
    model_sha256="m",
    format="jsonl",
    shard_size=10,
    reading=Reading.of(ReadOptions()),
    files=(InputFile("a.txt", 4, "sum of a"), InputFile("b.txt", 4, "sum of b")),
)


def add(folder: OutputFolder, name: str, content: str) -> None:
    def record(size: int, digest: str) -> PartRecord:
        part = Part(
            name=name, file="a.txt", line=1, sentences=2, tokens=5, entities=1, bytes=size, sha256=digest
        )
        return PartRecord(part, Counted(None, {}))

    folder.add(name, lambda path: path.write_text(content) and None, record)


def manifest(folder: OutputFolder) -> Manifest:
    parts = tuple(record.part for record in folder.records().values())
    return Manifest(
        job=JOB, sentences=2, tokens=5, entities=1, scores=None, finished_at="now", seconds=1.0, parts=parts
    )


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_what_is_whole_is_found_again(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.begun(JOB) as finished:
        assert finished is None
        add(output, "part-0", "one\n")
    with output.begun(JOB) as finished:
        assert finished is None
        assert list(output.records()) == ["part-0"]
        assert names(output.path) == [".progress", "part-0"]


def test_a_finished_folder_says_so_and_holds_nothing_else(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.begun(JOB):
        add(output, "part-0", "one\n")
        told = manifest(output)
        output.finish(told)
    assert names(output.path) == ["_SUCCESS", "manifest.json", "part-0"]
    with output.begun(JOB) as finished:
        assert finished == told
    assert names(output.path) == ["_SUCCESS", "manifest.json", "part-0"]


@pytest.mark.parametrize("damage", ["changed", "gone", "longer"])
def test_a_part_that_is_not_what_was_written_is_none(tmp_path: Path, damage: str) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.begun(JOB):
        add(output, "part-0", "one\n")
        part = output.path / "part-0"
        if damage == "gone":
            part.unlink()
        else:
            part.write_text("two\n" if damage == "changed" else "one\nmore\n")
        assert output.records() == {}


def test_a_finished_folder_that_was_changed_is_refused(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.begun(JOB):
        add(output, "part-0", "one\n")
        output.finish(manifest(output))
    (output.path / "part-0").write_text("two\n")
    with (
        pytest.raises(BulkRefused, match="part-0 is not what was written; delete _SUCCESS"),
        output.begun(JOB),
    ):
        pass
    # As the message says: it is made again.
    (output.path / SUCCESS).unlink()
    with output.begun(JOB) as finished:
        assert finished is None
        assert output.records() == {}


def test_what_failed_while_it_was_written_leaves_nothing(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")

    def write(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with output.begun(JOB):
        with pytest.raises(OSError, match="No space left"):
            output.add("part-0", write, lambda size, digest: pytest.fail("no record of half a part"))
        assert names(output.path) == [".progress"]
        assert names(output.path / ".progress") == [".lock", "job.json"]


def test_what_a_kill_left_half_written_goes(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.begun(JOB):
        pass
    (output.path / ".draft-part-0").write_text("half")
    (output.path / ".progress" / ".draft-part-0.json").write_text("{")
    with output.begun(JOB):
        assert names(output.path) == [".progress"]
        assert names(output.path / ".progress") == [".lock", "job.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 4, "model_sha256": "n"}, "version: 3 there, 4 asked"),
        ({"model_sha256": "n"}, "the files of version 3 are not what they were"),
        ({"model": "other"}, "model: tagger there, other asked"),
        ({"format": "conll"}, "--format: jsonl there, conll asked"),
        ({"shard_size": 11}, "--shard-size: 10 there, 11 asked"),
        ({"reading": Reading.of(ReadOptions(tag_column=2))}, "corpus.tag_column: -1 there, 2 asked"),
        ({"files": JOB.files[:1]}, "input b.txt: there, not asked"),
        ({"files": (*JOB.files, InputFile("c.txt", 1, "c"))}, "input c.txt: asked, not there"),
        ({"files": (InputFile("a.txt", 4, "x"), JOB.files[1])}, "input a.txt: its content has changed"),
    ],
)
@pytest.mark.parametrize("finished", [False, True])
def test_another_job_is_refused_with_what_differs(
    tmp_path: Path, change: dict[str, object], message: str, finished: bool
) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.begun(JOB):
        add(output, "part-0", "one\n")
        if finished:
            output.finish(manifest(output))
    before = names(output.path)
    other = msgspec.structs.replace(JOB, **change)
    with pytest.raises(BulkRefused) as refused, output.begun(other):
        pass
    assert message in str(refused.value)
    assert names(output.path) == before


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    output = OutputFolder(tmp_path)
    with pytest.raises(BulkRefused, match=r"found holiday\.jpg; expected a new or"), output.begun(JOB):
        pass
    assert names(tmp_path) == ["holiday.jpg"]
    output = OutputFolder(tmp_path / "holiday.jpg")
    with pytest.raises(BulkRefused, match="found a file; expected a new or empty folder"), output.begun(JOB):
        pass


def test_two_processes_do_not_fill_it_at_once(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.begun(JOB):
        pass
    with (output.path / ".progress" / ".lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BulkRefused, match=f"process {os.getpid()} is filling it"), output.begun(JOB):
            pass


def test_it_counts_what_is_new(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")
    seen: set[str] = set()
    with output.begun(JOB):
        add(output, "part-0", "one\n")
        assert output.count(seen) == 2
        assert output.count(seen) == 0
        add(output, "part-1", "one\n")
        assert output.count(seen) == 2
