"""Every setting, command and image of docs/beam.md: loaded, parsed, or compared with the files that it names."""

from __future__ import annotations

import importlib.util
import itertools
import re
import shlex
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
import yaml

from benchmarks.engines import parts
from pipeline.beam.checks import require_reachable
from pipeline.runners.targets import TARGETS
from pipeline.settings import load
from pipeline.settings.beam import Worker
from tests.deploy.docker.dockerfiles import of, parent_images, stages
from tests.docs.documents import ROOT, blocks, commands

PAGE = "docs/beam.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
SETTINGS = blocks("yaml", PAGE)
COMMANDS = [shlex.split(line) for line in commands(PAGE)]
TAGLINE = [words for words in COMMANDS if words[0] == ".venv/bin/tagline"]
MODULES = [words for words in COMMANDS if "-m" in words]
PRISM = [words for words in COMMANDS if words[0] == "go"]
MAKE = [words for words in COMMANDS if words[0] == "make"]
IMAGES = [words for words in COMMANDS if words[0] in ("deploy/docker/pipeline/build.sh", "docker")]


def test_every_command_is_of_a_kind_that_is_tested() -> None:
    assert len(TAGLINE) + len(MODULES) + len(PRISM) + len(IMAGES) + len(MAKE) == len(COMMANDS) == 9


def test_make_has_the_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [words[1:] for words in MAKE] == [["test-engines"]]
    assert re.search(r"^test-engines:.*\n\t.* tests/engines$", makefile, flags=re.MULTILINE)


@pytest.mark.parametrize("text", SETTINGS)
def test_settings_load_and_reach_what_they_name(text: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    settings = load(config=tmp_path / "mine.yaml")
    require_reachable(settings, target="vertex" if settings.beam.runner == "dataflow" else "run")


def test_every_runner_and_environment_is_described() -> None:
    runners = {yaml.safe_load(text)["beam"].get("runner", "direct") for text in SETTINGS}
    assert runners == {"direct", "flink", "spark", "dataflow", "portable"}
    for runner in runners:
        assert re.search(rf"^\| .*`{runner}`", TEXT, flags=re.MULTILINE), runner
    environments = get_args(get_type_hints(Worker)["environment"])
    assert len(environments) == 4
    for environment in environments:
        assert f"| `{environment}` |" in TEXT


def test_tagline_has_every_option_and_setting() -> None:
    from typer.main import get_command

    from pipeline.cli.app import app

    assert len(TAGLINE) == 3
    for words in TAGLINE:
        command = get_command(app).commands[words[1]]  # type: ignore[attr-defined]
        known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= known
        load(assignments=[after for word, after in itertools.pairwise(words) if word == "--set"])
        if "--target" in words:
            assert words[words.index("--target") + 1] in TARGETS
        elif "--config" in words:
            assert (ROOT / words[words.index("--config") + 1]).is_file()
    (quoted,) = re.findall(r"`--set '(.+?)'`", TEXT)
    assert load(assignments=[quoted]).beam.args == ("--experiments=use_runner_v2",)


def test_modules_exist_and_ports_agree() -> None:
    for words in MODULES:
        name = words[words.index("-m") + 1]
        assert importlib.util.find_spec(name), name
    (portable,) = [
        beam for text in SETTINGS if (beam := yaml.safe_load(text)["beam"]).get("runner") == "portable"
    ]
    (prism,) = PRISM
    assert prism[2].endswith(f"/prism@v{parts.PRISM}")
    assert prism[prism.index("-job_port") + 1] == portable["portable"]["endpoint"].rpartition(":")[2]
    (pool,) = MODULES
    assert f"--service_port={portable['worker']['pool'].rpartition(':')[2]}" in pool
    (worker,) = blocks("bash", PAGE)
    (module,) = re.findall(r"-m (\S+)", worker)
    assert importlib.util.find_spec(module), module


def test_the_image_is_based_on_that_of_the_steps() -> None:
    (steps,) = [words for words in IMAGES if words[0] == "deploy/docker/pipeline/build.sh"]
    (build,) = [words for words in IMAGES if words[1] == "build"]
    (push,) = [words for words in IMAGES if words[1] == "push"]
    assert build[build.index("--build-arg") + 1] == f"STEPS={steps[-1]}"
    image = build[build.index("--tag") + 1]
    assert push[-1] == image
    assert image in {yaml.safe_load(text)["beam"].get("worker", {}).get("image") for text in SETTINGS}
    assert build[-1] == "deploy/docker/beam"
    beam, _ = parent_images("beam")
    locked = (ROOT / "deploy/docker/pipeline/requirements.lock").read_text(encoding="utf-8")
    (version,) = re.findall(r"^apache-beam(?:\[\w+\])?==([\d.]+)", locked, flags=re.MULTILINE)
    assert beam == f"docker.io/apache/beam_python3.10_sdk:{version}"
    assert of(stages("beam")[-1], "ENTRYPOINT")[0].arguments == ["/opt/apache/beam/boot"]
