"""Which engine is taken; the programs here stand for clients with and without a daemon."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.container_engine import NoEngine, answering


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def client(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_the_first_that_answers_is_taken(folder: Path) -> None:
    client(folder / "podman", '[ "$1" = info ]')
    assert answering() == str(folder / "podman")
    client(folder / "docker", '[ "$1" = info ]')
    assert answering() == str(folder / "docker")
    assert answering(["podman"]) == str(folder / "podman")
    client(folder / "docker", "exit 1")
    assert answering() == str(folder / "podman")


@pytest.mark.parametrize(
    ("script", "reason"),
    [("echo first >&2; echo last >&2; exit 1", "last"), ("exit 7", "status 7")],
)
def test_the_reasons_are_given_engine_by_engine(script: str, reason: str, folder: Path) -> None:
    client(folder / "docker", script)
    with pytest.raises(NoEngine, match=rf"^docker does not answer \({reason}\), no podman$"):
        answering()
    (folder / "podman").write_text("no program")
    (folder / "podman").chmod(0o755)
    with pytest.raises(NoEngine, match=r"podman does not answer \(.*Exec format error"):
        answering(["podman"])
