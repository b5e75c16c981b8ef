"""`tagline predict` from the command line: atomic outputs, resumption after a kill, messages and exit codes."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.serving import tiny_model

# The tiny model tags capitalised words B-PER.
TAGGED = "Ann\tB-PER\nsings\tO\n\nin\tO\nRome\tO\n\n"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Versions 1 and 2 of `tagger`."""
    folder = tmp_path_factory.mktemp("models")
    tiny_model.export(folder / "tagger" / "1", "PER")
    tiny_model.export(folder / "tagger" / "2", "ORG", signatures=("decode",))
    return folder


def command(models: Path, *arguments: str | Path) -> list[str]:
    program = str(Path(sys.executable).with_name("tagline"))
    return [program, "predict", "--set", f"serving.models={models}", *map(str, arguments)]


def predict(
    models: Path, *arguments: str | Path, limit: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(models, *arguments),
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
        preexec_fn=limit,
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_becomes_parts_and_a_manifest(models: Path, tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "b.conll").write_text(TAGGED)
    # A link is listed by its own name, wherever its target is.
    (tmp_path / "elsewhere.conll").write_text(TAGGED.replace("Ann", "Bob"))
    (source / "a.conll").symlink_to(tmp_path / "elsewhere.conll")
    done = predict(
        models, "-i", source, "-o", output, "--version", "1", "--shard-size", "3", "--workers", "2"
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == f"4 sentences of {source} tagged: {output}"
    # Of two gold entities both are found, beside two that are none: precision 1/2, recall 1.
    assert done.stdout.splitlines()[1].split() == [
        "all",
        "entities",
        "(strict)",
        "0.5000",
        "1.0000",
        "0.6667",
        "2",
    ]
    parts = ["part-00000-of-00002.jsonl", "part-00001-of-00002.jsonl"]
    assert names(output) == ["_SUCCESS", "manifest.json", *parts]
    texts = [json.loads(line)["text"] for part in parts for line in (output / part).read_text().splitlines()]
    assert texts == ["Bob sings", "in Rome", "Ann sings", "in Rome"]
    manifest = json.loads((output / "manifest.json").read_text())
    assert (manifest["job"]["version"], manifest["sentences"], manifest["tokens"]) == (1, 4, 8)
    assert [file["name"] for file in manifest["job"]["files"]] == ["a.conll", "b.conll"]
    assert manifest["scores"]["metrics"]["entity_f1_strict"] == pytest.approx(2 / 3)
    for part in manifest["parts"]:
        assert part["sha256"] == hashlib.sha256((output / part["name"]).read_bytes()).hexdigest()

    again = predict(models, "-i", source, "-o", output, "--version", "1", "--shard-size", "3")
    assert again.returncode == 0, again.stderr
    assert again.stderr.splitlines()[-1] == f"4 sentences of {source} done before, nothing to do: {output}"
    assert again.stdout == done.stdout

    # Without --version the latest is meant, which is another.
    for arguments, message in (
        (("-i", source), "version: 1 then, 2 now"),
        (("-i", source / "a.conll", "--version", "1"), "input b.conll: missing now"),
        (("-i", source, "--version", "1", "--format", "conll"), "--format: jsonl then, conll now"),
    ):
        refused = predict(models, *arguments, "-o", output, "--shard-size", "3")
        assert (refused.returncode, refused.stdout) == (2, "")
        assert message in refused.stderr
        assert names(output) == ["_SUCCESS", "manifest.json", *parts]


def test_a_killed_run_resumes_where_it_stopped(models: Path, tmp_path: Path) -> None:
    source, output = tmp_path / "in.txt", tmp_path / "out"
    source.write_text("".join(f"Anna {n} left\n" for n in range(1_500)))
    arguments = ("-i", source, "-o", output, "--version", "1", "--shard-size", "5", "--workers", "1")
    process = subprocess.Popen(command(models, *arguments), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(output.glob(".progress/part-*")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = {path.name: path.stat().st_mtime_ns for path in output.glob("part-*")}
    recorded = {path.name.removesuffix(".json") for path in output.glob(".progress/part-*")}
    assert recorded
    assert len(recorded) < 300, "killed too late to show anything"
    assert not (output / "_SUCCESS").exists()
    for part in before:  # visible parts are complete
        assert len((output / part).read_text().splitlines()) == 5

    done = predict(models, *arguments)
    assert done.returncode == 0, done.stderr
    assert {name: (output / name).stat().st_mtime_ns for name in recorded} == {
        name: before[name] for name in recorded
    }, "finished parts are not made again"
    lines = [line for part in sorted(output.glob("part-*")) for line in part.read_text().splitlines()]
    assert [json.loads(line)["text"] for line in lines] == source.read_text().splitlines()
    assert names(output)[:2] == ["_SUCCESS", "manifest.json"]


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_an_interrupted_run_prints_how_to_resume(models: Path, tmp_path: Path, workers: str) -> None:
    source, output = tmp_path / "in.txt", tmp_path / "out"
    source.write_text("Anna left\n" * 3_000)
    arguments = ("-i", source, "-o", output, "--version", "1", "--shard-size", "5", "--workers", workers)
    process = subprocess.Popen(command(models, *arguments), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list(output.glob(".progress/part-*")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 130
    assert message.splitlines()[-1] == "interrupted; the same command resumes from here"
    assert "Traceback" not in message
    assert not (output / "_SUCCESS").exists()


# Parts are joined alike in every form; that those of JSON lines are what they should be, the folder shows.
def test_texts_of_a_corpus_are_split_by_the_model_s_tokenizer(models: Path, tmp_path: Path) -> None:
    serving = tmp_path / "models"
    shutil.copytree(models / "tagger" / "1", version := serving / "tagger" / "1")
    (version / "assets.extra").mkdir()
    (version / "assets.extra" / "tokenizer.json").write_text('{"tokenizer": "characters"}')
    (tmp_path / "in.jsonl").write_text('{"text": "Rom"}\n')
    for name, chosen, tokens in (("own", "auto", ["R", "o", "m"]), ("named", "words", ["Rom"])):
        output = tmp_path / f"{name}.jsonl"
        arguments = ("-i", tmp_path / "in.jsonl", "-o", output, "--set", f"corpus.tokenizer={chosen}")
        done = predict(serving, *arguments)
        assert done.returncode == 0, done.stderr
        assert [token["text"] for token in json.loads(output.read_text())["tokens"]] == tokens


@pytest.mark.parametrize("ending", ["conll", pytest.param("jsonl", marks=pytest.mark.slow)])
def test_one_file_out(models: Path, tmp_path: Path, ending: str) -> None:
    source, output = tmp_path / "in.txt", tmp_path / "deep" / f"out.{ending}"
    source.write_text("Anna left\n\nso Bob\n")
    done = predict(models, "-i", source, "-o", output, "--version", "1", "--shard-size", "1")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-2:] == [
        f"3 sentences of {source} tagged: {output}",
        "not scored: texts have no tags",
    ]
    assert names(output.parent) == [output.name], "no parts, no draft"
    if ending == "jsonl":
        rows = [json.loads(line) for line in output.read_text().splitlines()]
        assert [[token["tag"] for token in row["tokens"]] for row in rows] == [
            ["B-PER", "O"],
            [],
            ["O", "B-PER"],
        ]
    else:
        assert output.read_text() == "Anna\tB-PER\nleft\tO\n\n\nso\tO\nBob\tB-PER\n\n"


def test_a_full_disk_is_reported_and_finished_parts_stay(models: Path, tmp_path: Path) -> None:
    source, output = tmp_path / "in.txt", tmp_path / "out"
    source.write_text("Anna left\n" * 3 + "Anna left " * 2_000 + "\n")
    arguments = ("-i", source, "-o", output, "--version", "1", "--shard-size", "3", "--workers", "1")

    def small_files() -> None:
        # To the process a file that may not grow is a disk that is full.
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    done = predict(models, *arguments, limit=small_files)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    message = done.stderr.splitlines()[-1]
    assert message.startswith(
        f"error: {output}/part-00001-of-00002.jsonl: cannot be written (File too large)"
    )
    assert "make room, then the same command" in message
    assert names(output) == [".progress", "part-00000-of-00002.jsonl"]
    assert predict(models, *arguments).returncode == 0
    assert "_SUCCESS" in names(output)


def test_a_model_that_is_no_tagger_is_refused(models: Path, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("Anna left\n")
    done = predict(models, "-i", tmp_path / "in.txt", "-o", tmp_path / "out", "--version", "2")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "error: version 2: found the signatures __saved_model_init_op, decode; expected decode_text with the "
        "input text and the outputs tags, lengths, confidence, score, tokens, starts, ends: push a tagger as "
        "`tagline run` exports it"
    )


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        (b"Ann\tO\nbad\n", (), "in.conll:2: 1 column"),
        (b"na\xefve\tO\n", (), "in.conll:1: not UTF-8 (byte 0xef)"),
        (b"", (), "in.conll: no sentence in it"),
        (b"Ann\tO\n", ("--version", "7"), "found 1, 2; expected version 7; `tagline run` pushes one"),
        (b"Ann\tO\n", ("--format", "csv"), "--format: found 'csv'; expected one of jsonl, conll, tfrecord"),
        (b"Ann\tO\n", ("--set", "name=other"), "other: found no version; expected a version; `tagline run`"),
    ],
)
def test_illegal_options_are_refused_before_anything_is_written(
    models: Path, tmp_path: Path, content: bytes, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "in.conll").write_bytes(content)
    done = predict(models, "-i", tmp_path / "in.conll", "-o", tmp_path / "out", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["out", "out.jsonl", "."])
def test_the_output_must_not_be_part_of_the_input(models: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "in.txt").write_text("Anna left\n")
    done = predict(models, "-i", tmp_path, "-o", tmp_path / name)
    assert done.returncode == 2
    assert "lies in --input; expected a place outside of what is read" in done.stderr
    assert names(tmp_path) == ["in.txt"]


@pytest.mark.parametrize("way", ["in.conll", "link.conll"])
def test_the_input_is_not_overwritten(models: Path, tmp_path: Path, way: str) -> None:
    (tmp_path / "in.conll").write_text(TAGGED)
    (tmp_path / "link.conll").symlink_to("in.conll")
    done = predict(models, "-i", tmp_path / "in.conll", "-o", tmp_path / way)
    assert done.returncode == 2
    assert f"--output {tmp_path / way}: is what is read; expected another file" in done.stderr
    assert (tmp_path / "in.conll").read_text() == TAGGED


def test_file_name_and_format_must_agree(models: Path, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("Anna left\n")
    done = predict(models, "-i", tmp_path / "in.txt", "-o", tmp_path / "x.jsonl", "--format", "conll")
    assert done.returncode == 2
    assert "x.jsonl and --format conll: expected the same of both" in done.stderr
