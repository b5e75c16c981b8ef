"""A folder of versions: numbered upwards, summed truly, and each there whole or not at all."""

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
import time
from pathlib import Path

import pytest

from serving.registry import versions
from serving.registry.manifest import BrokenManifest
from serving.registry.versions import DuplicateVersion

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
    return versions.push(source, base, version, extra={"settings.yaml": "name: t\n"}, about={"run_id": "r"})


def is_whole(version_dir: Path) -> bool:
    recorded = versions.manifest(version_dir).get("files", {})
    return set(recorded) == {*FILES, "settings.yaml"} and versions.file_sums(version_dir) == recorded


def left_in(base: Path) -> list[str]:
    """What a push leaves beside its own two small files."""
    return sorted(path.name for path in base.iterdir() if path.name not in (".lock", ".highest-version"))


def test_only_numbered_folders_are_versions(tmp_path: Path) -> None:
    for name in ("10", "9", "2", ".staging-x", "1a", "-3", "v4"):
        (tmp_path / name).mkdir()
    (tmp_path / "11").write_text("a file")
    assert versions.versions(tmp_path) == [2, 9, 10]
    assert versions.versions(tmp_path / "nowhere") == []


def test_the_manifest_tells_the_sum_of_every_file(tmp_path: Path) -> None:
    version_dir = push(source_in(tmp_path / "model"), tmp_path / "base", 1)
    assert version_dir == tmp_path / "base" / "1"
    about = versions.manifest(version_dir)
    assert about["version"] == 1
    assert about["run_id"] == "r"
    expected = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    expected["settings.yaml"] = hashlib.sha256(b"name: t\n").hexdigest()
    assert about["files"] == expected
    on_disk = {p.relative_to(version_dir).as_posix() for p in version_dir.rglob("*") if p.is_file()}
    assert on_disk == {*expected, "manifest.json"}
    assert left_in(tmp_path / "base") == ["1"]


def test_a_version_without_manifest_has_none(tmp_path: Path) -> None:
    assert versions.manifest(source_in(tmp_path / "1")) == {}


def test_a_server_under_another_user_can_read_it(tmp_path: Path) -> None:
    source = source_in(tmp_path / "model")
    source.chmod(0o700)
    assert stat.S_IMODE(push(source, tmp_path / "base", 1).stat().st_mode) == 0o755


def test_versions_only_go_up(tmp_path: Path) -> None:
    source, base = source_in(tmp_path / "model"), tmp_path / "base"
    push(source, base, 2)
    for version in (1, 2):
        with pytest.raises(DuplicateVersion, match=rf"version {version} was .* there has been a version 2"):
            push(source, base, version)
    assert left_in(base) == ["2"]
    assert is_whole(base / "2")


def test_a_version_that_appears_meanwhile_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, base = source_in(tmp_path / "model"), tmp_path / "base"
    sync_tree = versions._sync_tree

    def other_comes_first(folder: Path) -> None:
        sync_tree(folder)
        source_in(base / "1", {"saved_model.pb": b"another"})

    monkeypatch.setattr(versions, "_sync_tree", other_comes_first)
    with pytest.raises(DuplicateVersion, match="another push came first"):
        push(source, base, 1)
    assert left_in(base) == ["1"]
    assert (base / "1" / "saved_model.pb").read_bytes() == b"another"


def test_a_push_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        push(tmp_path / "no-model", tmp_path / "base", 1)
    assert left_in(tmp_path / "base") == []


def test_holds_asks_for_the_same_files_intact(tmp_path: Path) -> None:
    source = source_in(tmp_path / "model")
    version_dir = push(source, tmp_path / "base", 1)
    sums = versions.file_sums(source)
    assert versions.holds(version_dir, sums)
    assert not versions.holds(version_dir, {**sums, "saved_model.pb": "0"})
    assert not versions.holds(version_dir, {**sums, "another": "0"})
    (version_dir / "saved_model.pb").write_bytes(b"grapH")
    assert not versions.holds(version_dir, sums)
    assert not versions.holds(source_in(tmp_path / "by-hand" / "1"), sums)


def test_nobody_ever_sees_half_a_version(tmp_path: Path) -> None:
    source, base = source_in(tmp_path / "model"), tmp_path / "base"
    base.mkdir()
    pushing = threading.Thread(target=lambda: [push(source, base, number) for number in range(1, 16)])
    pushing.start()
    looks = seen = 0
    while pushing.is_alive() or not looks:
        for number in versions.versions(base):
            assert is_whole(base / str(number))
            seen += 1
        looks += 1
    pushing.join()
    assert versions.versions(base) == list(range(1, 16))
    assert seen


# Stops for good where the first argument says, and says so.
STOPS = """
import sys, time
from pathlib import Path
from serving.registry import versions
def stop(*_):
    print("stopped", flush=True)
    time.sleep(600)
place, source, base = sys.argv[1:]
if place == "copied":
    versions.file_sums = stop
elif place == "summed":
    versions._sync_tree = stop
elif place == "renamed":
    versions._sync = lambda path, sync=versions._sync: stop() if path == Path(base) else sync(path)
with versions.only_push(Path(base)):
    versions.push(Path(source), Path(base), 1, extra={"settings.yaml": ""}, about={})
"""


@pytest.mark.parametrize(("place", "whole"), [("copied", False), ("summed", False), ("renamed", True)])
def test_a_killed_push_leaves_a_whole_version_or_none(tmp_path: Path, place: str, whole: bool) -> None:
    source, base = source_in(tmp_path / "model"), tmp_path / "base"
    process = subprocess.Popen(
        [sys.executable, "-c", STOPS, place, str(source), str(base)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "stopped\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert versions.versions(base) == ([1] if whole else [])
    if whole:
        assert is_whole(base / "1")
    # The next push is not kept waiting, and clears what was left.
    with versions.only_push(base):
        abandoned = versions.discard_abandoned(base)
        assert bool(abandoned) == (not whole)
        push(source, base, 2)
    assert left_in(base) == (["1", "2"] if whole else ["2"])


def test_there_is_nothing_to_discard_where_nothing_is(tmp_path: Path) -> None:
    assert versions.discard_abandoned(tmp_path / "nowhere") == []


def _push_next(source: Path, base: Path) -> None:
    with versions.only_push(base):
        versions.discard_abandoned(base)
        push(source, base, max(versions.versions(base), default=0) + 1)


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
    assert all(is_whole(base / str(number)) for number in range(1, 7))


def test_a_second_push_waits_until_the_first_is_done(tmp_path: Path) -> None:
    order = []

    def second() -> None:
        with versions.only_push(tmp_path):
            order.append("second")

    with versions.only_push(tmp_path):
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.1)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_a_number_is_not_given_out_again(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "saved_model.pb").write_bytes(b"model")
    base = tmp_path / "base"
    for version in (1, 2):
        assert versions.next_version(base) == version
        versions.push(source, base, version, extra={}, about={})
    shutil.rmtree(base / "2")
    assert versions.versions(base) == [1]
    assert versions.next_version(base) == 3
    with pytest.raises(versions.DuplicateVersion, match="there has been a version 2"):
        versions.push(source, base, 2, extra={}, about={})


def test_a_broken_manifest_is_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(BrokenManifest, match=r"manifest\.json: not the JSON of a manifest"):
        versions.manifest(tmp_path)
