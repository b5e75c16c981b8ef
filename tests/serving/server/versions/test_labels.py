"""Version labels: set, moved in two steps, asked for, and refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.client import LabelNotFound
from serving.server.flags import Flags
from serving.server.server import StartError
from tests.serving.folders import push, states, until
from tests.serving.running import running
from tests.serving.server.caller import CODES, Caller, refused, serving


@pytest.fixture(scope="module")
def base(exported: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("labelled")
    push(exported["PER"], root / "1")
    push(exported["ORG"], root / "2")
    return root


@pytest.fixture
def caller(base: Path) -> Iterator[Caller]:
    with serving(base) as started:
        yield started


def answer(caller: Caller, label: str) -> str:
    with caller.tagger("a", label=label) as tagger:
        return tagger.tag("Anna").entities[0].label


def test_labels_are_set_and_moved(caller, base):
    with caller.tagger("a") as tagger:
        caller.reload({"a": base}, versions=[1, 2])
        until(lambda: states(tagger) == {1: "AVAILABLE", 2: "AVAILABLE"}, "both")
    caller.reload({"a": base}, versions=[1, 2], labels={"stable": 1, "canary": 2})
    assert (answer(caller, "stable"), answer(caller, "canary")) == ("PER", "ORG")
    caller.reload({"a": base}, versions=[1, 2], labels={"stable": 2})
    assert answer(caller, "stable") == "ORG"
    with pytest.raises(LabelNotFound, match="Unrecognized servable version label: canary"):
        answer(caller, "canary")


def test_a_label_needs_a_version_that_is_available(caller, base):
    wanted = "Request to assign label to version 1 of model a, which is not currently available for inference"
    # Version 2 is the latest: 1 is to be loaded first, and labelled then.
    assert refused(caller, {"a": base}, versions=[1, 2], labels={"stable": 1}) == (
        CODES.FAILED_PRECONDITION,
        wanted,
    )
    assert refused(caller, {"a": base}, labels={"stable": 1}) == (CODES.FAILED_PRECONDITION, wanted)


def test_new_labels_may_be_ahead_of_their_versions_where_that_is_allowed(base, tmp_path):
    file = tmp_path / "models.config"
    file.write_text(
        f'model_config_list {{ config {{ name: "a" base_path: "{base}" model_platform: "tensorflow" '
        'model_version_policy { specific { versions: 1 } } version_labels { key: "stable" value: 1 } } }'
    )
    flags = Flags(model_config_file=str(file), port=0)
    with (
        pytest.raises(
            StartError, match="FAILED_PRECONDITION: Request to assign label to version 1 of model a"
        ),
        running(flags),
    ):
        pass
    with serving(
        base, model_config_file=str(file), allow_version_labels_for_unavailable_models=True
    ) as caller:
        assert answer(caller, "stable") == "PER"
        # A label that is there may still not move to a version that is not.
        code, _ = refused(caller, {"a": base}, versions=[1, 2], labels={"stable": 2})
        assert code is CODES.FAILED_PRECONDITION
        caller.reload({"a": base}, versions=[1, 2], labels={"stable": 1, "canary": 2})
        with caller.tagger("a") as tagger:
            until(lambda: states(tagger).get(2) == "AVAILABLE", "version 2")
        assert answer(caller, "canary") == "ORG"


@pytest.mark.embedded  # in TensorFlow Serving labels are set, if to none, once the first models are
def test_labels_that_were_never_set(caller):
    with (
        caller.tagger("a", label="stable") as tagger,
        pytest.raises(Exception, match=r"Model labels does not init yet\.stable"),
    ):
        tagger.tag("Anna")


def test_no_labelled_request_is_lost_while_labels_move_and_versions_go(caller, base):
    failures: list[Exception] = []
    answers: set[str] = set()
    done = threading.Event()
    with caller.tagger("a") as watched:

        def available() -> set[int]:
            return {version for version, state in states(watched).items() if state == "AVAILABLE"}

        caller.reload({"a": base}, versions=[2], labels={"stable": 2})

        def call() -> None:
            with caller.tagger("a", label="stable") as tagger:
                while not done.is_set():
                    try:
                        answers.add(tagger.tag("Anna").entities[0].label)
                    except Exception as error:
                        failures.append(error)

        callers = [threading.Thread(target=call) for _ in range(3)]
        for thread in callers:
            thread.start()
        try:
            for new, old in ((1, 2), (2, 1), (1, 2)):
                caller.reload({"a": base}, versions=[new, old], labels={"stable": old})
                until(lambda: available() == {1, 2}, "both")
                # The label moves and its old version goes in one step.
                caller.reload({"a": base}, versions=[new], labels={"stable": new})
                until(lambda new=new: available() == {new}, f"version {new} alone")
        finally:
            done.set()
            for thread in callers:
                thread.join()
    assert failures == []
    assert answers == {"PER", "ORG"}
