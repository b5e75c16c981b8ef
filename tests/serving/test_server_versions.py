"""The life of versions: real models, real requests, folders changed under a running server."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from serving.client import ModelNotFound, Tagger
from serving.server.errors import ServingError
from serving.server.flags import Flags
from serving.server.server import Server, StartError
from serving.server.versions import ModelVersions, State
from serving.server.warmup import load


def push(model: Path, version: Path) -> None:
    """Puts a version in place the way a careful pusher does: whole, by a rename."""
    staged = version.parent / f".{version.name}.staged"
    shutil.copytree(model, staged)
    staged.rename(version)


def garbage(version: Path) -> None:
    version.mkdir()
    (version / "saved_model.pb").write_bytes(b"\x00 this is no graph")


def until(condition: Callable[[], bool], what: str, timeout: float = 20) -> None:
    give_up = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < give_up, f"not within {timeout} s: {what}"
        time.sleep(0.02)


@contextmanager
def serving(base: Path):
    flags = Flags(model_base_path=str(base), model_name="tagger", port=0, file_system_poll_wait_seconds=0.05)
    with Server(flags) as server, Tagger(server.target, retries=0) as tagger:
        yield tagger


def label(tagger: Tagger) -> str:
    return tagger.tag("Anna").entities[0].label


def states(tagger: Tagger) -> dict[int, str]:
    return {entry.version: entry.state for entry in tagger.status()}


def test_no_request_is_lost_during_a_change(tmp_path, exported):
    push(exported["PER"], tmp_path / "1")
    failures: list[Exception] = []
    seen: list[list[str]] = [[], [], []]
    done = threading.Event()
    with serving(tmp_path) as tagger:

        def call(answers: list[str]) -> None:
            while not done.is_set():
                try:
                    answers.append(label(tagger))
                except Exception as error:
                    failures.append(error)

        callers = [threading.Thread(target=call, args=(answers,)) for answers in seen]
        for caller in callers:
            caller.start()
        try:
            for version, model in ((2, "ORG"), (3, "PER"), (4, "ORG")):
                push(exported[model], tmp_path / str(version))
                until(
                    lambda version=version: states(tagger).get(version) == "AVAILABLE", f"version {version}"
                )
                until(lambda version=version: states(tagger)[version - 1] == "END", "the old one is unloaded")
        finally:
            done.set()
            for caller in callers:
                caller.join()
    assert failures == []
    for answers in seen:
        # Three changes of the label, none of them back and forth.
        assert sum(a != b for a, b in pairwise(answers)) <= 3
        assert answers[0] == "PER"
    assert sum(map(len, seen)) > 100


def test_a_version_that_cannot_be_loaded_changes_nothing(tmp_path, exported, caplog):
    push(exported["PER"], tmp_path / "1")
    with serving(tmp_path) as tagger:
        garbage(tmp_path / "2")
        until(lambda: states(tagger).get(2) == "END", "version 2 has failed")
        (failed, served) = tagger.status()
        assert "cannot be loaded" in failed.error
        assert (served.version, served.state) == (1, "AVAILABLE")
        assert label(tagger) == "PER"
        assert "version: 2} failed" in caplog.text
        (tmp_path / "3").mkdir()
        shutil.copy(exported["ORG"] / "saved_model.pb", tmp_path / "3")
        until(lambda: states(tagger).get(3) == "END", "version 3, which has no variables, has failed")
        assert "variables" in tagger.status()[0].error
        assert label(tagger) == "PER"
        push(exported["ORG"], tmp_path / "4")
        until(lambda: label(tagger) == "ORG", "the next good version")


def test_a_half_written_version_is_not_there_yet(tmp_path, exported):
    push(exported["PER"], tmp_path / "1")
    with serving(tmp_path) as tagger:
        shutil.copytree(exported["ORG"] / "variables", tmp_path / "2" / "variables")
        time.sleep(0.2)
        assert states(tagger) == {1: "AVAILABLE"}
        shutil.copy(exported["ORG"] / "saved_model.pb", tmp_path / "2")
        until(lambda: label(tagger) == "ORG", "version 2")


def test_versions_that_vanish(tmp_path, exported):
    push(exported["PER"], tmp_path / "1")
    push(exported["ORG"], tmp_path / "2")
    with serving(tmp_path) as tagger:
        assert label(tagger) == "ORG"
        shutil.rmtree(tmp_path / "2")
        until(lambda: states(tagger) == {1: "AVAILABLE", 2: "END"}, "back to version 1")
        assert label(tagger) == "PER"
        shutil.rmtree(tmp_path / "1")
        until(lambda: states(tagger)[1] == "END", "all are unloaded")
        with pytest.raises(ModelNotFound, match=r"Latest\(tagger\)"):
            label(tagger)
        push(exported["ORG"], tmp_path / "2")
        until(lambda: states(tagger)[2] == "AVAILABLE", "version 2 again")


def test_the_last_good_version_stays_when_only_a_bad_one_is_left(tmp_path, exported):
    push(exported["PER"], tmp_path / "1")
    models = ModelVersions("tagger", tmp_path, load)
    models.poll()
    garbage(tmp_path / "2")
    shutil.rmtree(tmp_path / "1")
    models.poll()
    assert [(entry.version, entry.state) for entry in models.statuses()] == [
        (2, State.END),
        (1, State.AVAILABLE),
    ]
    shutil.rmtree(tmp_path)
    models.poll()
    assert models.is_ready, "a base folder that is away is no order to unload"
    models.close(timeout=10)


def test_a_version_in_use_is_closed_after_its_last_user(tmp_path, exported):
    push(exported["PER"], tmp_path / "1")
    models = ModelVersions("tagger", tmp_path, load)
    models.poll()
    with models.use() as servable:
        push(exported["ORG"], tmp_path / "2")
        models.poll()
        assert [entry.state for entry in models.statuses()] == [State.AVAILABLE, State.UNLOADING]
        with models.use() as newer:
            assert newer.version == 2
        with pytest.raises(ServingError, match=r"Specific\(tagger, 1\)"), models.use(1):
            pass
        time.sleep(0.1)
        assert servable.signatures, "still loaded"
    until(lambda: models.statuses()[1].state == State.END, "version 1 is unloaded")
    models.close(timeout=10)
    assert not models.is_ready


def test_a_start_on_a_broken_version_says_so(tmp_path):
    garbage(tmp_path / "1")
    flags = Flags(model_base_path=str(tmp_path), model_name="tagger", port=0)
    with pytest.raises(
        StartError, match=r"version 1 of tagger did not become available: .* cannot be loaded"
    ):
        Server(flags).__enter__()


def test_a_start_without_a_folder_says_so(tmp_path):
    flags = Flags(model_base_path=str(tmp_path / "nowhere"), port=0)
    with pytest.raises(StartError, match="nowhere; --model_base_path must name"):
        Server(flags).__enter__()


def test_a_start_waits_for_the_first_version(tmp_path, exported, caplog):
    timer = threading.Timer(0.5, push, (exported["PER"], tmp_path / "1"))
    timer.start()
    with serving(tmp_path) as tagger:
        assert label(tagger) == "PER"
    assert caplog.text.count("No versions of servable tagger found") == 1


def test_two_servers_cannot_share_a_port(server, tmp_path, exported):
    push(exported["PER"], tmp_path / "1")
    flags = Flags(model_base_path=str(tmp_path), model_name="tagger", port=server.port)
    with pytest.raises(StartError, match="another server may hold the port"):
        Server(flags).__enter__()
