"""Command lines that start a server: the embedded one parses the flags, TensorFlow Serving is found or missing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from serving import engine
from serving.registry import model_config
from serving.registry.errors import ChangeFailed, Refused
from serving.registry.label_changes import Operator
from serving.registry.model_config import FILE, Served
from serving.server.flags import parse

NAME = "tagger"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    version = tmp_path / NAME / "1"
    version.mkdir(parents=True)
    (version / "saved_model.pb").touch()
    return tmp_path / NAME


def program(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def no_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without TensorFlow Serving and without a container engine."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv(engine.PROGRAM_VARIABLE, raising=False)


def test_a_missing_config_is_written(folder: Path) -> None:
    flags = parse(engine.model_flags(folder, NAME, ["--port", "0"]))
    assert flags.model_config_file == str(folder / FILE)
    assert flags.model_config_file_poll_wait_seconds == 1
    assert flags.allow_version_labels_for_unavailable_models
    assert flags.model_base_path == ""
    assert model_config.read(folder, NAME).served == Served()


def test_an_existing_config_is_not_touched(folder: Path) -> None:
    Operator(folder, NAME, []).promote(1)
    text = (folder / FILE).read_text()
    assert parse(engine.model_flags(folder, NAME, [])).model_config_file == str(folder / FILE)
    assert (folder / FILE).read_text() == text


@pytest.mark.parametrize(
    ("user_flags", "config", "base", "name"),
    [
        (["--model_config_file=/mine"], "/mine", "", "default"),
        (["--model_config_file", "/mine"], "/mine", "", "default"),
        (["--model_base_path=/mine"], "", "/mine", NAME),
        (["--model_name=other"], "", "FOLDER", "other"),
        (["--model_base_path", "/mine", "--model_name", "other"], "", "/mine", "other"),
    ],
)
def test_the_users_flags_win(folder: Path, user_flags: list[str], config: str, base: str, name: str) -> None:
    flags = parse([*user_flags, *engine.model_flags(folder, NAME, user_flags)])
    assert flags.model_config_file == config
    assert flags.model_base_path == base.replace("FOLDER", str(folder))
    assert flags.model_name == name
    assert not (folder / FILE).exists()


def test_the_users_poll_interval_is_kept(folder: Path) -> None:
    user_flags = ["--model_config_file_poll_wait_seconds=7"]
    flags = parse([*user_flags, *engine.model_flags(folder, NAME, user_flags)])
    assert flags.model_config_file_poll_wait_seconds == 7
    assert flags.model_config_file


def test_where_no_config_can_be_written_the_folder_is_served(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engine.model_flags(tmp_path / "none", NAME, [])[1:] == [f"--model_base_path={tmp_path / 'none'}"]

    def read_only(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(model_config, "write", read_only)
    assert engine.model_flags(folder, NAME, []) == [f"--model_name={NAME}", f"--model_base_path={folder}"]


def test_a_config_that_a_server_would_wait_on_for_ever_is_refused(folder: Path) -> None:
    config = model_config.new(folder, NAME)
    model_config.write(folder, config.serving(Served.just([1], {"stable": 7})))
    with pytest.raises(Refused, match=r"labels of version 7, which .* does not hold"):
        engine.model_flags(folder, NAME, [])


def test_the_config_of_a_copied_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    engine.model_flags(folder, NAME, [])
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with pytest.raises(Refused, match=f"base_path is {folder}; expected {copy}"):
        engine.model_flags(copy, NAME, [])
    moved = model_config.read(copy, NAME).based_on("/models/tagger")
    model_config.write(copy, moved)
    with pytest.raises(Refused, match="base_path is /models/tagger; expected"):
        engine.model_flags(copy, NAME, [])
    assert model_config.read(copy, NAME).text() == moved.text()


@pytest.mark.usefixtures("no_servers")
def test_the_error_lists_what_is_missing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ChangeFailed, match=r"no tensorflow_model_server on the PATH.*no docker, no podman"):
        engine.tfserving([], folder=folder)
    program(tmp_path / "bin", "docker", "echo 'is the daemon running?' >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ChangeFailed, match=r"docker does not answer \(is the daemon running\?\), no podman"):
        engine.tfserving([], folder=folder)
    monkeypatch.setenv(engine.PROGRAM_VARIABLE, "/nowhere/server")
    with pytest.raises(ChangeFailed, match="TAGLINE_TFSERVING=/nowhere/server: no program there"):
        engine.tfserving([], folder=folder)


@pytest.mark.usefixtures("no_servers")
def test_the_program_is_preferred_to_the_container(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_ = tmp_path / "bin"
    docker = program(bin_, "docker", "exit 0")
    monkeypatch.setenv("PATH", str(bin_))
    assert engine.tfserving(["--port=1"], folder=folder)[0] == str(docker)
    installed = program(bin_, "tensorflow_model_server", "exit 0")
    assert engine.tfserving(["--port=1"], folder=folder) == [str(installed), "--port=1"]
    named = program(tmp_path / "built", "server", "exit 0")
    monkeypatch.setenv(engine.PROGRAM_VARIABLE, str(named))
    assert engine.tfserving(["--port=1"], folder=folder) == [str(named), "--port=1"]


def test_the_container_sees_the_folder_at_its_own_path(folder: Path, tmp_path: Path) -> None:
    batching = tmp_path / "batching.config"
    batching.touch()
    flags = [
        "--rest_api_port",
        "8501",
        f"--batching_parameters_file={batching}",
        f"--model_config_file={folder / FILE}",
    ]
    (folder / FILE).touch()
    command = engine.container("/usr/bin/docker", flags, folder=folder)
    at = command.index(engine.IMAGE)
    assert command[:2] == ["/usr/bin/docker", "run"]
    assert command[at + 1 :] == flags
    # The folder lies within the one that holds the other file.
    assert [option for option in command[:at] if option.startswith("--mount")] == [
        f"--mount=type=bind,source={tmp_path},target={tmp_path},readonly"
    ]
    assert [option for option in command[:at] if option.startswith("--publish")] == [
        "--publish=127.0.0.1:8500:8500",
        "--publish=127.0.0.1:8501:8501",
    ]
    assert f"--user={os.getuid()}:{os.getgid()}" in command
    assert "--entrypoint=tensorflow_model_server" in command
    alone = engine.container("/usr/bin/docker", ["--port=9000"], folder=folder)
    assert f"--mount=type=bind,source={folder},target={folder},readonly" in alone
    assert "--publish=127.0.0.1:9000:9000" in alone
