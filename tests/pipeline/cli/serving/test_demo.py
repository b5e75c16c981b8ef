"""`tagline demo`, as its users start and end it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.serving import tiny_model

PROGRAM = Path(sys.executable).with_name("tagline")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The versions 1 to 4 of a model that is one and the same."""
    folder = tmp_path_factory.mktemp("demo")
    tiny_model.export(folder / "tagger" / "1", "PER", signatures=("decode_text", "explain"))
    for version in "234":
        shutil.copytree(folder / "tagger" / "1", folder / "tagger" / version)
    return folder


@contextmanager
def demo(models: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running `tagline demo` and its page's address."""
    command = [PROGRAM, "demo", "--no-open", "--set", f"serving.models={models}", *arguments]
    # Its own group, as in a shell: Ctrl-C there reaches the server too.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().split()[0]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(30)
        process.stdout.close()


def models_at(address: str) -> list[dict[str, Any]]:
    with urlopen(f"{address}demo/models.json") as response:
        return json.load(response)["models"]


def versions(address: str) -> set[str]:
    """Those that answer."""
    [model] = models_at(address)
    return {each["version"] for each in model["versions"] if each["state"] == "AVAILABLE"}


def test_it_shows_the_page_with_the_newest_versions_and_ends_with_ctrl_c(models: Path) -> None:
    with demo(models) as (process, address):
        with urlopen(address) as response:
            assert b"<title>Tagline</title>" in response.read()
        give_up = time.monotonic() + 30
        while (listed := versions(address)) != {"2", "3", "4"} and time.monotonic() < give_up:
            time.sleep(0.1)
        assert listed == {"2", "3", "4"}
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) == 0
    assert not (models / "tagger" / "models.config").exists()


def test_it_shows_the_versions_that_were_promoted(models: Path, tmp_path: Path) -> None:
    for version in "12":
        shutil.copytree(models / "tagger" / version, tmp_path / "tagger" / version)
    (tmp_path / "tagger" / "models.config").write_text(
        f'model_config_list {{ config {{ name: "tagger" base_path: "{tmp_path}/tagger" model_platform: "tensorflow" '
        'model_version_policy { specific { versions: 1 } } version_labels { key: "stable" value: 1 } } }'
    )
    with ExitStack() as stack:
        # The usual port is taken, by this or by another.
        with suppress(OSError):
            stack.enter_context(socket.create_server(("127.0.0.1", 8501)))
        _, address = stack.enter_context(demo(tmp_path))
        assert not address.endswith(":8501/")
        assert models_at(address)[0]["labels"] == {"stable": "1"}
        assert versions(address) == {"1"}


def test_a_taken_port_is_reported(models: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [PROGRAM, "demo", "--no-open", "--port", str(port), "--set", f"serving.models={models}"],
            capture_output=True,
            text=True,
        )
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_start_that_takes_too_long_or_is_interrupted(models: Path) -> None:
    command = [PROGRAM, "demo", "--no-open", "--set", f"serving.models={models}"]
    done = subprocess.run([*command, "--wait", "0.1"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "the server process was not ready after 0.1 s; give it more time" in done.stderr
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    # The server is a child of the command's.
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not (started := children.read_text().split()):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, shown = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in shown) == (130, False)
    assert not Path("/proc", started[0]).exists()


def test_a_missing_model_is_reported_with_a_remedy(tmp_path: Path) -> None:
    done = subprocess.run(
        [PROGRAM, "demo", "--no-open", "--set", f"serving.models={tmp_path}"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert (
        "found no version of a model; `tagline run` of the same settings trains and pushes one" in done.stderr
    )
