"""The job of pods that the Trainer's step creates, by either operator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from pipeline.runners import kubeflow, targets
from pipeline.runners.workers import jobs, tfjob, trainjob
from pipeline.settings import SettingsError, load
from tests.pipeline.runners.workers.several_workers import RICH, RICH_ASSIGNMENTS, settings
from trainer.distributed.pods import MANIFESTS, fill_in

KINDS = ("tfjob", "trainjob")


@pytest.mark.parametrize("kind", KINDS)
def test_one_worker_needs_no_job(kind: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"trainer.workers: found 1; expected 2 or more"):
        targets.write(load(), target=kind, output=tmp_path / "job.yaml")


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_written_as_yaml(kind: str, tmp_path: Path) -> None:
    targets.write(RICH, target=kind, output=tmp_path / "new" / "job.yaml")
    written = yaml.safe_load_all((tmp_path / "new" / "job.yaml").read_text(encoding="utf-8"))
    assert list(written) == jobs.manifests(RICH, kind)


def test_each_operator_has_its_kinds() -> None:
    assert jobs.manifests(RICH, "tfjob") == [tfjob.manifest(RICH)]
    assert jobs.manifests(RICH, "trainjob") == trainjob.manifests(RICH)


@pytest.mark.parametrize("kind", KINDS)
def test_the_step_on_kubeflow_holds_it_and_no_gpu_of_its_own(kind: str) -> None:
    chosen = settings(*RICH_ASSIGNMENTS, f"kubeflow.training={kind}")
    templates = {t["name"]: t for t in kubeflow.workflow(chosen)["spec"]["templates"] if "container" in t}
    environment = {v["name"]: v.get("value") for v in templates["trainer"]["container"]["env"]}
    held = str(environment[MANIFESTS])
    assert json.loads(held) == jobs.manifests(chosen, kind)
    for template in templates.values():
        assert "nvidia.com/gpu" not in json.dumps(template["container"].get("resources", {}))
    # What is created: no placeholder is left, and the container's arguments are the job's file.
    filled = json.dumps(fill_in(held, "/tagline/job.json"))
    assert "JOB_FILE" not in filled
    assert '"args": ["/tagline/job.json"]' in filled
