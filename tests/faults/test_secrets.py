"""Secrets in the environment appear in nothing that a run, a compiled pipeline or a server writes or prints."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from benchmarks.compile import NEEDS
from pipeline.cluster.pipelines_api import TOKEN
from serving.server.process import start_server_process
from tests.docs.documents import ROOT
from tests.faults.conftest import Faults
from tests.pipeline.test_end_to_end import assignments, write_corpus
from tests.serving import tiny_model

SECRET = "correct-horse-battery-staple"
VARIABLES = (TOKEN, "AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY_PASSWORD", "DATABASE_PASSWORD", "GITHUB_TOKEN")


def _tagline(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli.app", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **dict.fromkeys(VARIABLES, SECRET)},
        check=False,
    )
    assert done.returncode in (0, 3), done.stderr[-2000:]
    return done.stdout + done.stderr


def _holding(folder: Path) -> list[str]:
    """The files below a folder that hold the secret, packed ones unpacked."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = zlib.decompressobj(wbits=31).decompress(content)
        if SECRET.encode() in content:
            found.append(str(path.relative_to(folder)))
    return found


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text(f"x {SECRET}")
    (tmp_path / "packed").write_bytes(gzip.compress(SECRET.encode()))
    (tmp_path / "none").write_text("x")
    assert _holding(tmp_path) == ["packed", "plain"]


def test_a_run(tmp_path: Path, faults: Faults) -> None:
    write_corpus(tmp_path / "corpus")
    chosen = assignments(tmp_path, "trainer.epochs=1", "evaluation.floor=0")
    with faults.tried(len(VARIABLES)):
        assert SECRET not in _tagline("run", *(word for each in chosen for word in ("--set", each)))
        assert (tmp_path / "runs").is_dir()
        assert _holding(tmp_path) == []


@pytest.mark.parametrize("target", ["kubeflow", "kubeflow-v2"])
def test_a_compiled_pipeline(tmp_path: Path, faults: Faults, target: str) -> None:
    written = tmp_path / "pipeline.yaml"
    needs = [word for each in NEEDS[target] for word in ("--set", each)]
    with faults.tried(len(VARIABLES)):
        assert SECRET not in _tagline(
            "compile", "--config", "configs/sample.yaml", "--target", target, "--output", str(written), *needs
        )
        assert written.is_file()
        assert _holding(tmp_path) == []


def test_a_server(tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, SECRET)
    tiny_model.export(tmp_path / "models" / "1", signatures=("decode",))
    with (
        faults.tried(len(VARIABLES)),
        start_server_process(
            tmp_path / "models", "tiny", tmp_path / "log", 120, rest_api_port=-1, extra_flags=["--demo"]
        ),
    ):
        pass
    assert _holding(tmp_path) == []
