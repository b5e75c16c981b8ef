"""The entry point of a step: what a back end hands over, and what comes back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tfx import types
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor

from components.digests import Changed
from pipeline.beam.args import ON_THIS_MACHINE, pipeline_args
from pipeline.runners import kubeflow_v2
from pipeline.runners.v2_step import (
    _in_run,
    _parse,
    _run,
    localized,
    on_disk,
    require_intact,
    restored,
    with_digests,
    with_reachable_parameters,
)
from pipeline.settings import load

ROOT = Path(__file__).resolve().parents[3]
SENTENCES = "".join(f"Ann{i}\tB-PER\nsings\tO\n\nin\tO\nRome\tB-LOC\n\n" for i in range(4))


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("gs://b/x/y", "/gcs/b/x/y"),
        ("s3://b/x", "/s3/b/x"),
        ("minio://mlpipeline/v2", "/minio/mlpipeline/v2"),
        ("/tagline/runs", "/tagline/runs"),
        ("a/gs://b", "a/gs://b"),
    ],
)
def test_where_a_bucket_is_on_the_disk(uri: str, path: str) -> None:
    assert on_disk(uri) == path


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["gs://b/", "s3://c/", "minio://d/", "/v/"]), min_size=1, max_size=5),
    st.integers(0, 9),
)
def test_outputs_have_their_uris_again(places: list[str], salt: int) -> None:
    given_uris = [f"{place}{index}-{salt}" for index, place in enumerate(places)]
    artifacts = {f"a{i}": {"artifacts": [{"uri": uri}]} for i, uri in enumerate(given_uris)}
    invocation = {"inputs": {}, "outputs": {"artifacts": artifacts, "outputFile": "/x/out.json"}}
    changed, uris = localized(invocation)
    on_disks = [listed["artifacts"][0]["uri"] for listed in changed["outputs"]["artifacts"].values()]
    assert all(uri.startswith("/") for uri in on_disks)
    back = restored({"artifacts": changed["outputs"]["artifacts"]}, uris)
    assert [listed["artifacts"][0]["uri"] for listed in back["artifacts"].values()] == given_uris
    # What was handed over is not written into.
    assert invocation["outputs"]["artifacts"]["a0"]["artifacts"][0]["uri"] == given_uris[0]


def test_artifacts_marked_as_not_found_are_removed() -> None:
    def listed(**metadata: Any) -> dict[str, Any]:
        return {"artifacts": [{"uri": "/m", "metadata": metadata}]}

    invocation = {
        "inputs": {"artifacts": {"a": listed(found=0), "b": listed(found=1), "c": listed()}},
        "outputs": {},
    }
    changed, _ = localized(invocation)
    assert [len(changed["inputs"]["artifacts"][key]["artifacts"]) for key in "abc"] == [0, 1, 1]


class Asked(BaseBeamExecutor):
    """Leaves where it was to read and to write."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        (read,), (written,) = input_dict["read"], output_dict["written"]
        written.set_string_custom_property("uris", f"{read.uri} {written.uri}")


FLINK = "beam={runner: flink, flink: {endpoint: 'jobs:8099'}, worker: {image: 'me/beam:1'}}"
DATAFLOW = (
    "beam={runner: dataflow, worker: {image: 'me/beam:1'}, "
    "dataflow: {project: my-project-1, region: europe-west4, temp_location: 'gs://b/tmp'}}"
)
LOOPBACK = FLINK.replace("image: 'me/beam:1'", "environment: loopback")


@pytest.mark.parametrize(
    ("assignment", "further", "uris"),
    [
        (FLINK, (), "gs://b/x gs://b/y"),
        (DATAFLOW, (), "gs://b/x gs://b/y"),
        # CorpusGen without a shared disk; workers that are the step; Beam as it is by itself.
        (FLINK, ON_THIS_MACHINE, "/gcs/b/x /gcs/b/y"),
        (LOOPBACK, (), "/gcs/b/x /gcs/b/y"),
        ("beam.direct.workers=2", (), "/gcs/b/x /gcs/b/y"),
        ("beam.runner=direct", (), "/gcs/b/x /gcs/b/y"),
    ],
)
def test_workers_elsewhere_are_sent_to_the_bucket_itself(
    assignment: str, further: tuple[str, ...], uris: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # TFX reads this program's arguments by absl, to which pytest's `-v` is a flag that takes a number.
    monkeypatch.setattr("sys.argv", ["v2_step"])

    def listed(uri: str) -> dict[str, Any]:
        return {
            "artifacts": [
                {"uri": uri, "type": {"schemaTitle": "tfx.Examples"}, "name": f"examples/{uri[-1]}"}
            ]
        }

    output = tmp_path / "task" / "output.json"
    invocation = {
        "inputs": {"artifacts": {"read": listed("gs://b/x")}},
        "outputs": {"artifacts": {"written": listed("gs://b/y")}, "outputFile": str(output)},
    }
    program = ["v2_step", f"--executor_class_path={__name__}.Asked"]
    program += ["--json_serialized_invocation_args", json.dumps(invocation)]
    _run(_parse([*program, *pipeline_args(load(assignments=[assignment]).beam), *further]))
    (made,) = json.loads(output.read_text(encoding="utf-8"))["artifacts"]["written"]["artifacts"]
    assert made["metadata"]["uris"] == uris
    # The artifact is reported in the bucket in any case.
    assert made["uri"] == "gs://b/y"


def test_what_one_step_made_is_what_the_next_one_reads(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("right")
    listed = {"artifacts": [{"uri": str(tmp_path / "model")}, {"uri": "gs://b/not-mounted"}]}
    output = with_digests({"artifacts": {"model": listed}})
    assert ["metadata" in one for one in output["artifacts"]["model"]["artifacts"]] == [True, False]
    invocation = {"inputs": output, "outputs": {}}
    require_intact(invocation)
    (tmp_path / "model" / "weights").write_text("wrong")
    with pytest.raises(Changed, match="weights has changed"):
        require_intact(invocation)


def test_an_executor_knows_its_run() -> None:
    from tfx.dsl.components.base.base_executor import BaseExecutor

    before = BaseExecutor.Context
    with _in_run("a run"):
        context = BaseExecutor.Context(tmp_dir="/x", unique_id="1")
        assert context.pipeline_run_id == "a run"
        assert isinstance(context, before)
    assert BaseExecutor.Context is before


def test_a_bucket_that_is_not_mounted_is_left_for_the_pusher_to_refuse(tmp_path: Path) -> None:
    invocation = {
        "inputs": {"parameterValues": {"destination": "gs://b/models", "input_base": "/tagline/corpus"}}
    }
    changed = with_reachable_parameters(invocation, tmp_path)
    assert changed["inputs"]["parameterValues"] == {
        "destination": "gs://b/models",
        "input_base": "/tagline/corpus",
    }


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "place"), [("gs", "/gcs"), ("s3", "/s3"), ("minio", "/minio")])
@pytest.mark.parametrize(
    ("mounts", "folders", "found"),
    [
        ({""}, {"/b"}, True),
        ({"/b"}, {"/b"}, True),
        ({""}, set(), False),  # an empty volume of the launcher's
        (set(), {"/b"}, False),  # its copies of artifacts
    ],
)
def test_a_bucket_is_a_folder_where_it_is_mounted_itself(
    scheme: str,
    place: str,
    mounts: set[str],
    folders: set[str],
    found: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.path.ismount", {place + each for each in mounts}.__contains__)
    monkeypatch.setattr("os.path.isdir", {place + each for each in folders}.__contains__)
    uri = f"{scheme}://b/models"
    config = json.dumps({"checkpoint_root": uri, "epochs": 3})
    invocation = {"inputs": {"parameterValues": {"models": uri, "custom_config": config}}}
    given = with_reachable_parameters(invocation, tmp_path)["inputs"]["parameterValues"]
    there = f"{place}/b/models" if found else uri
    assert given["models"] == there
    assert json.loads(given["custom_config"]) == {"checkpoint_root": there, "epochs": 3}


def test_two_steps_run(tmp_path: Path) -> None:
    """CorpusGen, and BlessedStatistics on what it made, each a process with its own command and arguments."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for split in ("train", "dev", "test"):
        (corpus / f"{split}.conll").write_text(SENTENCES.replace("Ann", f"Ann{split}"))
    volume = f"kubeflow.pvc=[{{claim: work, mount: {tmp_path}}}]"
    spec = kubeflow_v2.spec(load(assignments=[volume, "data=corpus"]))

    made = run(spec, "CorpusGen", {}, tmp_path)
    examples = made["artifacts"]["examples"]["artifacts"][0]
    assert re.fullmatch(r"[0-9a-f]{64}", examples["metadata"]["data_fingerprint"])
    assert json.loads(examples["metadata"]["split_names"]) == ["train", "dev", "test"]
    assert (Path(examples["uri"]) / "Split-train").is_dir()

    examples |= {"type": {"schemaTitle": "tfx.Examples"}, "name": "examples/1"}
    found = run(spec, "BlessedStatistics", {"examples": examples}, tmp_path)
    assert found["artifacts"]["statistics"]["artifacts"][0]["metadata"]["found"] == 0


def run(spec: dict[str, Any], node: str, inputs: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run a node's container as a process; its output, in JSON form."""
    component = spec["components"][node]
    parameters = spec["root"]["dag"]["tasks"][node]["inputs"]["parameters"]
    outputs = {
        key: {
            "artifacts": [
                {"uri": str(folder / node / key), "type": one["artifactType"], "name": f"{node}/{key}"}
            ]
        }
        for key, one in component["outputDefinitions"]["artifacts"].items()
    }
    invocation = {
        "inputs": {
            "artifacts": {key: {"artifacts": [one]} for key, one in inputs.items()},
            "parameterValues": {key: one["runtimeValue"]["constant"] for key, one in parameters.items()},
        },
        "outputs": {"artifacts": outputs, "outputFile": str(folder / node / "output.json")},
    }
    container = spec["deploymentSpec"]["executors"][component["executorLabel"]]["container"]
    assert container["command"][0] == "python"
    program = [sys.executable, *container["command"][1:], *container["args"]]
    command = [json.dumps(invocation) if word == "{{$}}" else word for word in program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    output: dict[str, Any] = json.loads((folder / node / "output.json").read_text(encoding="utf-8"))
    return output
