"""A part that cannot be had is named, with why and with how to get it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.engines import parts


@pytest.fixture(autouse=True)
def nothing_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No part is there, and no program on the PATH."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setattr(parts, "PARTS", tmp_path / "parts")
    monkeypatch.setenv("PATH", str(programs))
    return programs


def program(folder: Path, name: str, commands: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{commands}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (parts.java, "Flink and Spark: no java on the PATH; install Java 11 or 17"),
        (lambda: parts.job_server("flink"), "Beam's job server for Flink: no mvn on the PATH; install Maven"),
        (parts.prism, "Prism: no go on the PATH; install Go"),
    ],
)
def test_a_missing_program_is_named(part: Callable[[], object], reason: str) -> None:
    with pytest.raises(parts.Missing, match=reason):
        part()


@pytest.mark.parametrize(
    ("said", "accepted"), [("17.0.15", True), ("11.0.2", True), ("1.8.0_402", False), ("25", False)]
)
def test_the_version_of_java(said: str, accepted: bool, nothing_kept: Path) -> None:
    program(nothing_kept, "java", f"echo 'openjdk version \"{said}\" 2025-04-15' >&2")
    if accepted:
        assert parts.java() == str(nothing_kept / "java")
    else:
        with pytest.raises(
            parts.Missing, match=f'found openjdk version "{said}".*; they run on Java 11 or 17'
        ):
            parts.java()


def test_a_tool_that_fails_is_quoted_and_leaves_nothing(nothing_kept: Path) -> None:
    program(nothing_kept, "mvn", "echo '[INFO] all is well'; echo '[ERROR] no route to host'; exit 1")
    with pytest.raises(
        parts.Missing, match=r"Spark: `.*/mvn .*package` failed, .* network: \[ERROR\] no route"
    ):
        parts.job_server("spark")
    program(nothing_kept, "go", "echo 'dial tcp: no route to host' >&2; exit 1")
    with pytest.raises(parts.Missing, match="dial tcp: no route to host"):
        parts.prism()
    assert not [path for path in parts.PARTS.rglob("*") if path.is_file()]


def test_a_part_that_is_not_the_pinned_one_is_an_error(nothing_kept: Path) -> None:
    program(nothing_kept, "go", "echo 'verifying module: checksum mismatch' >&2; exit 1")
    with pytest.raises(RuntimeError, match="checksum mismatch"):
        parts.prism()


def test_what_is_kept_is_not_fetched_again() -> None:
    kept = parts.PARTS / f"flink-job-server-{parts.JOB_SERVERS}.jar"
    kept.parent.mkdir()
    kept.write_text("")
    assert parts.job_server("flink") == kept
