"""What holds for every compiled target, and what a person has read of each: the files in `golden`.

`python -m tests.pipeline.runners.golden` writes those anew; read the difference before it is kept.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.runners import kubeflow, kubeflow_v2, targets
from pipeline.settings import SettingsError
from tests.pipeline.runners import compiled
from tests.pipeline.runners.compiled import (
    SECRET,
    SPECS,
    containers,
    every_text,
    readable,
    settings,
)

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = Path(__file__).with_name("golden")
TARGETS = {
    "kubeflow.yaml": compiled.argo,
    "kubeflow_v2.yaml": compiled.spec,
    "kubeflow_v2_pods.yaml": compiled.pods,
    "vertex.yaml": compiled.vertex,
}


def golden_text(name: str) -> str:
    return yaml.safe_dump(readable(TARGETS[name]()), sort_keys=True, width=120)


@pytest.mark.parametrize("name", TARGETS)
def test_compiled_pipelines_equal_the_golden_files(name: str) -> None:
    assert golden_text(name) == (GOLDEN / name).read_text(encoding="utf-8"), (
        "read the difference; then python -m tests.pipeline.runners.golden"
    )


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_of_this_machine_and_of_this_moment(name: str) -> None:
    texts = every_text(TARGETS[name]())
    for unwanted in (str(ROOT), str(Path.home()) + "/", sys.prefix, "/tmp/tmp"):
        assert not [text for text in texts if unwanted in text]
    # A date, a uuid.
    for form in (r"20\d\d-\d\d-\d\d", r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-"):
        assert not [text for text in texts if re.search(form, text)]


@pytest.mark.slow
def test_another_process_compiles_the_same_text(tmp_path: Path) -> None:
    kubeflow.write_argo(settings(SECRET), tmp_path / "here.yaml")
    kubeflow_v2.write_spec(settings(SECRET), tmp_path / "here.json")
    program = f"""
from pathlib import Path
from tests.pipeline.runners.compiled import SECRET, settings
from pipeline.runners import kubeflow, kubeflow_v2
kubeflow.write_argo(settings(SECRET), Path({str(tmp_path)!r}, "there.yaml"))
kubeflow_v2.write_spec(settings(SECRET), Path({str(tmp_path)!r}, "there.json"))
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, cwd=ROOT, capture_output=True)
    for kind in ("yaml", "json"):
        here, there = (
            # The hashes of the code aside, which somebody may be changing.
            re.sub(r"\b[0-9a-f]{16}\b", "(code)", (tmp_path / f"{where}.{kind}").read_text(encoding="utf-8"))
            for where in ("here", "there")
        )
        assert here == there


def test_the_gpu_is_the_trainers_alone() -> None:
    limits = {
        node: template["container"].get("resources", {}).get("limits", {})
        for node, template in containers(compiled.argo()).items()
    }
    assert limits["Trainer"] == {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"}
    assert [node for node, limit in limits.items() if "nvidia.com/gpu" in limit] == ["Trainer"]
    for target in SPECS.values():
        executors = target()["deploymentSpec"]["executors"]
        with_gpu = [
            name for name, one in executors.items() if "accelerator" in one["container"].get("resources", {})
        ]
        assert with_gpu == ["Trainer_executor"]


def test_what_json_cannot_hold_is_told() -> None:
    given = settings(SECRET)

    def told(name: str) -> list[str]:
        notes = targets.remarks(given, target="kubeflow-v2", output=Path("build", name))
        return [note for note in notes if "the spec alone" in note]

    assert told("x.yaml") == []
    assert "trainer.workers is 2: they are processes of the Trainer's step" in "".join(
        targets.remarks(settings("trainer.workers=2"), target="kubeflow-v2", output=Path("x.yaml"))
    )
    (note,) = told("x.json")
    assert note == (
        "x.json has the spec alone, without kubeflow.pvc, kubeflow.secrets, kubeflow.components.Trainer.gpu_type, "
        "kubeflow.components.Trainer.node_selector, kubeflow.components.Trainer.tolerations, "
        "kubeflow.components.Trainer.timeout: enough for `tagline execute`; for a cluster write x.yaml, whose second "
        "document has them"
    )


@pytest.mark.parametrize("compile_", [kubeflow.workflow, kubeflow_v2.spec])
def test_settings_of_no_component_are_refused(compile_: Any) -> None:
    with pytest.raises(SettingsError, match=r"kubeflow\.components\.Evalutor: .*did you mean Evaluator\?"):
        compile_(settings("kubeflow.components.Evalutor.memory=1Gi"))
    with pytest.raises(SettingsError, match=r"AtomicPusher depends on what is served now"):
        compile_(settings("kubeflow.components.AtomicPusher.cache=true"))


def test_a_local_file_is_out_of_reach_of_a_cluster() -> None:
    for key in ("trainer.vectors", "schema"):
        given = f"{key}=/home/me/file.txt"
        with pytest.raises(SettingsError, match=rf"{key}: found /home/me/file.txt; expected a relative path"):
            kubeflow.workflow(settings(given))
        with pytest.raises(SettingsError, match=rf"{key}: found /home/me/file.txt; expected a relative path"):
            kubeflow_v2.spec(settings(given))
        with pytest.raises(
            SettingsError, match=rf"{key}: found /home/me/file.txt; expected gs://BUCKET/path"
        ):
            kubeflow_v2.job(settings(given, *compiled.BUCKETS))


def test_a_warm_start_finds_its_model_in_each_target() -> None:
    spec = kubeflow_v2.spec(settings("trainer.warm_start=true"))
    tasks = spec["root"]["dag"]["tasks"]
    taken = tasks["Trainer"]["inputs"]["artifacts"]["base_model"]["taskOutputArtifact"]
    assert (taken["producerTask"], taken["outputArtifactKey"]) == ("BaseModel", "model")
    assert tasks["BaseModel"]["cachingOptions"] == {}
    # What is looked for is what the manifest will say.
    looked, pushed = (
        tasks[name]["inputs"]["parameters"]["training"]["runtimeValue"]["constant"]
        for name in ("BaseModel", "AtomicPusher")
    )
    assert re.fullmatch(r"[0-9a-f]{64}", looked)
    assert looked == pushed
    assert "basemodel" in {
        template["name"]
        for template in kubeflow.workflow(settings("trainer.warm_start=true"))["spec"]["templates"]
    }
