"""`tagline doctor`: its lines, its JSON and its exit code; it changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from files.lock import held


def doctor(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    places = (f"pipeline.root={folder}/runs", f"serving.models={folder}/models")
    program = [sys.executable, "-X", "importtime", "-m", "pipeline.cli.app", "doctor", *arguments]
    command = [*program, *(word for place in places for word in ("--set", place))]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "COLUMNS": "80"})


def test_an_empty_place_is_fine_and_stays_empty(tmp_path: Path) -> None:
    done = doctor(tmp_path)
    assert done.returncode == 0
    assert all(
        line.split()[0] in ("ok", "warning", "do:") for line in done.stdout.splitlines() if line[0] != " "
    )
    assert list(tmp_path.iterdir()) == []
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {"tensorflow", "tfx", "apache_beam"}


def test_an_error_is_exit_code_1_and_a_warning_is_not(tmp_path: Path) -> None:
    version, run_dir = tmp_path / "models" / "tagger" / "1", tmp_path / "runs" / "tagger"
    version.mkdir(parents=True)
    (version / "saved_model.pb").touch()
    with held(run_dir / ".lock"):
        warned = doctor(tmp_path, "--json")
    assert warned.returncode == 0
    document = json.loads(warned.stdout)
    assert document["worst"] == "warning"
    found = {(one["what"], one["state"]): one for one in document["findings"]}
    assert found["lock", "ok"]["found"] == f"{run_dir}/.lock: held by process {os.getpid()}"
    assert found["version 1", "warning"]["remedy"] == "push it by `tagline run`"
    (version / "manifest.json").touch()
    broken = doctor(tmp_path)
    assert broken.returncode == 1
    assert "error" in broken.stdout
    assert "push the model again" in broken.stdout
