"""Labels moved on a running server, while clients send requests by label."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from serving.client import TLS, LabelNotFound, ServerUnreachable, Tagger, TaggerError
from serving.registry import label_history, model_config, waiting
from serving.registry.errors import ChangeFailed
from serving.registry.label_changes import Operator
from serving.registry.model_config import FILE, Served
from serving.registry.overview import rows
from serving.registry.running_server import RunningServer
from serving.server.flags import Flags
from tests.serving.certificates import Authority
from tests.serving.folders import garbage, push, until
from tests.serving.running import Running, running

NAME = "tagger"


@pytest.fixture
def folder(exported: dict[str, Path], tmp_path: Path) -> Path:
    for number, label in ((1, "PER"), (2, "ORG"), (3, "PER")):
        push(exported[label], tmp_path / NAME / str(number))
    return tmp_path / NAME


@contextmanager
def server_on(folder: Path, **flags_given: object) -> Iterator[Running]:
    """A server as `tagline serve` starts it, polling more often."""
    model_config.write(folder, model_config.read(folder, NAME))
    flags = Flags(
        model_config_file=str(folder / FILE),
        model_config_file_poll_wait_seconds=0.1,
        file_system_poll_wait_seconds=0.1,
        allow_version_labels_for_unavailable_models=True,
        max_num_load_retries=0,
        port=0,
        **flags_given,
    )
    with running(flags) as started:
        yield started


class Caller:
    """Sends requests by a label without pause or retry, and counts the answers."""

    def __init__(self, target: str, label: str) -> None:
        self.answers: Counter[str] = Counter()
        self.failures: list[TaggerError] = []
        self._over = threading.Event()
        self._tagger = Tagger(target, NAME, label=label, retries=0)
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                (entity,) = self._tagger.tag("then Ada wrote").entities
                self.answers[entity.label] += 1
            except TaggerError as failure:
                self.failures.append(failure)
            self._over.wait(0.002)

    def __enter__(self) -> Caller:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._tagger.close()


def test_no_client_of_a_label_fails_while_labels_move(folder: Path, exported: dict[str, Path]) -> None:
    with server_on(folder) as server, RunningServer(server.target, NAME) as watched:
        operator = Operator(folder, NAME, [watched], timeout=60)
        assert watched.labelled("stable") is None
        operator.promote(1)
        with Caller(server.target, "stable") as stable:
            operator.promote(2)
            until(lambda: stable.answers["ORG"] > 0, "version 2 answers")
            operator.canary(3)
            with Caller(server.target, "canary") as canary:
                until(lambda: canary.answers["PER"] > 0, "the canary answers")
                assert (watched.labelled("stable"), watched.labelled("canary")) == (2, 3)
                # A pushed version gets no requests until it is promoted.
                push(exported["ORG"], folder / "4")
                operator.canary(4)
                until(lambda: canary.answers["ORG"] > 0, "version 4 answers")
                assert 3 not in available(watched)
                operator.promote(4)
                operator.rollback()
                assert (watched.labelled("stable"), watched.labelled("canary")) == (2, 2)
                operator.rollback()
                assert watched.labelled("stable") == 1
            operator.uncanary()
            assert watched.labelled("canary") is None
            before = stable.answers["PER"]
            until(lambda: stable.answers["PER"] > before, "version 1 answers again")
        assert (stable.failures, canary.failures) == ([], [])
        assert available(watched) == {1}
        operator.follow()
        until(lambda: available(watched) == {4}, "the newest alone")
        with Tagger(server.target, NAME, label="stable") as tagger, pytest.raises(LabelNotFound):
            tagger.tag("Ada")
    changes = [line.change for line in label_history.read(folder).changes if line.label == "stable"]
    assert changes == ["promote", "promote", "promote", "rollback", "rollback", "follow"]


def available(server: RunningServer) -> set[int]:
    return {number for number, status in server.statuses().items() if status.state == "AVAILABLE"}


def test_a_version_that_cannot_be_loaded_changes_nothing(
    folder: Path, exported: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server that fails at once may never be seen to try again.
    monkeypatch.setattr(waiting, "_OLD_FAILURE_SECONDS", 2.0)
    garbage(folder / "5")
    with server_on_stable(folder, 2) as server, RunningServer(server.target, NAME) as watched:
        operator = Operator(folder, NAME, [watched], timeout=60)
        for _ in range(2):
            with (
                Caller(server.target, "stable") as stable,
                pytest.raises(
                    ChangeFailed, match=r"version 5 cannot be loaded by .*Served as before: stable = 2"
                ),
            ):
                operator.promote(5)
            assert stable.failures == []
        assert model_config.read(folder, NAME).served == Served((2,), {"stable": 2})
        shown = {
            row.version: (row.state, row.labels)
            for row in rows(folder, Served((2,), {"stable": 2}), watched.statuses())
        }
        assert shown[2] == ("AVAILABLE", ("stable",))
        assert shown[1] == ("not served", ())
        # Put right under the same number, it is promoted.
        (folder / "5" / "saved_model.pb").unlink()
        (folder / "5").rmdir()
        push(exported["PER"], folder / "5")
        operator.promote(5)
        assert watched.labelled("stable") == 5


@contextmanager
def server_on_stable(folder: Path, version: int) -> Iterator[Running]:
    Operator(folder, NAME, []).promote(version)
    with server_on(folder) as server:
        yield server


def test_labels_written_without_a_server_are_served_from_its_start(folder: Path) -> None:
    operator = Operator(folder, NAME, [])
    operator.promote(1)
    operator.canary(2)
    with server_on(folder) as server, RunningServer(server.target, NAME) as watched:
        until(lambda: watched.labelled("canary") == 2, "the canary is loaded")
        until(lambda: watched.labelled("stable") == 1, "the stable version is loaded")


def test_a_server_that_does_not_read_the_config_is_reported(folder: Path) -> None:
    flags = Flags(model_base_path=str(folder), model_name=NAME, port=0)
    with running(flags) as server, RunningServer(server.target, NAME) as watched:
        operator = Operator(folder, NAME, [watched], timeout=1)
        with pytest.raises(
            ChangeFailed, match=r"stable is of no version at .* and not 3; was it started on this"
        ):
            operator.promote(3)
    assert model_config.read(folder, NAME).served == Served()


def test_a_server_with_tls(folder: Path, tmp_path: Path) -> None:
    authority = Authority()
    pair = authority.pair()
    (tmp_path / "ca.pem").write_text(authority.certificate)
    (tmp_path / "ssl.config").write_text(
        f"server_key: {json.dumps(pair.key)} server_cert: {json.dumps(pair.certificate)}"
    )
    with (
        server_on(folder, ssl_config_file=str(tmp_path / "ssl.config")) as server,
        RunningServer(server.target, NAME, tls=TLS(tmp_path / "ca.pem")) as watched,
        RunningServer(server.target, NAME) as plain,
    ):
        Operator(folder, NAME, [watched], timeout=60).promote(1)
        assert watched.labelled("stable") == 1
        with pytest.raises(ServerUnreachable):
            plain.statuses()
