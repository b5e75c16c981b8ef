"""The commands and programs of the README and of the guides are run as they stand, ports aside."""

from __future__ import annotations

import base64
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

from serving.client import Tagger
from serving.server.process import ServerProcess, start_server_process
from tests.docs.documents import ROOT, blocks, command, commands
from tests.serving import tiny_model

# Where each command of the guides is tested.
COVERED = {
    "make run": "CI",
    "make test": "CI",
    "make serve": "here",
    "make demo": "tests/pipeline/cli/serving/test_demo.py",
    "curl": "here",
    "grpcurl": "here",
    "docker run": "here, as far as it can be without a container engine",
    ".venv/bin/tagline check path": "tests/pipeline/cli/test_app.py",
    ".venv/bin/tagline convert": "tests/pipeline/cli/line/test_convert.py",
    ".venv/bin/tagline run --data": "tests/pipeline/test_end_to_end.py",
    ".venv/bin/tagline run --force-bless": "tests/pipeline/test_end_to_end.py",
    ".venv/bin/tagline run --config runs": "tests/pipeline/cli/line/test_tune.py",
    ".venv/bin/tagline check --set": "tests/pipeline/cli/line/test_check.py",
    ".venv/bin/tagline tune": "tests/pipeline/cli/line/test_tune.py",
    ".venv/bin/tagline status": "tests/pipeline/test_end_to_end.py",
    ".venv/bin/tagline doctor": "tests/pipeline/cli/line/test_doctor.py",
    ".venv/bin/tagline report --config": "tests/pipeline/test_end_to_end.py",
    ".venv/bin/tagline report --list": "tests/pipeline/cli/line/test_run_list.py",
    ".venv/bin/tagline report --compare": "tests/pipeline/cli/line/test_run_comparison.py",
    ".venv/bin/tagline tensorboard": "tests/pipeline/cli/line/test_tensorboard.py",
    ".venv/bin/tagline decode --set": "tests/pipeline/test_end_to_end.py",
    ".venv/bin/tagline decode --target": "here",
    ".venv/bin/tagline serve": "here",
    ".venv/bin/tagline predict": "tests/pipeline/cli/serving/test_predict.py",
    ".venv/bin/tagline models --config": "tests/pipeline/cli/models/test_models.py",
    ".venv/bin/tagline models promote": "tests/pipeline/cli/models/test_models_serve.py",
    ".venv/bin/tagline models verify": "tests/pipeline/cli/models/test_models.py",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    base = tmp_path_factory.mktemp("models")
    tiny_model.export(base / "1", "PER")
    with start_server_process(base, "sample", base.parent / "server.log", rest_api_port=-1) as process:
        yield process


def _here(text: str, server: ServerProcess) -> str:
    """The guides' ports are this server's."""
    assert server.rest_target
    return text.replace("localhost:8500", server.target).replace("localhost:8501", server.rest_target)


def test_every_command_is_covered() -> None:
    uncovered = [line for line in commands() if not line.startswith(tuple(COVERED))]
    assert not uncovered
    for start in COVERED:
        assert command(start)
    for place in COVERED.values():
        assert place in ("CI", "here") or place.startswith("here, ") or (ROOT / place).is_file(), place


@pytest.mark.parametrize("program", blocks("python"))
def test_the_python_programs_print_entities(program: str, server: ServerProcess) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _here(program, server)], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "Keller" in done.stdout


def test_the_program_with_tensorflow_servings_own_stubs(server: ServerProcess) -> None:
    program = [sys.executable, "examples/decode_with_stubs.py", server.target, "sample", "Anna left"]
    done = subprocess.run(program, capture_output=True, text=True, cwd=ROOT, check=True)
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["Anna", "left"]


def test_tagline_decode_with_a_target(server: ServerProcess) -> None:
    words = shlex.split(_here(command(".venv/bin/tagline decode --target"), server))
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli.app", *words[1:]],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert json.loads(done.stdout)["text"] == words[-1]


def test_curl(server: ServerProcess) -> None:
    words = shlex.split(_here(command("curl"), server))
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert {"tags", "tokens", "starts", "ends", "lengths", "confidence", "score"} <= set(
        json.loads(done.stdout)["outputs"]
    )


def test_grpcurl(server: ServerProcess, tmp_path: Path) -> None:
    words = shlex.split(_here(command("grpcurl"), server))
    if shutil.which("grpcurl"):
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True)
        tokens = json.loads(done.stdout)["outputs"]["tokens"]["stringVal"]
    else:
        tokens = _as_grpcurl_does(words, tmp_path)
    assert [base64.b64decode(token).decode() for token in tokens][:2] == ["Anna", "Keller"]


def _as_grpcurl_does(words: list[str], tmp_path: Path) -> list[str]:
    """Read the .proto files, turn the JSON into the method's message, call it, turn the answer into JSON."""
    options = dict(zip(words[2:-2:2], words[3:-2:2], strict=True))
    target, method = words[-2:]
    descriptors = tmp_path / "descriptors"
    compiler = [
        sys.executable, "-m", "grpc_tools.protoc", f"-I{options['-import-path']}",
        "--include_imports", f"--descriptor_set_out={descriptors}", options["-proto"],
    ]  # fmt: skip
    subprocess.run(compiler, cwd=ROOT, check=True)
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors.read_bytes()).file:
        pool.Add(file)
    service, name = method.split("/")
    described = pool.FindServiceByName(service).FindMethodByName(name)
    classes = message_factory.MessageFactory(pool)
    request = json_format.Parse(options["-d"], classes.GetPrototype(described.input_type)())
    answer_class = classes.GetPrototype(described.output_type)
    with grpc.insecure_channel(target) as channel:
        call = channel.unary_unary(f"/{method}", None, answer_class.FromString)
        answer = json_format.MessageToDict(call(request.SerializeToString(), timeout=10))
    return answer["outputs"]["tokens"]["stringVal"]


def test_docker_names_the_version_whose_stubs_are_locked() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    version = re.search(r"^tensorflow-serving-api==(\S+)", lock, flags=re.MULTILINE)
    assert version
    assert f"tensorflow/serving:{version[1]}" in command("docker run")


def test_make_serve_serves_what_make_run_pushed() -> None:
    shown = subprocess.run(
        ["make", "-n", "serve"], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout
    assert "tagline serve --config configs/sample.yaml --port 8500 --rest_api_port 8501" in shown


def test_tagline_serve_answers(tmp_path: Path) -> None:
    tiny_model.export(tmp_path / "sample" / "1", "PER")
    serve = [sys.executable, "-m", "pipeline.cli.app", "serve", "--set", "name=sample", "--port", "0"]
    process = subprocess.Popen(
        [*serve, "--set", f"serving.models={tmp_path}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stdout
        ready = next(line for line in process.stdout if line.startswith("Running gRPC ModelServer at"))
        with Tagger(ready.split()[-2], "sample") as tagger:
            assert [entity.text for entity in tagger.tag("Anna left").entities] == ["Anna"]
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FOLDERS = (
    "benchmarks|components|configs|corpus|deploy|docs|files|pipeline|sample|serving|tagging|tests|trainer"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert "://" in link or (page.parent / link).exists(), link


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "changelog.md"], ids=lambda page: page.name
)
def test_every_path_that_is_named_exists(page: Path) -> None:
    for path in re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", page.read_text(encoding="utf-8")):
        assert (ROOT / path).exists(), path
