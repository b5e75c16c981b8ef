"""The command lines for an engine. Real containers run in tests/deploy/docker/test_images.py."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from pipeline.execution.containers import Containers, containers
from pipeline.execution.launch import Place, end
from pipeline.settings import SettingsError

IMAGE = "registry.example.org/tagline:1"


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where podman, a program that stands for it, writes how it is called; a container `sleep` ends only by a kill."""
    calls = tmp_path / "calls"
    podman = tmp_path / "bin" / "podman"
    podman.parent.mkdir()
    podman.write_text(
        f'#!/bin/sh\necho "$*" >> {calls}\ncase "$*" in\n'
        '  *--entrypoint=sleep*) trap "" INT TERM; while :; do sleep 0.1; done ;;\n'
        '  "image inspect gone") echo "gone: image not known" >&2; exit 125 ;;\nesac\n'
    )
    podman.chmod(0o755)
    monkeypatch.setenv("PATH", f"{podman.parent}:/usr/bin:/bin")
    return calls


def place(folder: Path) -> Place:
    one = Place(scratch=folder / "steps" / "Trainer", artifacts=folder / "artifacts", log=folder / "log")
    one.output_file.parent.mkdir(parents=True)
    one.artifacts.mkdir()
    return one


def as_user(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: number)
    monkeypatch.setattr(os, "getgid", lambda: number)


@pytest.mark.parametrize("engine", ["docker", "podman"])
@pytest.mark.parametrize("user", [0, 1000])
def test_a_step_is_shut_in(engine: str, user: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(user, monkeypatch)
    made = Containers(f"/usr/bin/{engine}", IMAGE, [tmp_path])
    command = made.command("name", ["python", "-m", "x", "--y=z"], {"A": "b c", "TF": ""})
    assert command[:2] == [f"/usr/bin/{engine}", "run"]
    assert command[command.index(IMAGE) :] == [IMAGE, "-m", "x", "--y=z"]
    options = command[2 : command.index(IMAGE)]
    assert {
        "--rm", "--init", "--name=name", "--network=none", "--read-only", "--cap-drop=ALL", "--pull=never",
        "--env=A=b c", "--env=TF=", "--entrypoint=python",
    } <= set(options)  # fmt: skip
    assert ("--read-only-tmpfs=false" in options) == (engine == "podman")
    # Root's steps are the image's user; anyone else's are that user, by the number that files have outside.
    assert ("--user=1000:1000" in options) == (user == 1000)
    assert ("--userns=keep-id" in options) == (user == 1000 and engine == "podman")


def test_outer_folders_are_mounted_where_they_are(tmp_path: Path) -> None:
    folders = [tmp_path / "work", tmp_path / "volume" / "sample", tmp_path / "volume", tmp_path / "work"]
    command = Containers("docker", IMAGE, folders).command("name", ["true"], {})
    assert [word for word in command if word.startswith("--mount")] == [
        f"--mount=type=bind,source={folder},target={folder}"
        for folder in (tmp_path / "volume", tmp_path / "work")
    ]
    assert all(folder.is_dir() for folder in folders)
    with pytest.raises(SettingsError, match="expected a path without a comma"):
        Containers("docker", IMAGE, [tmp_path / "a,b"])


@pytest.mark.parametrize("user", [0, 1000])
def test_the_images_user_can_write_to_what_root_makes(
    user: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(user, monkeypatch)
    volume = tmp_path / "volume"
    volume.mkdir(mode=0o755)
    made = Containers("podman", IMAGE, [volume, tmp_path / "new"])
    # The Trainer puts its checkpoints beside the artifacts of a run.
    made.make(volume / "runs" / "sample" / "4711")
    for folder in (tmp_path / "new", *(path for path in volume.rglob("*"))):
        assert (folder.stat().st_mode & 0o777 == 0o777) == (user == 0)
    assert volume.stat().st_mode & 0o777 == 0o755


def test_a_container_whose_client_is_killed_is_removed(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.execution.launch._PATIENCE", 0.2)
    made = containers(IMAGE, engine="podman", folders=[])
    with (tmp_path / "log").open("wb") as log:
        ended = made.start(["true"], {}, place(tmp_path / "a"), log)
        assert ended.wait() == 0
        running = made.start(["sleep", "600"], {}, place(tmp_path / "b"), log)
        while "=sleep" not in calls.read_text():
            time.sleep(0.02)
        end([running])
    made.remove([ended, running])
    lines = calls.read_text().splitlines()
    names = [name for line in lines for name in re.findall(r"--name=(\S+)", line)]
    # podman removes none of several names if one is gone.
    assert lines[-4:] == [f"{words} {name}" for name in names for words in ("kill", "rm --force")]


def test_a_missing_image_or_engine_is_told_before_anything_runs(calls: Path, tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"podman has no image gone \(gone: image not known\); build it by"
    ):
        containers("gone", engine="podman", folders=[tmp_path / "new"])
    assert not (tmp_path / "new").exists()
    with pytest.raises(SettingsError, match=r"--image: no docker; expected a container engine that answers"):
        containers(IMAGE, engine="docker", folders=[])
    assert subprocess.run(["podman", "info"], check=False).returncode == 0
