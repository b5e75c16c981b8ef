"""`tagline decode` against a real gRPC server: formats, streams, broken pipes, encodings, TLS."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.serving.client.scripted_server import rows_of, scripted, tagged

ROOT = Path(__file__).resolve().parents[4]
COMMAND = [sys.executable, "-m", "pipeline.cli.app", "decode", "--model", "m"]


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    with scripted(lambda request, _: tagged(request)) as started:
        yield started


def decode(target: str, *arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, "--target", target, *map(str, arguments)], input=stdin, capture_output=True, cwd=ROOT
    )


def test_for_people_and_for_programs(target: str) -> None:
    text = decode(target, "Anna left", "nobody left").stdout.decode()
    assert text == (
        "Anna left\n     0-4    B-PER  0.500  Anna\n  probability of the whole path 0.500\n"
        "nobody left\n  probability of the whole path 0.500\n"
    ).replace("B-PER ", "PER   ")
    (line,) = decode(target, "Anna left", "--format", "jsonl").stdout.splitlines()
    assert [entity["text"] for entity in json.loads(line)["entities"]] == ["Anna"]
    conll = decode(target, "Anna left", "Bob", "--format", "conll").stdout.decode()
    assert conll == "Anna\tB-PER\nleft\tO\n\nBob\tB-PER\n\n"


def test_a_file_and_standard_input(target: str, tmp_path: Path) -> None:
    texts = [f"Žofie saw {number}" for number in range(500)]
    content = "\ufeff" + "\r\n".join(texts)
    (tmp_path / "in.txt").write_bytes(content.encode())
    for done in (
        decode(target, "--file", tmp_path / "in.txt", "--format", "jsonl"),
        decode(target, "--file", "-", "--format", "jsonl", stdin=content.encode()),
    ):
        assert done.stderr == b""
        assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == texts


def test_entities_are_coloured_on_a_terminal_each_label_in_one_colour(target: str) -> None:
    shown = on_a_terminal([*COMMAND, "--target", target, "Anna left", "they saw Bob"])
    assert "\x1b[1;36mAnna\x1b[0m left" in shown
    assert "they saw \x1b[1;36mBob\x1b[0m" in shown


def on_a_terminal(command: list[str]) -> str:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": ""}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(command, stdout=theirs, stdin=subprocess.DEVNULL, cwd=ROOT, env=environment)
    os.close(theirs)
    shown = b""
    # A terminal whose program has ended is an error to read from.
    try:
        while block := os.read(ours, 4096):
            shown += block
    except OSError:
        pass
    os.close(ours)
    assert process.wait() == 0
    return shown.decode()


def test_typed_lines_are_answered_one_by_one(target: str) -> None:
    keyboard, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "--target", target, "--file", "-", "--format", "conll"],
        stdin=theirs, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    os.close(theirs)
    assert process.stdout
    for word in (b"Anna", b"Bob"):
        os.write(keyboard, word + b"\n")
        assert process.stdout.readline() == word + b"\tB-PER\n"
        assert process.stdout.readline() == b"\n"
    os.write(keyboard, b"\x04")
    assert process.wait() == 0
    process.stdout.close()
    os.close(keyboard)


@pytest.mark.parametrize("output_format", ["text", "jsonl", "conll"])
def test_a_reader_that_has_had_enough_is_no_news(target: str, tmp_path: Path, output_format: str) -> None:
    (tmp_path / "in.txt").write_text("Anna left\n" * 20_000)
    process = subprocess.Popen(
        [*COMMAND, "--target", target, "--file", str(tmp_path / "in.txt"), "--format", output_format],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 1
    process.stderr.close()


def test_the_source_is_not_read_to_its_end_before_the_first_answer(target: str) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--target", target, "--file", "-", "--format", "conll"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    stop = threading.Event()

    def write_without_end() -> None:
        while not stop.is_set():
            process.stdin.write(b"Anna left\n" * 100)

    writer = threading.Thread(target=write_without_end)
    writer.start()
    for _ in range(1000):
        assert process.stdout.readline() == b"Anna\tB-PER\n"
        assert process.stdout.readline() == b"left\tO\n"
        assert process.stdout.readline() == b"\n"
    stop.set()
    process.stdout.read(1)
    threading.Thread(target=process.stdout.read).start()
    writer.join()
    process.stdin.close()
    assert process.wait() == 0


def test_a_line_that_is_not_utf8_is_reported_after_the_lines_before_it(target: str, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_bytes(b"Anna\nBob\nM\xfcller left\nmore\n")
    done = decode(target, "--file", tmp_path / "in.txt", "--format", "conll")
    assert done.returncode == 2
    assert done.stdout == b"Anna\tB-PER\n\nBob\tB-PER\n\n"
    assert f"error: {tmp_path}/in.txt:3: not UTF-8 (byte 0xfc, the line's 2.)" in done.stderr.decode()
    done = decode(target, "--file", "-", stdin=b"\xff\xfeA\x00")
    assert done.returncode == 2
    assert b"error: standard input:1: not UTF-8 (byte 0xff" in done.stderr
    done = subprocess.run([*COMMAND, "--target", target, b"M\xfcller"], capture_output=True, cwd=ROOT)
    assert done.returncode == 2
    assert b"error: text 1 'M\\udcfcller': not UTF-8" in done.stderr


def test_options_reach_the_server() -> None:
    specs = []

    def keep(request, context):
        specs.append(request.model_spec)
        return tagged(request)

    with scripted(keep) as target:
        assert decode(target, "Anna", "--version", "3").returncode == 0
        assert decode(target, "Anna", "--label", "canary").returncode == 0
    assert [(spec.name, spec.version.value, spec.version_label) for spec in specs] == [
        ("m", 3, ""),
        ("m", 0, "canary"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--target", "localhost:1", "--version", "1", "--label", "x"),
            "version 1 and label 'x': expected one",
        ),
        (("--label", "x"), "--label: expected with --target"),
        (("--tls",), "--tls: expected with --target"),
        (("--target", "localhost:1", "--tls-cert", "x"), "--tls-cert, --tls-key: expected both or neither"),
        (("--target", "localhost:1", "--tls-ca", "none.pem"), "root_certificates none.pem: cannot be read"),
        (("--target", "localhost:1", "--wait", "5"), "--wait: expected without --target"),
        (("--target", "localhost:1", "--file", "none.txt"), "give either texts or --file"),
    ],
)
def test_illegal_options_are_refused(arguments: tuple[str, ...], message: str) -> None:
    done = subprocess.run([*COMMAND, "Anna", *arguments], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_failure_comes_after_the_answers_before_it() -> None:
    def refuse_bob(request, context):
        if any(word == "Bob" for row in rows_of(request) for word, _, _ in row):
            context.abort(grpc.StatusCode.INTERNAL, "no Bobs")
        return tagged(request)

    with scripted(refuse_bob) as target:
        done = decode(target, "--file", "-", "--format", "conll", stdin=b"Anna\n" * 64 + b"Bob\n")
    assert done.returncode == 1
    assert done.stdout == b"Anna\tB-PER\n\n" * 64
    assert b"error: sentence 64, counted from 0: the server at " in done.stderr
