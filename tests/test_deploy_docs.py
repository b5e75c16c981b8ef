"""Every command and manifest of docs/deploy.md: run where it can be, else held against the files it speaks of."""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.cli.cluster.compile import TARGETS
from pipeline.cluster.kfp_client import TOKEN, six_fields
from pipeline.execution.mounts import Mounts
from pipeline.runners import v2_step
from pipeline.runners.volumes import on_volumes
from pipeline.settings import load
from tests.deploy.k8s.kustomize import render

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
FIELDS = {
    "apply": {"-k", "-f"},
    "delete": {"-f"},
    "wait": {"--for", "--timeout", "--namespace"},
    "exec": {"--namespace", "-p"},
    "port-forward": {"--namespace"},
    "rollout": {"--namespace"},
    "label": set(),
    "cp": set(),
    "create": {"--namespace", "--from-file"},
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


COMMANDS = [shlex.split(line) for block in blocks("sh") for line in block.splitlines() if line.strip()]


def beginning(*words: str) -> list[list[str]]:
    return [line for line in COMMANDS if line[: len(words)] == list(words)]


def settings_of(words: list[str]) -> list[str]:
    """The values of --set."""
    return [after for word, after in itertools.pairwise(words) if word == "--set"]


def test_every_command_is_of_a_kind_that_is_tested() -> None:
    kinds = [
        ("kubectl",),
        ("curl", "-s"),
        ("deploy/docker/pipeline/build.sh",),
        ("docker", "push"),
        *((".venv/bin/tagline", name) for name in ("cluster", "submit", "compile", "execute")),
    ]
    assert sum(len(beginning(*kind)) for kind in kinds) == len(COMMANDS)


# Of the section that needs no cluster. tests/pipeline/cli/cluster/test_execute.py runs what it says.
BEFORE = beginning(".venv/bin/tagline", "compile")[0]


def test_what_runs_without_a_cluster_is_what_was_compiled_on_the_corpus_that_is_here() -> None:
    (execute,) = beginning(".venv/bin/tagline", "execute")
    assert execute[execute.index("--spec") + 1] == BEFORE[BEFORE.index("--output") + 1]
    mounts = Mounts(after for word, after in itertools.pairwise(execute) if word == "--mount")
    assert next(iter(mounts.folders)) == load().kubeflow.pvc[0].mount
    # Where a step finds the corpus on the volume, there the shipped one is.
    corpus = mounts.translate(on_volumes(load(config=ROOT / "configs/sample.yaml")).data)
    assert Path(corpus) == Path.cwd() / "sample" / "corpus"


def test_what_it_prints_is_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipeline.cli.cluster.execute import _say_what_was_pushed, _teller
    from pipeline.execution.graph import Graph, Step
    from pipeline.execution.launch import Result

    golden = ROOT / "tests/pipeline/runners/golden/kubeflow_v2.yaml"
    tasks = yaml.safe_load(golden.read_text(encoding="utf-8"))["pipelineSpec"]["root"]["dag"]["tasks"]
    (shown,) = blocks("text")
    *told, pushed, ask = [line for line in shown.splitlines() if line != "..."]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    tell = _teller(Graph("sample", tuple(Step(name, ()) for name in tasks), ""))
    for line in told:
        _, step, happened, detail = re.fullmatch(
            r"(\S+)  (\S+) +(started|finished)(?:  (.*))?", line
        ).groups()  # type: ignore[union-attr]
        tell(happened, step, detail or "")
        # But for the time.
        assert capsys.readouterr().out.split(maxsplit=1)[1].strip() == line.split(maxsplit=1)[1]
    folder = tmp_path / "build/cluster/serving_models/sample/1"
    metadata = {"pushed": 1, "pushed_destination": str(folder)}
    _say_what_was_pushed({"AtomicPusher": Result({"pushed_model": {"metadata": metadata, "uri": "/x"}})})
    assert capsys.readouterr().out.splitlines() == [pushed, ask]


def test_the_images_are_built_pushed_and_named_in_the_settings() -> None:
    built = [words[-1] for words in beginning("deploy/docker/pipeline/build.sh")]
    assert built == [words[-1] for words in beginning("docker", "push")]
    assert os.access(ROOT / "deploy/docker/pipeline/build.sh", os.X_OK)
    (cluster,) = [yaml.safe_load(block)["kubeflow"] for block in blocks("yaml")]
    assert built == [cluster["image"], cluster["components"]["Trainer"]["image"]]
    given = {one for words in beginning(".venv/bin/tagline") for one in settings_of(words)}
    assert f"kubeflow.image={built[0]}" in given


def test_kubectl_is_given_what_is_there() -> None:
    objects = render(ROOT / "deploy")
    names = {f"{item['kind'].lower()}/{item['metadata']['name']}" for item in objects}
    upload = yaml.safe_load((ROOT / "deploy/k8s/upload.yaml").read_text(encoding="utf-8"))
    names |= {"pod/tagline-upload", "svc/ml-pipeline", "crd/applications.app.k8s.io"}
    names |= {name.replace("service/", "svc/") for name in names}
    for words in beginning("kubectl"):
        verb = words[1]
        assert {word.partition("=")[0] for word in words[2:] if re.match(r"--?[a-z]", word)} <= FIELDS[verb]
        for word in words[2:]:
            if re.fullmatch(r"(svc|deployment|pod|crd)/[a-z0-9.-]+", word):
                assert word in names
        if "--namespace" in words:
            assert words[words.index("--namespace") + 1] == upload["metadata"]["namespace"]
        for option in ("-k", "-f"):
            if option in words and not (path := words[words.index(option) + 1]).startswith("github.com/"):
                assert (ROOT / path).exists(), path
    assert {words[2] for words in beginning("kubectl", "label")} == {"namespace"}


def test_the_corpus_is_copied_to_where_the_settings_say() -> None:
    (copy,) = beginning("kubectl", "cp")
    settings = load(config=ROOT / "configs/sample.yaml")
    assert copy[2] == settings.data
    assert (ROOT / copy[2]).is_dir()
    assert copy[3] == f"kubeflow/tagline-upload:{on_volumes(settings).data}"
    (made,) = beginning("kubectl", "exec")
    assert made[-1] == str(Path(on_volumes(settings).data).parent)


def test_ports_are_the_services_own() -> None:
    ports = {
        item["metadata"]["name"]: {port["port"] for port in item["spec"]["ports"]}
        for item in render(ROOT / "deploy")
        if item["kind"] == "Service"
    }
    (words,) = [words for words in beginning("kubectl", "port-forward") if "svc/tagline-rest" in words]
    assert int(words[-1].partition(":")[2]) in ports["tagline-rest"]
    (asked,) = beginning("curl", "-s")
    assert asked[2].startswith(f"localhost:{words[-1].partition(':')[0]}/v1/models/sample:predict")
    assert json.loads(asked[-1])["signature_name"] == "decode_text"


def test_the_clients_label_is_the_network_policys() -> None:
    (words,) = beginning("kubectl", "label")
    key, _, value = words[-1].partition("=")
    (policy,) = [item for item in render(ROOT / "deploy") if item["kind"] == "NetworkPolicy"]
    assert policy["spec"]["ingress"][0]["from"][0]["namespaceSelector"]["matchLabels"] == {key: value}


def test_tagline_is_given_settings_that_there_are() -> None:
    lines = [words for words in beginning(".venv/bin/tagline") if words[1] != "execute"]
    assert len(lines) >= 7
    for words in lines:
        settings = load(config=ROOT / words[words.index("--config") + 1], assignments=settings_of(words))
        assert settings.name == "sample"
        if "--cron" in words:
            six_fields(words[words.index("--cron") + 1])
        if "--target" in words:
            assert words[words.index("--target") + 1] in TARGETS


def test_every_option_is_one_of_the_commands() -> None:
    from typer.main import get_command

    from pipeline.cli.app import app

    for words in beginning(".venv/bin/tagline"):
        command = get_command(app).commands[words[1]]  # type: ignore[attr-defined]
        if words[1] == "cluster":
            command = command.commands[words[2]]
        known = {
            option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
        }
        assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.slow
@pytest.mark.parametrize("target", ["kubeflow", "kubeflow-v2", "vertex"])
def test_what_is_compiled_is_compiled(target: str, tmp_path: Path) -> None:
    on_a_cluster = [words for words in beginning(".venv/bin/tagline", "compile") if words != BEFORE]
    (words,) = [words for words in on_a_cluster if target in words]
    output = tmp_path / Path(words[-1]).name
    program = [sys.executable, "-m", "pipeline.cli.app", *words[1:-1], str(output)]
    done = subprocess.run(program, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"wrote {output} for {target}\n"
    assert done.stderr == ""
    text = output.read_text(encoding="utf-8")
    first = next(yaml.safe_load_all(text))
    assert first.keys() & {"spec", "pipelineSpec", "deploymentSpec"}


def test_the_settings_file_loads(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    (tmp_path / "cluster.yaml").write_text(text)
    settings = load(config=tmp_path / "cluster.yaml")
    (create,) = beginning("kubectl", "create", "secret")
    secret = settings.kubeflow.secrets["S3_ID"]
    assert create[4] == secret.secret
    assert create[-1] == f"--from-file={secret.key}=FILE"
    assert settings.kubeflow.components["Trainer"].gpus == 1


def test_names_in_the_text_are_those_of_the_code() -> None:
    assert f"`{TOKEN}`" in TEXT
    assert f"`{v2_step.__name__}`" in TEXT
    for uri, place in (("gs://b/x", "/gcs/b/x"), ("s3://", "/s3/"), ("minio://", "/minio/")):
        assert v2_step.on_disk(uri) == place
        assert f"`{uri}`" in TEXT
        assert f"`{place}`" in TEXT
    volumes = load().kubeflow.pvc
    for volume in volumes:
        assert f"| `{volume.claim}` | `{volume.mount}` |" in TEXT


def test_every_link_leads_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / "docs" / link).exists(), link
