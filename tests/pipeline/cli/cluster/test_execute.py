"""`tagline execute`, as a process."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from components.corpus_gate.verdict import CorpusGateVerdict
from components.serving_check.verdict import ServingVerdict
from components.verdict import Rule, Verdict
from corpus.checks.report import Report
from serving.registry.manifest import manifest
from tests.pipeline.execution.shell_specs import spec, task

ROOT = Path(__file__).resolve().parents[4]
PROGRAM = str(Path(sys.executable).with_name("tagline"))


def tagline(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb", "OF_THIS_SHELL": "1"}
    command = [PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env)


def execute(job: dict[str, Any], folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "job.json").write_text(json.dumps(job))
    return tagline("execute", "--spec", "job.json", *options, cwd=folder)


# Variables that a shell sets by itself.
OF_SH = {"PWD", "SHLVL", "_", "OLDPWD"}
SEEN = """
import json, os, sys
import pipeline.cli.app
with open(sys.argv[1], "w") as file:
    json.dump({"env": dict(os.environ), "code": pipeline.cli.app.__file__, "cwd": os.getcwd(),
               "writable": [p for d, _, fs in os.walk(os.getcwd()) for p in [d, *(os.path.join(d, f) for f in fs)]
                            if os.stat(p).st_mode & 0o222]}, file)
"""


def test_a_step_sees_a_copy_of_the_code_and_a_clean_environment(tmp_path: Path) -> None:
    job = spec(env={"GIVEN": "/tagline/x"}, a=task('exec python -c "$0" "$1"', SEEN, "/tagline/seen.json"))
    done = execute(job, tmp_path, "--mount", f"/tagline={tmp_path}/v", "--work", "w")
    assert done.returncode == 1, done.stdout
    # The mounted folder is nothing that a step makes.
    (tmp_path / "v").mkdir()
    done = execute(job, tmp_path, "--mount", f"/tagline={tmp_path}/v", "--work", "w", "--keep")
    assert done.returncode == 0, done.stderr
    seen = json.loads((tmp_path / "v" / "seen.json").read_text())
    assert set(seen["env"]) - OF_SH == {
        "PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONUNBUFFERED", "GIVEN",
    }  # fmt: skip
    assert seen["env"]["GIVEN"] == f"{tmp_path}/v/x"
    code = Path(seen["cwd"])
    assert Path(seen["code"]) == code / "pipeline" / "cli" / "app.py"
    assert not code.is_relative_to(ROOT)
    assert seen["writable"] == []
    assert str(code) in done.stderr
    assert (code / "pipeline" / "cli" / "app.py").read_bytes() == (
        ROOT / "pipeline" / "cli" / "app.py"
    ).read_bytes()
    from pipeline.execution.image import remove_code

    remove_code(code)
    assert not code.exists()


def test_a_failure_is_reported_with_a_remedy(tmp_path: Path) -> None:
    job = spec(first=task("true"), broken=task("echo the cause; exit 3", after=("first",)))
    done = execute(job, tmp_path, "--work", "w")
    assert done.returncode == 1
    assert [line.split()[1:3] for line in done.stdout.splitlines()] == [
        ["first", "started"], ["first", "finished"], ["broken", "started"], ["broken", "failed"],
    ]  # fmt: skip
    assert "error: step broken ended with exit code 3" in done.stderr
    assert str(tmp_path / "w" / "logs" / "broken.log") in done.stderr
    assert "    the cause\n" in done.stderr
    assert "tagline execute --spec job.json --work w" in done.stderr


def test_finished_steps_are_reported(tmp_path: Path) -> None:
    job = spec(a=task("true"))
    assert "done; no step pushed a model" in execute(job, tmp_path).stdout
    assert (tmp_path / "build" / "execute" / "shells" / "logs" / "a.log").exists()
    again = execute(job, tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert "all 1 steps of shells are finished; --fresh begins a new run" in again.stdout
    assert "started" in execute(job, tmp_path, "--fresh").stdout


def _pushing(folder: Path, metadata: dict[str, Any]) -> dict[str, Any]:
    """All gates, with a verdict each, and a pusher that says this."""
    rules = [
        Rule(name="floor", words="entity F1 is 0.1, less than 0.75", passed=False),
        Rule(name="calibration", words="calibrated", passed=True),
    ]
    verdicts = {
        "corpus": CorpusGateVerdict.of(Report(findings=[], counts={}, splits={})),
        "serving": ServingVerdict(
            blessed=False, reasons=["no answer"], answers=0, median_ms=None, seconds_to_ready=None, rules=[]
        ),
        "model": Verdict.of("ModelGate", rules),
    }
    gates = {
        gate: task(
            'mkdir "$0"; echo "$1" > "$0/verdict.json"',
            "{{$.outputs.artifacts['blessing'].path}}",
            verdict.to_json(),
            makes=("blessing",),
        )
        for gate, verdict in verdicts.items()
    }
    output = {"artifacts": {"pushed_model": {"artifacts": [{"metadata": metadata}]}}}
    output_file = folder / "w" / "steps" / "push" / "outputs" / "executor_output.json"
    return spec(
        **gates,
        push=task(
            'echo "$0" > "$1"',
            json.dumps(output),
            str(output_file),
            after=tuple(gates),
            makes=("pushed_model",),
        ),
    )


def test_a_refused_model_is_exit_code_3_and_the_reasons(tmp_path: Path) -> None:
    done = execute(_pushing(tmp_path, {"pushed": 0}), tmp_path, "--work", "w")
    assert done.returncode == 3
    *reasons, last = done.stderr.splitlines()
    assert sorted(reasons) == ["refused: entity F1 is 0.1, less than 0.75", "refused: no answer"]
    assert last == "not pushed: a gate refused the model"
    assert execute(_pushing(tmp_path, {"pushed": 0}), tmp_path, "--work", "w").returncode == 3


def test_the_command_to_decode_with_the_pushed_model_is_printed(tmp_path: Path) -> None:
    pushed = {"pushed": 1, "pushed_destination": str(tmp_path / "models" / "mine" / "4")}
    done = execute(_pushing(tmp_path, pushed), tmp_path, "--work", "w")
    assert done.returncode == 0
    assert 'tagline decode --set name=mine --set serving.models=models "A sentence' in done.stdout


def test_nothing_outlives_a_step(tmp_path: Path) -> None:
    job = spec(a=task('sleep 600 & echo $! > "$0"', f"{tmp_path}/child"))
    assert execute(job, tmp_path).returncode == 0
    assert not _alive(int((tmp_path / "child").read_text()))


def test_bad_input(tmp_path: Path) -> None:
    assert tagline("execute", "--spec", "gone.json", cwd=tmp_path).returncode == 2
    done = execute(spec(a=task("true")), tmp_path, "--mount", "x")
    assert done.returncode == 2
    assert "error: --mount x: expected PATH=DIR" in done.stderr


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--engine", "podman"), "--engine: found podman without --image"),
        (("--image", "x", "--keep"), "--keep: found it with --image"),
        (("--image", "x", "--engine", "lxc"), "--engine: found 'lxc'; expected one of docker, podman"),
    ],
)
def test_options_of_containers_that_do_not_go_together(
    options: tuple[str, ...], error: str, tmp_path: Path
) -> None:
    done = execute(spec(a=task("true")), tmp_path, *options)
    assert done.returncode == 2
    assert f"error: {error}" in done.stderr


def test_a_run_in_an_image_is_not_resumed_by_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It stands for an engine: it runs what the container would.
    podman = tmp_path / "bin" / "podman"
    podman.parent.mkdir()
    podman.write_text(
        '#!/bin/sh\n[ "$1" = run ] || exit 0\nshift\n'
        'while [ "$1" != x ]; do case "$1" in --entrypoint=*) program=${1#*=} ;; esac; shift; done\nshift\n'
        'exec "$program" "$@"\n'
    )
    podman.chmod(0o755)
    monkeypatch.setenv("PATH", f"{podman.parent}:{os.environ['PATH']}")
    job = spec(a=task("echo in; exit 0"), b=task("exit 1", after=("a",)))
    done = execute(job, tmp_path, "--work", "w", "--image", "x", "--engine", "podman")
    assert (done.returncode, (tmp_path / "w" / "logs" / "a.log").read_text()) == (1, "in\n"), done.stderr
    done = execute(job, tmp_path, "--work", "w")
    assert done.returncode == 2
    assert "or in another image; --fresh begins a new one" in done.stderr


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_steps(sent: signal.Signals, tmp_path: Path) -> None:
    job = spec(
        a=task('sleep 600 & echo $! > "$0"; echo $$ > "$1"; wait', f"{tmp_path}/child", f"{tmp_path}/shell")
    )
    (tmp_path / "job.json").write_text(json.dumps(job))
    process = subprocess.Popen(
        [PROGRAM, "execute", "--spec", "job.json"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    files = [tmp_path / "child", tmp_path / "shell"]
    while process.poll() is None and not all(file.exists() and file.read_text() for file in files):
        time.sleep(0.05)
    process.send_signal(sent)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command resumes after the last finished step" in errors
    for file in files:
        assert not _alive(int(file.read_text()))


def _alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_compiled_pipeline_pushes_a_model_that_answers(tmp_path: Path) -> None:
    """Twice: what the second run is measured against is what the first pushed."""
    volume = tmp_path / "volume"
    corpus = volume / "sample" / "corpus"
    shutil.copytree(ROOT / "sample" / "corpus", corpus)
    first = _run("first", tmp_path)
    assert _made(first, "Baseline", "model")["metadata"]["found"] == 0
    assert _made(first, "BlessedStatistics", "statistics")["metadata"]["found"] == 0
    models = volume / "serving_models" / "sample"
    decoded = tagline(
        "decode", "--set", "name=sample", "--set", "serving.models=volume/serving_models", "--format", "jsonl",
        "Anna Keller flew to Oslo.", cwd=tmp_path,
    )  # fmt: skip
    assert decoded.returncode == 0, decoded.stderr
    answer = json.loads(decoded.stdout)
    assert [token["text"] for token in answer["tokens"]] == ["Anna", "Keller", "flew", "to", "Oslo", "."]
    assert all(token["tag"] for token in answer["tokens"])

    # Other data, so that there are statistics of the blessed model's to compare with.
    train = corpus / "train.conll"
    train.write_text(train.read_text(encoding="utf-8").rpartition("\n\n")[0].rpartition("\n\n")[0] + "\n\n")
    second = _run(
        "second", tmp_path, "--set", "evaluation.allowed_fall=0.9", "--set", "trainer.warm_start=true"
    )
    assert _made(second, "BaseModel", "model")["metadata"]["found"] == 1
    baseline = _made(second, "Baseline", "model")
    assert baseline["metadata"]["found"] == 1
    pushed = manifest(models / "1")["files"]
    (model,) = Path(baseline["uri"]).rglob("saved_model.pb")
    assert hashlib.sha256(model.read_bytes()).hexdigest() == pushed["saved_model.pb"]
    statistics = _made(second, "BlessedStatistics", "statistics")
    assert statistics["metadata"]["found"] == 1
    assert sorted(json.loads(statistics["metadata"]["split_names"])) == ["dev", "test", "train"]
    assert _made(second, "AtomicPusher", "pushed_model")["metadata"]["pushed_version"] == 2
    assert (models / "2" / "saved_model.pb").is_file()
    # The back end's id of the run, where people look for it.
    for work, version in ((first, "1"), (second, "2")):
        run = json.loads((work / "run.json").read_text())["run"]
        assert manifest(models / version)["run_id"] == run
        (page,) = Path(_made(work, "Report", "report")["uri"]).glob("index.html")
        assert run in page.read_text(encoding="utf-8")


def _run(name: str, folder: Path, *settings: str) -> Path:
    """Compile the sample pipeline and execute every step of it; where its record and logs are."""
    # Too short a training for a comparison with CRFsuite, which is skipped as on a large corpus.
    quick = (
        "--set", "trainer.epochs=2", "--set", "evaluation.floor=0.01", "--set", "evaluation.crfsuite.max_tokens=1",
    )  # fmt: skip
    compiled = tagline(
        "compile", "--config", ROOT / "configs" / "sample.yaml", *quick, *settings,
        "--target", "kubeflow-v2", "--output", f"{name}.json", cwd=folder,
    )  # fmt: skip
    assert compiled.returncode == 0, compiled.stderr
    done = tagline(
        "execute", "--spec", f"{name}.json", "--mount", "/tagline=volume", "--work", name, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    tasks = json.loads((folder / f"{name}.json").read_text())["root"]["dag"]["tasks"]
    finished = [line.split()[1] for line in done.stdout.splitlines() if line.split()[2:3] == ["finished"]]
    assert sorted(finished) == sorted(tasks)
    assert "tagline decode --set name=sample --set serving.models=volume/serving_models" in done.stdout
    return folder / name


def _made(work: Path, step: str, key: str) -> dict[str, Any]:
    kept = json.loads((work / "run.json").read_text())["finished"]
    made: dict[str, Any] = kept[step]["artifacts"][key]
    return made
