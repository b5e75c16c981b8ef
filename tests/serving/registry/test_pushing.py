"""Pushes: versions are numbered upwards, their sums are true, and each is complete or not there at all."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from files import atomic
from serving.registry import label_history, model_config, pushing
from serving.registry.label_history import Change
from serving.registry.manifest import file_sums, manifest
from serving.registry.pushing import DuplicateVersion, discard_abandoned, next_version, only_push
from serving.registry.version_folder import versions_in

FILES = {
    "saved_model.pb": b"graph",
    "variables/variables.index": b"index",
    "variables/variables.data-00000-of-00001": b"weights" * 1000,
    "assets.extra/training_history.json": b"{}",
    "empty": b"",
}


def source_in(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    for name, content in (FILES if files is None else files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def push(source: Path, base: Path, version: int) -> Path:
    return pushing.push(source, base, version, extra={"settings.yaml": "name: t\n"}, about={"run_id": "r"})


def is_complete(version_dir: Path) -> bool:
    recorded = manifest(version_dir).get("files", {})
    return set(recorded) == {*FILES, "settings.yaml"} and file_sums(version_dir) == recorded


def left_in(base: Path) -> list[str]:
    """What a push leaves beside its own two small files."""
    return sorted(path.name for path in base.iterdir() if path.name not in (".lock", ".highest-version"))


def test_the_manifest_has_the_sum_of_every_file(tmp_path: Path) -> None:
    version_dir = push(source_in(tmp_path / "model"), tmp_path / "base", 1)
    assert version_dir == tmp_path / "base" / "1"
    about = manifest(version_dir)
    assert about["version"] == 1
    assert about["run_id"] == "r"
    expected = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    expected["settings.yaml"] = hashlib.sha256(b"name: t\n").hexdigest()
    assert about["files"] == expected
    on_disk = {p.relative_to(version_dir).as_posix() for p in version_dir.rglob("*") if p.is_file()}
    assert on_disk == {*expected, "manifest.json", "manifest.json.sha256"}
    assert left_in(tmp_path / "base") == ["1"]


@pytest.mark.parametrize(
    ("of_base", "folders", "files"), [(0o755, 0o755, 0o644), (0o2750, 0o2750, 0o640), (0o700, 0o700, 0o600)]
)
@pytest.mark.parametrize("is_there", [True, False])
def test_who_may_read_the_models_folder_may_read_a_version_whatever_the_umask(
    tmp_path: Path, of_base: int, folders: int, files: int, is_there: bool
) -> None:
    source, models = source_in(tmp_path / "model"), tmp_path / "models"
    source.chmod(0o700)
    (source / "empty").chmod(0o600)
    models.mkdir()
    models.chmod(of_base)
    base = models if is_there else models / "new" / "tagger"
    umask = os.umask(0o077)
    try:
        with only_push(base):
            version = push(source, base, 1)
        model_config.write(base, model_config.new(base, "tagger"))
    finally:
        os.umask(umask)
    for path in (base, version, *version.rglob("*"), base / "models.config"):
        assert stat.S_IMODE(path.stat().st_mode) == (folders if path.is_dir() else files), path


def test_versions_only_go_up(tmp_path: Path) -> None:
    source, base = source_in(tmp_path / "model"), tmp_path / "base"
    push(source, base, 2)
    for version in (1, 2):
        with pytest.raises(DuplicateVersion, match=rf"version {version} was .* there has been a version 2"):
            push(source, base, version)
    assert left_in(base) == ["2"]
    assert is_complete(base / "2")


def test_a_version_that_another_push_made_meanwhile_is_not_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, base = source_in(tmp_path / "model"), tmp_path / "base"
    sync_tree = atomic.sync_tree

    def other_comes_first(folder: Path) -> None:
        sync_tree(folder)
        source_in(base / "1", {"saved_model.pb": b"another"})

    monkeypatch.setattr(atomic, "sync_tree", other_comes_first)
    with pytest.raises(DuplicateVersion, match="another push came first"):
        push(source, base, 1)
    assert left_in(base) == ["1"]
    assert (base / "1" / "saved_model.pb").read_bytes() == b"another"


def test_a_push_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        push(tmp_path / "no-model", tmp_path / "base", 1)
    assert left_in(tmp_path / "base") == []


def test_a_reader_sees_complete_versions_only(tmp_path: Path) -> None:
    source, base = source_in(tmp_path / "model"), tmp_path / "base"
    base.mkdir()
    pushing = threading.Thread(target=lambda: [push(source, base, number) for number in range(1, 16)])
    pushing.start()
    looks = seen = 0
    while pushing.is_alive() or not looks:
        for folder in versions_in(base).values():
            assert is_complete(folder)
            seen += 1
        looks += 1
    pushing.join()
    assert list(versions_in(base)) == list(range(1, 16))
    assert seen


# Prints "stopped" and hangs at the step that the first argument names.
STOPS = """
import sys, time
from pathlib import Path
from files import atomic
from serving.registry import pushing
def stop(*_):
    print("stopped", flush=True)
    time.sleep(600)
place, source, base = sys.argv[1:]
if place == "copied":
    pushing.file_sums = stop
elif place == "summed":
    atomic.sync_tree = stop
elif place == "renamed":
    atomic.sync = lambda path, sync=atomic.sync: stop() if path == Path(base) else sync(path)
with pushing.only_push(Path(base)):
    pushing.push(Path(source), Path(base), 1, extra={"settings.yaml": ""}, about={})
"""


@pytest.mark.parametrize(("place", "complete"), [("copied", False), ("summed", False), ("renamed", True)])
def test_a_killed_push_leaves_a_complete_version_or_none(tmp_path: Path, place: str, complete: bool) -> None:
    source, base = source_in(tmp_path / "model"), tmp_path / "base"
    process = subprocess.Popen(
        [sys.executable, "-c", STOPS, place, str(source), str(base)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "stopped\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert list(versions_in(base)) == ([1] if complete else [])
    if complete:
        assert is_complete(base / "1")
    # The next push is not kept waiting, and clears what was left.
    with only_push(base):
        abandoned = discard_abandoned(base)
        assert bool(abandoned) == (not complete)
        push(source, base, 2)
    assert left_in(base) == (["1", "2"] if complete else ["2"])


def _push_next(source: Path, base: Path) -> None:
    with only_push(base):
        discard_abandoned(base)
        push(source, base, next_version(base))


def test_pushes_at_the_same_time_wait_for_each_other(tmp_path: Path) -> None:
    source, base = source_in(tmp_path / "model"), tmp_path / "base"
    context = multiprocessing.get_context("fork")
    pushes = [context.Process(target=_push_next, args=(source, base)) for _ in range(6)]
    for process in pushes:
        process.start()
    for process in pushes:
        process.join()
    assert [process.exitcode for process in pushes] == [0] * 6
    assert left_in(base) == ["1", "2", "3", "4", "5", "6"]
    assert all(is_complete(base / str(number)) for number in range(1, 7))


def test_a_number_is_not_reused(tmp_path: Path) -> None:
    source, base = source_in(tmp_path / "model"), tmp_path / "base"
    for version in (1, 2):
        assert next_version(base) == version
        push(source, base, version)
    shutil.rmtree(base / "2")
    assert list(versions_in(base)) == [1]
    assert next_version(base) == 3
    with pytest.raises(DuplicateVersion, match="there has been a version 2"):
        push(source, base, 2)


@pytest.mark.parametrize(
    "content", [b"", b"1", b"12", b"\xff\xfe\n", b"\0\0\0\n", b"9" * 30 + b"\n", b"-3\n"]
)
def test_a_damaged_highest_version_is_told_and_found_on_the_disk(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    source, base = source_in(tmp_path / "model"), tmp_path / "base"
    push(source, base, 12)
    (base / ".highest-version").write_bytes(content)
    assert next_version(base) == 13
    (line,) = caplog.messages
    assert line.startswith(f"{base}/.highest-version: found {content!r}")
    push(source, base, 13)
    assert (base / ".highest-version").read_bytes() == b"13\n"


@pytest.mark.parametrize("damage", ["empty", "missing"])
def test_without_the_highest_version_the_number_of_a_deleted_version_that_had_a_label_is_not_reused(
    tmp_path: Path, damage: str
) -> None:
    source, base = source_in(tmp_path / "model"), tmp_path / "base"
    for version in (1, 2, 3):
        push(source, base, version)
    label_history.append(base, [Change(change="promote", label="stable", version=3, before=None)])
    shutil.rmtree(base / "3")
    (base / ".highest-version").unlink()
    if damage == "empty":
        (base / ".highest-version").touch()
    assert next_version(base) == 4
