"""Labels move in the order that a polling server can follow, whatever goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.registry import label_history, model_config, waiting
from serving.registry.errors import ChangeFailed, Refused
from serving.registry.label_changes import Operator
from serving.registry.model_config import FILE, Served
from tests.serving.registry.polling_server import PollingServer, entry_of

NAME = "tagger"


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_POLL_SECONDS", 0.0)
    monkeypatch.setattr(waiting, "_OLD_FAILURE_SECONDS", 0.02)


def push(folder: Path, *versions: int) -> None:
    for version in versions:
        (folder / str(version)).mkdir(parents=True)
        (folder / str(version) / "saved_model.pb").touch()


def written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Served]:
    """Every config that is written from here on."""
    configs: list[Served] = []
    real = model_config.write

    def write(where: Path, config: model_config.ModelConfig) -> None:
        real(where, config)
        configs.append(config.served)

    monkeypatch.setattr(model_config, "write", write)
    return configs


def served(folder: Path) -> Served:
    return model_config.read(folder, NAME).served


def acceptable(folder: Path) -> None:
    """A server can be started on the file: it loads every version that has a label."""
    if not (folder / FILE).exists():
        return
    entry = entry_of(folder)
    labelled = set(entry.version_labels.values())
    if labelled:
        assert labelled <= set(entry.model_version_policy.specific.versions)
    assert all((folder / str(version)).is_dir() for version in labelled)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    push(tmp_path, 1, 2, 3)
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[PollingServer]:
    model_config.write(folder, model_config.new(folder, NAME))
    running = PollingServer(folder)
    while not running.loaded:
        running.poll()
    yield running
    assert running.refused == []


def test_the_first_promote_loads_then_labels_then_unloads(
    folder: Path, server: PollingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = written(folder, monkeypatch)
    reported: list[str] = []
    changed = Operator(folder, NAME, [server], report=reported.append).promote(2, reason="better on names")
    stable = {"stable": 2}
    assert configs == [Served((2, 3), {}), Served((2, 3), stable), Served((2,), stable)]
    assert changed.served == served(folder) == Served((2,), stable)
    assert server.loaded == {2}
    (line,) = label_history.read(folder).changes
    assert (line.change, line.label, line.version, line.before, line.reason) == (
        "promote", "stable", 2, None, "better on names",
    )  # fmt: skip
    assert reported == ["version 2 is LOADING at localhost:1", "version 2 is AVAILABLE at localhost:1"]


def test_the_version_before_stays_loaded_for_a_rollback(folder: Path, server: PollingServer) -> None:
    operator = Operator(folder, NAME, [server])
    operator.promote(1)
    operator.promote(2)
    assert served(folder) == Served((1, 2), {"stable": 2})
    operator.promote(3)
    assert served(folder) == Served((2, 3), {"stable": 3})
    operator.rollback()
    # Not 3 besides: it is the highest, and requests without a label would get it.
    assert served(folder) == Served((1, 2), {"stable": 2})
    operator.rollback()
    assert served(folder) == Served((1,), {"stable": 1})
    with pytest.raises(Refused, match="no version that was stable before 1; promote one of 1, 2, 3"):
        operator.rollback()


def test_a_canary_stands_beside_the_stable_version(folder: Path, server: PollingServer) -> None:
    operator = Operator(folder, NAME, [server])
    with pytest.raises(Refused, match="no stable version that 3 could stand beside"):
        operator.canary(3)
    operator.promote(1)
    operator.canary(3)
    assert served(folder) == Served((1, 3), {"stable": 1, "canary": 3})
    assert (server.labelled("stable"), server.labelled("canary")) == (1, 3)
    # A new push is not served before it is promoted.
    push(folder, 4)
    server.poll()
    assert server.loaded == {1, 3}
    operator.uncanary()
    assert served(folder) == Served((1,), {"stable": 1})
    assert server.labelled("canary") is None


def test_a_rollback_takes_the_canary_of_the_bad_version_along(folder: Path, server: PollingServer) -> None:
    operator = Operator(folder, NAME, [server])
    operator.promote(1)
    operator.canary(2)
    operator.promote(2)
    assert served(folder) == Served((1, 2), {"stable": 2, "canary": 2})
    operator.rollback()
    # Clients of the canary are answered all the time.
    assert served(folder) == Served((1,), {"stable": 1, "canary": 1})
    operator.canary(3)
    operator.promote(2)
    assert served(folder).labels == {"stable": 2, "canary": 3}


def test_follow_serves_the_newest_again(folder: Path, server: PollingServer) -> None:
    operator = Operator(folder, NAME, [server])
    operator.promote(1)
    changed = operator.follow(reason="enough")
    assert served(folder) == changed.served == Served()
    while server.loaded != {3}:
        server.poll()
    push(folder, 4)
    while server.loaded != {4}:
        server.poll()
    assert [line.change for line in label_history.read(folder).changes] == ["promote", "follow"]
    operator.promote(4)
    with pytest.raises(Refused, match="stable before 4"):
        operator.rollback()


def test_a_label_in_place_is_not_moved(folder: Path, server: PollingServer) -> None:
    operator = Operator(folder, NAME, [server])
    operator.promote(2)
    assert operator.promote(2).moved == ()
    assert operator.uncanary().moved == ()
    assert len(label_history.read(folder).changes) == 1


def test_a_version_that_does_not_load_changes_nothing(folder: Path, server: PollingServer) -> None:
    operator = Operator(folder, NAME, [server])
    operator.promote(1)
    before = served(folder)
    server.broken = {3}
    with pytest.raises(
        ChangeFailed, match=r"3 cannot be loaded by localhost:1: no graph in it\. Served as"
    ) as failure:
        operator.promote(3)
    assert str(failure.value).endswith("stable = 1 (versions to load: 1)")
    assert served(folder) == before
    server.poll()
    assert (server.loaded, server.labelled("stable")) == ({1}, 1)
    # Repaired, it is promoted, although the server still reports the earlier failure.
    server.broken = set()
    operator.promote(3)
    assert server.labelled("stable") == 3
    assert len(label_history.read(folder).changes) == 2


def test_a_version_that_failed_before_and_fails_again(folder: Path, server: PollingServer) -> None:
    operator = Operator(folder, NAME, [server])
    server.broken = {2}
    for _ in range(2):
        with pytest.raises(ChangeFailed, match="version 2 cannot be loaded"):
            operator.promote(2)
        server.poll()
    # One that fails at once is never seen to try again.
    server.slow = 0
    with pytest.raises(ChangeFailed, match="version 2 cannot be loaded"):
        operator.promote(2)
    assert served(folder) == Served()


class NotListening(PollingServer):
    """A server that was not started on the config: it keeps serving the newest version."""

    def poll(self) -> None:
        self._bring({3})


def test_a_server_that_does_not_read_the_config(folder: Path) -> None:
    with pytest.raises(
        ChangeFailed, match="version 2 is unknown at localhost:1; was it started on this config"
    ):
        Operator(folder, NAME, [NotListening(folder)], timeout=0.05).promote(2)
    with pytest.raises(
        ChangeFailed, match="stable is of no version at localhost:1 and not 3; was it started on this config"
    ):
        Operator(folder, NAME, [NotListening(folder)], timeout=0.05).promote(3)
    assert served(folder) == Served()
    assert label_history.read(folder) == label_history.History()


def test_a_change_waits_for_every_server(
    folder: Path, server: PollingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = PollingServer(folder, slow=7, target="localhost:2")
    while not slow.loaded:
        slow.poll()
    operator = Operator(folder, NAME, [server, slow])
    operator.promote(1)
    operator.promote(2)
    assert (server.labelled("stable"), slow.labelled("stable")) == (2, 2)
    slow.broken = {3}
    with pytest.raises(ChangeFailed, match="version 3 cannot be loaded by localhost:2"):
        operator.promote(3)
    assert server.refused == slow.refused == []
    assert (server.labelled("stable"), slow.labelled("stable")) == (2, 2)


@pytest.mark.parametrize("no_wait", [False, True])
def test_a_missing_version_is_refused_and_nothing_is_changed(
    folder: Path, server: PollingServer, no_wait: bool
) -> None:
    operator = Operator(folder, NAME, [] if no_wait else [server])
    text = (folder / FILE).read_text()
    with pytest.raises(Refused, match=r"holds no version 9; expected one of 1, 2, 3"):
        operator.promote(9)
    (folder / "9").mkdir()  # a folder without a model is not a version
    with pytest.raises(Refused, match="holds no version 9"):
        operator.promote(9)
    with pytest.raises(Refused, match="no version that was stable before now"):
        operator.rollback()
    assert (folder / FILE).read_text() == text


def test_a_rollback_to_a_deleted_version_is_refused(folder: Path, server: PollingServer) -> None:
    operator = Operator(folder, NAME, [server])
    operator.promote(1)
    operator.promote(2)
    (folder / "1" / "saved_model.pb").unlink()
    with pytest.raises(Refused, match="holds no version 1"):
        operator.rollback()
    operator.promote(3)
    assert served(folder) == Served((2, 3), {"stable": 3})


def test_without_a_server_the_last_config_is_written_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = written(folder, monkeypatch)
    operator = Operator(folder, NAME, [])
    operator.promote(1)
    operator.canary(3)
    assert configs == [Served((1,), {"stable": 1}), Served((1, 3), {"stable": 1, "canary": 3})]
    server = PollingServer(folder)
    while server.loaded != {1, 3}:
        server.poll()
    assert (server.refused, server.labelled("canary")) == ([], 3)


def test_versions_with_other_labels_stay_loaded(folder: Path, server: PollingServer) -> None:
    config = model_config.read(folder, NAME)
    model_config.write(folder, config.serving(Served.just([3], {"beta": 3})))
    operator = Operator(folder, NAME, [server])
    operator.promote(1)
    assert served(folder) == Served((1, 3), {"stable": 1, "beta": 3})


def test_another_version_policy_is_refused_until_follow(folder: Path, server: PollingServer) -> None:
    text = f'model_config_list {{ config {{ name: "{NAME}" model_version_policy {{ all {{}} }} }} }}'
    (folder / FILE).write_text(text)
    operator = Operator(folder, NAME, [])
    with pytest.raises(Refused, match="chooses its versions by `all`"):
        operator.promote(1)
    assert (folder / FILE).read_text() == text
    operator.follow()
    assert served(folder) == Served()


def test_two_operators_at_once(folder: Path, server: PollingServer) -> None:
    with (
        model_config.locked(folder),
        pytest.raises(ChangeFailed, match="is changing this model's labels; wait for it"),
    ):
        Operator(folder, NAME, [server]).promote(1)
    Operator(folder, NAME, [server]).promote(1)


class Killed(BaseException):
    """The process ends here: nothing after it is carried out."""


STEPS: dict[str, Callable[[Operator], object]] = {
    "promote": lambda operator: operator.promote(3),
    "canary": lambda operator: operator.canary(3),
    "uncanary": lambda operator: operator.uncanary(),
    "rollback": lambda operator: operator.rollback(),
    "follow": lambda operator: operator.follow(),
}


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_after_a_killed_change_the_next_one_continues(
    folder: Path,
    server: PollingServer,
    monkeypatch: pytest.MonkeyPatch,
    step: Callable[[Operator], object],
    at: int,
    done: bool,
) -> None:
    """Killed at one of its four writes, of three configs and the history, before or after it is done."""
    operator = Operator(folder, NAME, [server])
    operator.promote(1)
    operator.promote(2)
    operator.canary(1)
    writes = 0

    def dying(real: Callable[..., None]) -> Callable[..., None]:
        def write(*arguments: object) -> None:
            nonlocal writes
            writes += 1
            # From then on nothing is written, the putting back included.
            if writes > at + 1:
                raise Killed
            if writes == at + 1 and not done:
                raise Killed
            real(*arguments)
            if writes == at + 1:
                raise Killed

        return write

    with monkeypatch.context() as patch:
        patch.setattr(model_config, "write", dying(model_config.write))
        patch.setattr(label_history, "append", dying(label_history.append))
        with pytest.raises(Killed):
            step(operator)
    acceptable(folder)
    # A server on the file is not stuck, and neither is one that starts anew.
    fresh = PollingServer(folder)
    for _ in range(5):
        server.poll()
        fresh.poll()
    stable = served(folder).labels.get("stable")
    assert fresh.refused == []
    if stable is not None:
        assert server.labelled("stable") == fresh.labelled("stable") == stable
    # The next command continues from there, and the history knows what was stable.
    operator.promote(3)
    assert served(folder).labels["stable"] == server.labelled("stable") == 3
    assert label_history.stable_versions(label_history.read(folder).changes)[-1] == 3
    assert server.loaded == set(served(folder).versions or ())


def test_a_full_disk_puts_the_config_back(
    folder: Path, server: PollingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = Operator(folder, NAME, [server])
    operator.promote(1)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(label_history, "append", full)
        with pytest.raises(OSError, match="No space left"):
            operator.promote(2)
    assert served(folder) == Served((1,), {"stable": 1})
    with monkeypatch.context() as patch:
        patch.setattr(model_config, "write", full)
        with pytest.raises(ChangeFailed, match=r"nor could .*models\.config be put back to stable = 1"):
            operator.promote(2)
    assert served(folder) == Served((1,), {"stable": 1})


def test_an_interrupt_puts_the_config_back(folder: Path, server: PollingServer) -> None:
    operator = Operator(folder, NAME, [server])
    operator.promote(1)

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Operator(folder, NAME, [server], report=interrupt).promote(2)
    assert served(folder) == Served((1,), {"stable": 1})
    server.poll()
    assert server.labelled("stable") == 1


def outcome(act: Callable[[], object]) -> Exception | None:
    try:
        act()
    except (Refused, ChangeFailed) as failure:
        return failure
    return None


ACTIONS = st.one_of(
    st.just(("push", 0)),
    st.tuples(st.sampled_from(["promote", "canary"]), st.integers(1, 6)),
    st.tuples(st.sampled_from(["rollback", "uncanary", "follow"]), st.just(0)),
)


@settings(max_examples=60, deadline=None)
@given(
    actions=st.lists(ACTIONS, max_size=14),
    broken=st.sets(st.integers(2, 6), max_size=2),
    slow=st.integers(0, 2),
)
def test_a_server_can_follow_any_sequence_of_changes(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int]], broken: set[int], slow: int
) -> None:
    folder = tmp_path_factory.mktemp("models") / NAME
    push(folder, 1)
    model_config.write(folder, model_config.new(folder, NAME))
    server = PollingServer(folder, slow=slow, broken=broken)
    while not server.loaded:
        server.poll()
    operator = Operator(folder, NAME, [server])
    newest = 1
    for name, version in actions:
        before = served(folder)
        if name == "push":
            newest += 1
            push(folder, newest)
            server.poll()
            continue
        act = getattr(operator, name)
        failure = outcome(lambda act=act, version=version: act(version) if version else act())
        if failure:
            assert isinstance(failure, Refused) or {version, newest if name == "follow" else 0} & broken
            assert served(folder) == before
        now = served(folder)
        acceptable(folder)
        assert server.refused == []
        for label, number in now.labels.items():
            assert server.labelled(label) == number
        if now.labels:
            # The labelled ones, and at most one more: the lower version before, for a rollback.
            spare = set(now.versions or ()) - set(now.labels.values())
            assert len(spare) <= 1
            assert all(number < now.labels["stable"] for number in spare)
            stack = label_history.stable_versions(label_history.read(folder).changes)
            assert stack[-1] == now.labels["stable"]
    # At the end a server that starts anew answers to the same labels.
    fresh = PollingServer(folder, slow=slow)
    for _ in range(slow + 2):
        fresh.poll()
    assert {label: fresh.labelled(label) for label in served(folder).labels} == dict(served(folder).labels)
