"""The server image's health check, run against a server."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.k8s.server.overlay import models_config
from serving.registry import model_config
from serving.server.flags import ANY_FREE_PORT, Flags
from tests.deploy.docker.dockerfiles import DOCKER
from tests.serving import tiny_model
from tests.serving.running import running

READY = DOCKER / "server/ready.sh"


@pytest.fixture(scope="module")
def rest_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The REST port of a server of model `tagger`, version 7."""
    models = tmp_path_factory.mktemp("served")
    tiny_model.export(models / "7", "PER")
    flags = Flags(model_base_path=str(models), model_name="tagger", port=0, rest_api_port=ANY_FREE_PORT)
    with running(flags) as server:
        assert server.rest_port
        yield server.rest_port


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "models.config"


def ready(config: Path, port: int) -> subprocess.CompletedProcess[str]:
    """Run the health check as the container does, but for file and port."""
    return subprocess.run(
        [str(READY), str(config), str(port)], capture_output=True, text=True, timeout=30, check=False
    )


def test_the_script_is_executable_by_the_images_shell() -> None:
    assert os.access(READY, os.X_OK)
    assert READY.read_text(encoding="utf-8").startswith("#!/bin/bash\n")


def test_a_model_that_can_answer_is_ready(rest_port: int, config: Path) -> None:
    config.write_text("# name: 'none'\n" + models_config("tagger"), encoding="utf-8")
    done = ready(config, rest_port)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_config_that_tagline_models_writes_is_read(rest_port: int, config: Path) -> None:
    labelled = model_config.new(config.parent, "tagger").serving(model_config.Served.just([7], {"stable": 7}))
    config.write_text(labelled.text(), encoding="utf-8")
    assert ready(config, rest_port).returncode == 0


def test_one_missing_model_of_several_is_not_ready(rest_port: int, config: Path) -> None:
    config.write_text(models_config("tagger") + models_config("other"), encoding="utf-8")
    done = ready(config, rest_port)
    assert done.returncode == 1
    assert re.fullmatch(r"model other is not ready: HTTP/1\.\d 404 .*\n", done.stdout)


def test_a_closed_port_is_not_ready(config: Path) -> None:
    config.write_text(models_config("tagger"), encoding="utf-8")
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        done = ready(config, port)
    assert (done.returncode, done.stdout) == (1, f"no server listens on port {port} yet\n")


def test_a_config_without_models_is_not_ready(config: Path) -> None:
    config.write_text("model_config_list { }\n", encoding="utf-8")
    done = ready(config, 1)
    assert done.returncode == 1
    assert "names no model" in done.stdout
    assert ready(config.with_name("missing.config"), 1).returncode == 1
