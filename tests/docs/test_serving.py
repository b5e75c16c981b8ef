"""The commands of docs/serving.md are run; those for a cluster or a container engine are checked against the files and
names that they use."""

from __future__ import annotations

import datetime
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from itertools import dropwhile
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.k8s.server.__main__ import main as write_overlay
from deploy.k8s.server.overlay import MANIFESTS, NAMESPACE, default_namespace
from serving.registry.pushing import push
from serving.server import flags as server_flags
from serving.server.config.config_text import Kind, read_text
from serving.server.endpoints.tls import server_credentials
from serving.server.inference.metrics import Metrics
from serving.server.process import ServerProcess, start_server_process
from tests.deploy.k8s.kustomize import render
from tests.docs.documents import ROOT, blocks, commands
from tests.serving import tiny_model
from tests.serving.server.tensorflow_serving_flags import FLAGS

PAGE = "docs/serving.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
COMMANDS = commands(PAGE)


def beginning(*words: str) -> list[list[str]]:
    """List the words of every command that begins with these; variables set before it are left out."""
    bare = [list(dropwhile(re.compile(r"[A-Z_]+=").match, shlex.split(line))) for line in COMMANDS]
    return [line for line in bare if line[: len(words)] == list(words)]


def option(words: list[str], name: str) -> str | None:
    """Find the value after an option."""
    return words[words.index(name) + 1] if name in words else None


def test_every_command_is_tested_here() -> None:
    kinds = [
        (".venv/bin/tagline", "serve"),
        (".venv/bin/tagline", "models"),
        (".venv/bin/python", "-m", "deploy.k8s.server"),
        ("docker", "compose"),
        ("kubectl",),
        ("curl", "--silent"),
        ("openssl",),
    ]
    assert sum(len(beginning(*kind)) for kind in kinds) == len(COMMANDS)


def test_the_flags_of_tagline_serve_exist() -> None:
    for words in beginning(".venv/bin/tagline", "serve"):
        assert words[2:4] == ["--set", "name=mine"]
        server_flags.parse(["--model_base_path=/models/mine", *words[4:]])


def test_tagline_models_config_prints_a_configuration(tmp_path: Path) -> None:
    (words,) = beginning(".venv/bin/tagline", "models", "config")
    assert words[-2:] == [">", "build/k8s/mine/models.config"]
    command = [sys.executable, "-m", "pipeline.cli.app", *words[1:-2], "--set", f"serving.models={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    (model,) = read_text(Kind.MODELS, done.stdout).model_config_list.config
    assert (model.name, model.base_path) == ("mine", "/models/mine")


def test_a_version_is_signed_and_verified(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "saved_model.pb").touch()
    push(model, tmp_path / "models" / "mine", 4, extra={}, about={})
    for words in beginning("openssl"):
        subprocess.run(words, check=True, capture_output=True, cwd=tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    printed = []
    for command in ("sign", "verify"):
        (words,) = beginning(".venv/bin/tagline", "models", command)
        line = [
            sys.executable,
            "-m",
            "pipeline.cli.app",
            *words[1:],
            "--set",
            f"serving.models={tmp_path}/models",
        ]
        done = subprocess.run(line, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment)
        printed += done.stdout.splitlines()
    signed = "version 4: signed by the holder of this key"
    assert printed == ["version 4: signed, 1 files", "version 4: intact, 1 files", signed]


def test_the_signatures_are_the_models() -> None:
    source = (ROOT / "trainer" / "export" / "signatures.py").read_text(encoding="utf-8")
    for row in re.findall(r"^\| (.+) \| `string\[B.*\]` \|", TEXT, flags=re.MULTILINE):
        for signature in re.findall(r"`(\w+)`", row):
            assert f'"{signature}"' in source


@pytest.fixture(scope="module")
def overlays(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict]]:
    """The objects of every overlay that the document writes, by the path that it writes it to."""
    written = {}
    for words in beginning(".venv/bin/python", "-m", "deploy.k8s.server"):
        arguments = words[3:]
        place = arguments.index("--output") + 1
        folder = tmp_path_factory.mktemp("overlay")
        path, arguments[place] = arguments[place], str(folder)
        assert write_overlay(arguments) == 0
        written[path] = render(folder)
    return written


def test_files_and_variables_of_docker_exist() -> None:
    for words in beginning("docker", "compose"):
        file = option(words, "--file")
        assert file
        assert (ROOT / file).is_file()
        assert words[4] in ("up", "ps", "down")
    composed = (ROOT / "deploy/docker/server/compose.yaml").read_text(encoding="utf-8")
    for line in COMMANDS:
        for variable in re.findall(r"^([A-Z_]+)=|\s([A-Z_]+)=\"", line):
            assert "${" + "".join(variable) + ":-" in composed


def test_files_and_objects_of_kubectl_exist(overlays: dict[str, list[dict]]) -> None:
    objects = {
        f"{item['kind'].lower()}/{item['metadata']['name']}"
        for written in overlays.values()
        for item in written
    }
    upload = yaml.safe_load((MANIFESTS / "upload.yaml").read_text(encoding="utf-8"))["metadata"]["name"]
    objects.add(f"pod/{upload}")
    secrets = {
        volume["secret"]["secretName"]
        for written in overlays.values()
        for item in written
        if item["kind"] == "Deployment"
        for volume in item["spec"]["template"]["spec"]["volumes"]
        if "secret" in volume
    }
    seen = set()
    for words in beginning("kubectl"):
        namespace = option(words, "--namespace")
        assert namespace in (None, default_namespace("mine"), "models")
        if (folder := option(words, "--kustomize")) is not None:
            assert folder in overlays or render(ROOT / folder)
        if (file := option(words, "--filename")) is not None:
            folder, _, name = file.rpartition("/")
            assert (ROOT / file).is_file() or (folder in overlays and name == NAMESPACE)
        if "secret" in words:
            seen.add(words[words.index("generic") + 1])
        for word in words:
            if re.fullmatch(r"(deployment|pod|service)/\S+", word):
                assert word in objects
        if words[3] in ("exec", "cp"):
            pod = words[4] if words[3] == "exec" else words[5].partition(":")[0]
            assert pod == upload
    assert seen == secrets
    services = {name.removeprefix("service/") for name in objects if name.startswith("service/")}
    assert set(re.findall(r"(tagline-(?:grpc|rest))\.tagline-mine:", TEXT)) == services


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    base = tmp_path_factory.mktemp("models")
    tiny_model.export(base / "4", "PER")
    with start_server_process(base, "mine", base.parent / "server.log", rest_api_port=-1) as process:
        yield process


def test_curl_gets_the_status(server: ServerProcess) -> None:
    assert server.rest_target
    for words in beginning("curl"):
        here = [word.replace("localhost:8501", server.rest_target) for word in words]
        done = subprocess.run(here, capture_output=True, text=True, check=True)
        (version,) = json.loads(done.stdout)["model_version_status"]
        assert (version["version"], version["state"]) == ("4", "AVAILABLE")


def test_the_server_reads_the_configurations() -> None:
    for text in blocks("textproto", PAGE):
        (model,) = read_text(Kind.MODELS, text).model_config_list.config
        assert set(model.version_labels.values()) <= set(model.model_version_policy.specific.versions)


def test_the_programs_run(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tagline")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "server.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (tmp_path / "server.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    for program in blocks("python", PAGE):
        subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=60)
    read = read_text(Kind.TLS, (tmp_path / "ssl.config").read_text(encoding="utf-8"))
    assert read.server_cert.encode() == certificate.public_bytes(serialization.Encoding.PEM)
    assert read.server_key.encode() == (tmp_path / "server.key").read_bytes()
    server_credentials(str(tmp_path / "ssl.config"))


def test_metrics_and_flags_exist() -> None:
    page = Metrics().page().decode()
    metrics = set(re.findall(r"`(:tensorflow:serving:[\w:]+\w)`", TEXT))
    assert metrics
    for metric in metrics:
        assert f"# HELP {metric} " in page
    own = {flag.name for flag in fields(server_flags.Flags)}
    assert set(re.findall(r"--((?:\w+_)+\w+)", TEXT)) <= FLAGS | own
