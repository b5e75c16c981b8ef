"""Version labels: set, moved in two steps, used in requests, and refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.client import LabelNotFound
from serving.server.flags import Flags
from serving.server.server import StartError
from tests.serving.folders import push, states, until
from tests.serving.running import running
from tests.serving.server.background import BackgroundClients
from tests.serving.server.management import CODES, ManagementClient, refused, serving


@pytest.fixture(scope="module")
def base(exported: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("labelled")
    push(exported["PER"], root / "1")
    push(exported["ORG"], root / "2")
    return root


@pytest.fixture
def management(base: Path) -> Iterator[ManagementClient]:
    with serving(base) as started:
        yield started


def answer(management: ManagementClient, label: str) -> str:
    with management.tagger("a", label=label) as tagger:
        return tagger.tag("Anna").entities[0].label


def test_labels_are_set_and_moved(management, base):
    with management.tagger("a") as tagger:
        management.reload({"a": base}, versions=[1, 2])
        until(lambda: states(tagger) == {1: "AVAILABLE", 2: "AVAILABLE"}, "both")
    management.reload({"a": base}, versions=[1, 2], labels={"stable": 1, "canary": 2})
    assert (answer(management, "stable"), answer(management, "canary")) == ("PER", "ORG")
    management.reload({"a": base}, versions=[1, 2], labels={"stable": 2})
    assert answer(management, "stable") == "ORG"
    with pytest.raises(LabelNotFound, match="Unrecognized servable version label: canary"):
        answer(management, "canary")


def test_a_label_needs_a_version_that_is_available(management, base):
    wanted = "Request to assign label to version 1 of model a, which is not currently available for inference"
    # Version 2 is the latest: 1 is to be loaded first, and labelled then.
    assert refused(management, {"a": base}, versions=[1, 2], labels={"stable": 1}) == (
        CODES.FAILED_PRECONDITION,
        wanted,
    )
    assert refused(management, {"a": base}, labels={"stable": 1}) == (CODES.FAILED_PRECONDITION, wanted)


def test_new_labels_may_name_versions_that_are_not_loaded_where_a_flag_allows_it(base, tmp_path):
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
    ) as management:
        assert answer(management, "stable") == "PER"
        # An existing label may still not move to a version that is not available.
        code, _ = refused(management, {"a": base}, versions=[1, 2], labels={"stable": 2})
        assert code is CODES.FAILED_PRECONDITION
        management.reload({"a": base}, versions=[1, 2], labels={"stable": 1, "canary": 2})
        with management.tagger("a") as tagger:
            until(lambda: states(tagger).get(2) == "AVAILABLE", "version 2")
        assert answer(management, "canary") == "ORG"


@pytest.mark.embedded  # TensorFlow Serving sets an empty map of labels with the first models
def test_labels_that_were_never_set(management):
    with (
        management.tagger("a", label="stable") as tagger,
        pytest.raises(Exception, match=r"Model labels does not init yet\.stable"),
    ):
        tagger.tag("Anna")


def test_no_labelled_request_is_lost_while_labels_move_and_versions_go(management, base):
    with management.tagger("a") as watched:

        def available() -> set[int]:
            return {version for version, state in states(watched).items() if state == "AVAILABLE"}

        management.reload({"a": base}, versions=[2], labels={"stable": 2})
        with management.tagger("a", label="stable") as tagger, BackgroundClients(tagger) as clients:
            for new, old in ((1, 2), (2, 1), (1, 2)):
                management.reload({"a": base}, versions=[new, old], labels={"stable": old})
                until(lambda: available() == {1, 2}, "both")
                # The label moves and its old version goes in one step.
                management.reload({"a": base}, versions=[new], labels={"stable": new})
                until(lambda new=new: available() == {new}, f"version {new} alone")
    assert clients.labels == {"PER", "ORG"}
