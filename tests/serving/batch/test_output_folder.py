"""The output folder: complete parts stay, half parts are never seen, another job's folder is refused."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec
import pytest

from corpus.options import ReadOptions
from serving.batch.errors import BatchRefused
from serving.batch.job import InputFile, Job, Reading
from serving.batch.output_folder import SUCCESS, Manifest, OutputFolder, Part, PartRecord
from serving.batch.scores import PartCounts

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
        return PartRecord(part, PartCounts(None, {}))

    folder.add(name, lambda path: path.write_text(content) and None, record)


def manifest(folder: OutputFolder) -> Manifest:
    parts = tuple(record.part for record in folder.records().values())
    return Manifest(
        job=JOB, sentences=2, tokens=5, entities=1, scores=None, finished_at="now", seconds=1.0, parts=parts
    )


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_a_complete_part_is_found_again(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.hold(JOB) as finished:
        assert finished is None
        add(output, "part-0", "one\n")
    with output.hold(JOB) as finished:
        assert finished is None
        assert list(output.records()) == ["part-0"]
        assert names(output.path) == [".progress", "part-0"]


def test_a_finished_folder_has_its_marks_and_no_progress(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.hold(JOB):
        add(output, "part-0", "one\n")
        written = manifest(output)
        output.finish(written)
    assert names(output.path) == ["_SUCCESS", "manifest.json", "part-0"]
    with output.hold(JOB) as finished:
        assert finished == written
    assert names(output.path) == ["_SUCCESS", "manifest.json", "part-0"]


@pytest.mark.parametrize("damage", ["changed", "gone", "longer"])
def test_a_part_that_was_changed_does_not_count(tmp_path: Path, damage: str) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.hold(JOB):
        add(output, "part-0", "one\n")
        part = output.path / "part-0"
        if damage == "gone":
            part.unlink()
        else:
            part.write_text("two\n" if damage == "changed" else "one\nmore\n")
        assert output.records() == {}


def test_a_finished_folder_that_was_changed_is_refused(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.hold(JOB):
        add(output, "part-0", "one\n")
        output.finish(manifest(output))
    (output.path / "part-0").write_text("two\n")
    with (
        pytest.raises(BatchRefused, match="part-0 is not what was written; delete _SUCCESS"),
        output.hold(JOB),
    ):
        pass
    # As the message advises: then it is made again.
    (output.path / SUCCESS).unlink()
    with output.hold(JOB) as finished:
        assert finished is None
        assert output.records() == {}


def test_a_part_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")

    def write(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with output.hold(JOB):
        with pytest.raises(OSError, match="No space left"):
            output.add("part-0", write, lambda size, digest: pytest.fail("no record of half a part"))
        assert names(output.path) == [".progress"]
        assert names(output.path / ".progress") == [".lock", "job.json"]


def test_drafts_of_a_killed_run_are_deleted(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.hold(JOB):
        pass
    (output.path / ".part-0.draft").write_text("half")
    (output.path / ".progress" / ".part-0.json.draft").write_text("{")
    with output.hold(JOB):
        assert names(output.path) == [".progress"]
        assert names(output.path / ".progress") == [".lock", "job.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 4, "model_sha256": "n"}, "version: 3 then, 4 now"),
        ({"model_sha256": "n"}, "the files of version 3 have changed"),
        ({"model": "other"}, "model: tagger then, other now"),
        ({"format": "conll"}, "--format: jsonl then, conll now"),
        ({"shard_size": 11}, "--shard-size: 10 then, 11 now"),
        ({"reading": Reading.of(ReadOptions(tag_column=2))}, "corpus.tag_column: -1 then, 2 now"),
        ({"files": JOB.files[:1]}, "input b.txt: missing now"),
        ({"files": (*JOB.files, InputFile("c.txt", 1, "c"))}, "input c.txt: new"),
        ({"files": (InputFile("a.txt", 4, "x"), JOB.files[1])}, "input a.txt: its content has changed"),
    ],
)
@pytest.mark.parametrize("finished", [False, True])
def test_another_job_is_refused_with_the_differences(
    tmp_path: Path, change: dict[str, object], message: str, finished: bool
) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.hold(JOB):
        add(output, "part-0", "one\n")
        if finished:
            output.finish(manifest(output))
    before = names(output.path)
    other = msgspec.structs.replace(JOB, **change)
    with pytest.raises(BatchRefused) as refused, output.hold(other):
        pass
    assert message in str(refused.value)
    assert names(output.path) == before


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    output = OutputFolder(tmp_path)
    with pytest.raises(BatchRefused, match=r"found holiday\.jpg; expected a new or"), output.hold(JOB):
        pass
    assert names(tmp_path) == ["holiday.jpg"]
    output = OutputFolder(tmp_path / "holiday.jpg")
    with pytest.raises(BatchRefused, match="found a file; expected a new or empty folder"), output.hold(JOB):
        pass


def test_a_folder_held_by_another_process_is_refused(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.hold(JOB):
        pass
    with (output.path / ".progress" / ".lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BatchRefused, match=f"process {os.getpid()} is filling it"), output.hold(JOB):
            pass


def test_new_parts_are_counted_once(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")
    seen: set[str] = set()
    with output.hold(JOB):
        add(output, "part-0", "one\n")
        assert output.count(seen) == 2
        assert output.count(seen) == 0
        add(output, "part-1", "one\n")
        assert output.count(seen) == 2


@pytest.mark.parametrize("content", [b"", b'{"part": {"name": "pa', b'"\xff\0'])
def test_a_damaged_record_is_told_and_its_part_is_made_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.hold(JOB):
        add(output, "part-0", "one\n")
        add(output, "part-1", "two\n")
    (output.path / ".progress" / "part-0.json").write_bytes(content)
    (output.path / "manifest.json").write_bytes(content)  # without _SUCCESS it marks nothing
    with output.hold(JOB) as finished:
        assert finished is None
        assert list(output.records()) == ["part-1"]
        add(output, "part-0", "one\n")
        assert list(output.records()) == ["part-0", "part-1"]
    assert [line.partition(": cannot be read")[0] for line in caplog.messages] == [
        str(output.path / "manifest.json"),
        str(output.path / ".progress" / "part-0.json"),
    ]


@pytest.mark.parametrize("content", [b"", b'{"job": {"mo', b'"\xff\0'])
def test_where_the_job_cannot_be_read_its_parts_are_not_mixed_with_others(
    tmp_path: Path, content: bytes
) -> None:
    output = OutputFolder(tmp_path / "out")
    with output.hold(JOB):
        add(output, "part-0", "one\n")
    (output.path / ".progress" / "job.json").write_bytes(content)
    with pytest.raises(BatchRefused, match=rf"job\.json: .*delete {output.path}"), output.hold(JOB):
        pass
