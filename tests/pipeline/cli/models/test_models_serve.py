"""`tagline serve` and `tagline models` together: labels moved under the server that the command starts."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.serving import tiny_model
from tests.serving.folders import push

_READY = re.compile(r"Running gRPC ModelServer at (\S+:\d+) \.\.\.")
TAGLINE = Path(sys.executable).with_name("tagline")
PLAIN = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "model"
    tiny_model.export(folder, "PER", signatures=("decode_text",))
    return folder


@pytest.fixture
def models(exported: Path, tmp_path: Path) -> Path:
    for version in ("1", "2"):
        push(exported, tmp_path / "tagger" / version)
    return tmp_path


def models_command(models: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [TAGLINE, "models", *arguments, "--set", f"serving.models={models}"]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **PLAIN})


@contextmanager
def serving(models: Path, log: Path, *arguments: str, **environment: str) -> Iterator[str]:
    """`host:port` of what `tagline serve` has started."""
    command = [TAGLINE, "serve", "--set", f"serving.models={models}", "--port", "0", *arguments]
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **PLAIN, **environment}
        )
    try:
        give_up = time.monotonic() + 120
        while not (ready := _READY.search(log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < give_up, log.read_text()
            time.sleep(0.1)
        yield ready[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def states(models: Path, target: str) -> dict[int, tuple[str, list[str]]]:
    found = json.loads(models_command(models, "--json", "--target", target).stdout)
    assert found["server"]["answers"]
    return {row["version"]: (row["state"], row["labels"]) for row in found["versions"]}


def killed_while_it_loads(models: Path, version: str, target: str, log: Path) -> None:
    command = [TAGLINE, "models", "promote", version, "--target", target, "--set", f"serving.models={models}"]
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    give_up = time.monotonic() + 60
    while f"version {version} is LOADING" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < give_up, log.read_text()
        time.sleep(0.05)
    process.kill()
    process.wait()
    config = (models / "tagger" / "models.config").read_text()
    assert f"versions: {version}\n" in config


def test_promote_canary_rollback_under_tagline_serve(models: Path, exported: Path, tmp_path: Path) -> None:
    with serving(models, tmp_path / "log") as target:
        assert states(models, target) == {2: ("AVAILABLE", []), 1: ("not served", [])}
        promoted = models_command(models, "promote", "1", "--target", target)
        assert promoted.returncode == 0, promoted.stderr
        assert promoted.stdout == "stable -> 1\nserved: stable = 1 (versions to load: 1)\n"
        assert "version 1 is AVAILABLE at" in promoted.stderr
        assert states(models, target) == {2: ("pushed, not served", []), 1: ("AVAILABLE", ["stable"])}
        assert models_command(models, "canary", "2", "--target", target).returncode == 0
        assert states(models, target) == {2: ("AVAILABLE", ["canary"]), 1: ("AVAILABLE", ["stable"])}
        assert models_command(models, "promote", "2", "--target", target).returncode == 0
        assert states(models, target) == {2: ("AVAILABLE", ["canary", "stable"]), 1: ("AVAILABLE", [])}
        refused = models_command(models, "promote", "1", "--no-wait", "--target", target)
        assert refused.returncode == 2
        assert f"a server at {target} serves tagger; leave --no-wait out" in refused.stderr
        assert models_command(models, "rollback", "--target", target).returncode == 0
        assert states(models, target)[1] == ("AVAILABLE", ["canary", "stable"])
        (models / "tagger" / "3").mkdir()
        (models / "tagger" / "3" / "saved_model.pb").write_bytes(b"\x00 this is no graph")
        killed_while_it_loads(models, "3", target, tmp_path / "change.log")
        # The lock is free, the label where it was, and the next command begins from there.
        assert states(models, target)[1] == ("AVAILABLE", ["canary", "stable"])
        broken = models_command(models, "promote", "3", "--target", target)
        assert broken.returncode == 1
        assert "version 3 cannot be loaded" in broken.stderr
        assert "Served as before: canary = 1, stable = 1" in broken.stderr
    # Started again, it serves the same labels.
    with serving(models, tmp_path / "log") as target:
        assert states(models, target)[1] == ("AVAILABLE", ["canary", "stable"])


def test_engine_tfserving_starts_the_program_that_the_variable_names(models: Path, tmp_path: Path) -> None:
    """The embedded server in the place of TensorFlow Serving's: it takes the flags that the program takes."""
    program = tmp_path / "tensorflow_model_server"
    program.write_text(f'#!/bin/sh\necho "flags: $@"\nexec {sys.executable} -m serving.server "$@"\n')
    program.chmod(0o755)
    log = tmp_path / "log"
    with serving(models, log, "--engine", "tfserving", TAGLINE_TFSERVING=str(program)) as target:
        assert states(models, target)[2] == ("AVAILABLE", [])
    flags = log.read_text().splitlines()[0]
    assert f"--port 0 --model_config_file={models}/tagger/models.config" in flags
    assert "--model_config_file_poll_wait_seconds=1" in flags
    assert "--allow_version_labels_for_unavailable_models=true" in flags


def test_an_engine_that_is_not_here(models: Path) -> None:
    command = [TAGLINE, "serve", "--engine", "tfserving", "--set", f"serving.models={models}"]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**PLAIN, "PATH": "/nowhere", "HOME": str(models)}
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: TensorFlow Serving is not here: ")
    assert "docker.io/tensorflow/serving:2.15.1" in done.stderr
    other = subprocess.run([*command[:2], "--engine", "onnx"], capture_output=True, text=True)
    assert other.returncode == 2
    assert "--engine: found 'onnx'; expected one of embedded, tfserving" in other.stderr


def test_a_config_that_cannot_be_started_on_is_bad_input(models: Path) -> None:
    later = ("--no-wait", "--target", "localhost:1")
    assert models_command(models, "promote", "2", *later).returncode == 0
    (models / "tagger" / "2").rename(models / "two")
    command = [TAGLINE, "serve", "--set", f"serving.models={models}"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **PLAIN})
    assert done.returncode == 2
    assert "labels of version 2, which" in done.stderr
    # Its own advice helps.
    assert models_command(models, "promote", "1", *later).returncode == 0
