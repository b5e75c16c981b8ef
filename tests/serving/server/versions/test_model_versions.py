"""The versions of a model: real models, real requests, folders changed under a running server."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from serving.client import ModelNotFound, Tagger
from serving.server.config.model_config import Model
from serving.server.flags import Flags
from serving.server.graph.servable import Servable
from serving.server.inference.warmup import load
from serving.server.versions.failed_loads import Retries
from serving.server.versions.model_versions import Loader, ModelVersions, State
from serving.server.wire.errors import ServingError
from tests.serving.folders import garbage, push, states, until
from tests.serving.running import running
from tests.serving.server.background import BackgroundClients


@contextmanager
def serving(base: Path):
    flags = Flags(
        model_base_path=str(base),
        model_name="tagger",
        port=0,
        file_system_poll_wait_seconds=0.05,
        max_num_load_retries=0,
    )
    with running(flags) as server, Tagger(server.target, retries=0) as tagger:
        yield tagger


def models_at(
    base: Path, *, latest: int = 1, load: Loader = load, retries: Retries | None = None
) -> ModelVersions:
    """The versions of one model without a server; `latest` 0 is all versions."""
    models = ModelVersions("tagger", load, retries=retries or Retries(0))
    models.follow(Model("tagger", base, latest=latest))
    return models


def states_of(models: ModelVersions) -> dict[int, State]:
    return {status.version: status.state for status in models.statuses()}


def label(tagger: Tagger) -> str:
    return tagger.tag("Anna").entities[0].label


def test_no_request_is_lost_during_a_change(tmp_path, exported):
    push(exported["PER"], tmp_path / "1")
    with serving(tmp_path) as tagger, BackgroundClients(tagger) as clients:
        for version, model in ((2, "ORG"), (3, "PER"), (4, "ORG")):
            push(exported[model], tmp_path / str(version))
            until(lambda version=version: states(tagger).get(version) == "AVAILABLE", f"version {version}")
            until(lambda version=version: states(tagger)[version - 1] == "END", "the old one is unloaded")
    for answers in clients.answers:
        # Three changes of the label, none of them back and forth.
        assert sum(a != b for a, b in pairwise(answers)) <= 3
        assert answers[0] == "PER"
    assert sum(map(len, clients.answers)) > 100


@pytest.mark.embedded
def test_a_version_that_cannot_be_loaded_does_not_affect_the_old_one(tmp_path, exported, caplog):
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


@pytest.mark.embedded
def test_a_version_without_its_graph_is_not_loaded_yet(tmp_path, exported):
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


@pytest.mark.embedded
def test_the_last_good_version_stays_when_only_a_broken_one_is_left(tmp_path, exported):
    push(exported["PER"], tmp_path / "1")
    models = models_at(tmp_path)
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
    assert models.ready, "a missing base folder is no reason to unload"
    models.close(timeout=10)


@pytest.mark.embedded
def test_a_version_in_use_is_closed_after_its_last_user(tmp_path, exported):
    push(exported["PER"], tmp_path / "1")
    models = models_at(tmp_path)
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
    assert not models.ready


@pytest.mark.embedded
def test_a_version_may_come_back_while_it_is_still_in_use(tmp_path, exported):
    push(exported["NAME"], tmp_path / "1")
    models = models_at(tmp_path)
    models.poll()
    with models.use() as first:
        models.follow(None)
        models.poll()
        assert states_of(models) == {1: State.UNLOADING}
        models.follow(Model("tagger", tmp_path))
        models.poll()
        assert states_of(models) == {1: State.AVAILABLE}
        with models.use() as second:
            assert second is not first
    until(lambda: not hasattr(first, "session"), "the first load is closed")
    time.sleep(0.1)
    assert states_of(models) == {1: State.AVAILABLE}
    models.close(timeout=10)


@pytest.mark.embedded
def test_a_number_that_is_served_is_not_loaded_again_from_elsewhere(tmp_path, exported, caplog):
    push(exported["PER"], tmp_path / "here" / "1")
    push(exported["ORG"], tmp_path / "there" / "1")
    models = models_at(tmp_path / "here")
    models.poll()
    models.follow(Model("tagger", tmp_path / "there"))
    models.poll()
    with models.use() as servable:
        assert servable.path == tmp_path / "here" / "1"
    assert f"not {tmp_path / 'there'}" in caplog.text
    push(exported["ORG"], tmp_path / "there" / "2")
    models.poll()
    assert models.ready == [2]
    models.close(timeout=10)


@pytest.mark.embedded
def test_new_versions_come_before_old_ones_go_and_the_highest_first(tmp_path, exported):
    seen: list[tuple[int, dict[int, State], list[int]]] = []

    def watched(name: str, version: int, path: Path) -> Servable:
        seen.append((version, states_of(models), models.ready))
        return load(name, version, path)

    for version in (1, 2):
        push(exported["NAME"], tmp_path / str(version))
    models = models_at(tmp_path, latest=2, load=watched)
    models.poll()
    for version in (3, 4):
        push(exported["NAME"], tmp_path / str(version))
    models.poll()
    until(lambda: states_of(models)[1] is states_of(models)[2] is State.END, "1 and 2 are unloaded")
    assert states_of(models) == {4: State.AVAILABLE, 3: State.AVAILABLE, 2: State.END, 1: State.END}
    assert [version for version, _, _ in seen] == [2, 1, 4, 3]
    # Waiting versions are in START; old ones are unloaded as soon as a new version is available, not before.
    assert seen[0] == (2, {2: State.LOADING, 1: State.START}, [])
    assert seen[2][1:] == (
        {4: State.LOADING, 3: State.START, 2: State.AVAILABLE, 1: State.AVAILABLE},
        [2, 1],
    )
    assert seen[3][2] == [4]
    models.close(timeout=10)


@pytest.mark.embedded
def test_a_failed_load_is_tried_again_and_given_up(tmp_path, exported):
    garbage(tmp_path / "3")
    push(exported["PER"], tmp_path / "2")
    tries: list[int] = []

    def counted(name: str, version: int, path: Path) -> Servable:
        tries.append(version)
        return load(name, version, path)

    models = models_at(tmp_path, latest=0, load=counted, retries=Retries(most=2, pause=0.01))
    pause = models.poll()
    assert states_of(models) == {3: State.LOADING, 2: State.AVAILABLE}, (
        "the other version does not wait for it"
    )
    while pause is not None:
        time.sleep(pause)
        pause = models.poll()
    assert tries == [3, 2, 3, 3]
    assert states_of(models) == {3: State.END, 2: State.AVAILABLE}
    assert models.failure is None, "a version is available"
    models.close(timeout=10)


@pytest.mark.embedded
def test_a_failed_load_is_tried_again_at_once_when_its_files_change(tmp_path, exported):
    (tmp_path / "1").mkdir()
    shutil.copy(exported["PER"] / "saved_model.pb", tmp_path / "1")
    models = models_at(tmp_path, retries=Retries(most=1, pause=3600))
    assert models.poll() == pytest.approx(3600, abs=10)
    assert models.poll() == pytest.approx(3600, abs=10)
    assert states_of(models) == {1: State.LOADING}
    shutil.copytree(exported["PER"] / "variables", tmp_path / "1" / "variables")
    assert models.poll() is None
    assert states_of(models) == {1: State.AVAILABLE}
    models.close(timeout=10)


@pytest.mark.embedded
def test_a_version_that_is_tried_again_may_vanish(tmp_path):
    garbage(tmp_path / "1")
    models = models_at(tmp_path, retries=Retries(most=1, pause=3600))
    models.poll()
    shutil.rmtree(tmp_path / "1")
    assert models.poll() is None
    assert states_of(models) == {1: State.END}
