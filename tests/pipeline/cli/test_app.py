"""The command line: a help that imports little, exact messages and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.runs.outcome import Outcome

COMMANDS = (
    "run", "check", "convert", "serve", "demo", "decode", "predict", "status", "doctor", "models", "report",
    "tensorboard", "compile", "submit", "execute", "cluster",
)  # fmt: skip
HEAVY = ("tensorflow", "tfx", "numpy", "apache_beam", "ml_metadata", "matplotlib", "grpc")

CLEAN = "Ann\tB-PER\nsings\tO\n\nin\tO\nRome\tB-LOC\n"


def tagline(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The installed command, on a terminal too wide to break lines."""
    program = Path(sys.executable).with_name("tagline")
    return subprocess.run(
        [program, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
    )


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        (folder / f"{split}.conll").write_text(CLEAN)
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path) -> tuple[str, ...]:
    """Settings of a place where nothing has run."""
    return ("--set", f"pipeline.root={tmp_path}/runs", "--set", f"serving.models={tmp_path}/models")


def test_help_imports_nothing_heavy() -> None:
    program = f"""
import sys
from typer.testing import CliRunner
from pipeline.cli.app import app
for command in {COMMANDS!r}:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0, (command, result.output)
    print(len(result.output) > 200, [name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True []"] * len(COMMANDS)


def test_help_names_every_command() -> None:
    done = tagline("--help")
    assert done.returncode == 0
    assert all(f" {command} " in done.stdout for command in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--set", "trainer.epoch=3"), "error: trainer.epoch: no such setting; did you mean epochs?"),
        (("--set", "trainer.epochs=many"), "error: trainer.epochs: expected `int`, got `str`; found 'many'"),
        (("--set", "beam.args=[[1]]"), "error: beam.args[0]: expected `str`"),
        (
            ("--set", "name=123"),
            "error: name: expected a letter, then at most 62 letters, digits, - and _, such as",
        ),
        (("--set", "trainer"), "error: --set trainer: expected KEY=VALUE"),
        (("--config", "[/nowhere].yaml"), "error: [/nowhere].yaml: no such file; expected a settings file"),
    ],
)
def test_bad_settings_are_a_message_and_exit_code_2(arguments: tuple[str, ...], message: str) -> None:
    done = tagline("status", *arguments)
    assert done.returncode == 2
    # One line, whatever brackets it holds, and no traceback.
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


REFUSED_AT_ONCE = [
    (("run", "--set", "pipeline.root={file}"), "pipeline.root: found {file}/tagger, which cannot be written to"),
    (("run", "--set", "serving.models={file}"), "serving.models: found {file}/tagger, which cannot be written to"),
    (("run", "--set", "trainer.vectors={none}"), "trainer.vectors: {none}: found no file"),
    (("run", "--set", "schema={none}"), "schema: found {none}; expected a file"),
    (("tune", "--set", "pipeline.root={file}"), "pipeline.root: found {file}/tagger, which cannot be written to"),
    (("tune", "--output", "{file}/best.yaml"), "--output: found {file}, which cannot be written to"),
    (("check", "--fix", "{file}/copy"), "--fix: found {file}, which cannot be written to"),
    (("compile", "--output", "{file}/a.yaml"), "--output: found {file}, which cannot be written to"),
    (("predict", "--input", "{none}", "--output", "{file}/a"), "{none}: no such file or folder"),
    (("predict", "--input", "{file}", "--output", "{file}/a"), "--output: found {file}/a, which cannot be written to"),
    (("execute", "--spec", "{none}"), "--spec: found no {none}"),
    (("decode", "--file", "{none}"), "{none}: cannot be read (No such file or directory)"),
    (("decode", "--tls-ca", "{none}", "--target", "localhost:1", "a"), "tls: root_certificates {none}: cannot be read"),
    (("serve", "--ssl_config_file", "{none}"), "--ssl_config_file: found no file {none}"),
    (("models", "promote", "1", "--set", "serving.models={none}"), "{none}/tagger: no such folder"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), REFUSED_AT_ONCE)
def test_a_wrong_path_is_refused_before_tensorflow_is_imported(
    arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    places = {"file": tmp_path / "file", "none": tmp_path / "none"}
    places["file"].touch()
    words = [word.format(**places) for word in arguments]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", Path(sys.executable).with_name("tagline"), *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"},
    )
    shown = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert done.returncode == 2
    assert len(shown) == 1
    assert message.format(**places) in shown[0]
    assert not any(line.endswith(("| tensorflow", "| tfx")) for line in done.stderr.splitlines())
    assert sorted(tmp_path.iterdir()) == [places["file"]]


def test_a_clean_corpus_passes(corpus: Path) -> None:
    done = tagline("check", corpus)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "no errors"
    assert "tags read as: BIO" in done.stdout


def test_errors_come_with_file_and_line(corpus: Path) -> None:
    (corpus / "train.conll").write_text(f"{CLEAN}\nonly-a-token\n")
    done = tagline("check", corpus)
    assert done.returncode == 2
    assert "train.conll:7: " in done.stdout
    assert done.stdout.splitlines()[-1] == "1 error"


def test_the_findings_as_json(corpus: Path) -> None:
    clean = tagline("check", corpus, "--json")
    assert clean.returncode == 0
    assert json.loads(clean.stdout)["splits"]["train"]["sentences"] == 2
    (corpus / "train.conll").write_text(f"{CLEAN}\nonly-a-token\n")
    bad = tagline("check", corpus, "--json")
    assert bad.returncode == 2
    (first, *_) = json.loads(bad.stdout)["findings"]
    assert (first["severity"], first["line"]) == ("error", 7)


@pytest.mark.parametrize("name", ["my #1 corpus", "2024", "a: b", "[x]", "null", "größe 🙂"])
def test_a_path_is_taken_as_it_is(corpus: Path, tmp_path: Path, name: str) -> None:
    corpus.rename(tmp_path / name)
    done = tagline("check", name, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{name}\n")
    assert "tags read as: BIO" in done.stdout


def test_a_missing_corpus_is_bad_input(tmp_path: Path, elsewhere: tuple[str, ...]) -> None:
    for command in (("check", tmp_path / "none"), ("run", "--data", tmp_path / "none", *elsewhere)):
        done = tagline(*command)
        assert done.returncode == 2
        assert str(tmp_path / "none") in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_a_bad_corpus_is_reported_before_anything_is_written(
    corpus: Path, tmp_path: Path, elsewhere: tuple[str, ...]
) -> None:
    (corpus / "dev.conll").write_text("only-a-token\n")
    done = tagline("run", "--data", corpus, *elsewhere)
    assert done.returncode == 2
    assert "dev.conll:1: " in done.stdout
    assert "bad input: 1 error in the corpus; nothing was run" in done.stdout
    assert not (tmp_path / "runs").exists()


def test_status_without_a_run(tmp_path: Path, elsewhere: tuple[str, ...]) -> None:
    done = tagline("status", *elsewhere, "--set", "name=fresh")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "fresh: no run has finished yet; `tagline run` starts one",
        f"nothing is pushed to {tmp_path}/models/fresh",
    ]


def test_status_of_a_run_and_of_versions(tmp_path: Path, elsewhere: tuple[str, ...]) -> None:
    run_dir = tmp_path / "runs" / "tagger"
    run_dir.mkdir(parents=True)
    seconds, came_out = (
        {"Trainer": 2.0, "BlessedStatistics": 0.1},
        {"Trainer": "F1 [x]", "BlessedStatistics": "y"},
    )
    Outcome("R1", seconds, [], came_out, "", False, ["too [low]"], "", "").save(run_dir)
    about = {"pushed_at": "2026-01-01", "metrics": {"primary": 0.8125}, "files": {"a": "0"}}
    for number, text in (("2", json.dumps(about)), ("10", None)):
        version = tmp_path / "models" / "tagger" / number
        version.mkdir(parents=True)
        (version / "saved_model.pb").touch()
        if text:
            (version / "manifest.json").write_text(text)
    lines = tagline("status", *elsewhere).stdout.splitlines()
    assert lines[0] == "tagger  last finished run R1"
    assert "  Trainer            F1 [x]  2.0 s" in lines
    assert "  BlessedStatistics  y  0.1 s" in lines
    assert "refused too [low]" in lines
    rows = [line.split() for line in lines[-2:]]
    # The newest first; one was put there by hand.
    assert rows == [["10", "not", "by", "tagline", "0"], ["2", "2026-01-01", "0.8125", "1"]]


def test_status_where_the_last_run_and_a_manifest_are_damaged(
    tmp_path: Path, elsewhere: tuple[str, ...]
) -> None:
    run_dir, version = tmp_path / "runs" / "tagger", tmp_path / "models" / "tagger" / "2"
    for path in (run_dir / "last_run.json", version / "saved_model.pb", version / "manifest.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    done = tagline("status", *elsewhere)
    assert done.returncode == 0
    assert f"{run_dir}/last_run.json: not the record of a run" in done.stdout
    assert done.stdout.splitlines()[-1].split()[0] == "2"
    assert f"{version}/manifest.json: not the JSON of a manifest" in done.stderr


def test_report_without_a_run(tmp_path: Path, elsewhere: tuple[str, ...]) -> None:
    done = tagline("report", *elsewhere)
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"error: {tmp_path}/runs/tagger: no report there; `tagline run` of the same"
    )


def test_report_of_a_run(tmp_path: Path, elsewhere: tuple[str, ...]) -> None:
    page = tmp_path / "runs" / "tagger" / "index.html"
    page.parent.mkdir(parents=True)
    page.touch()
    Outcome("R1", {}, [], {}, "", False, [], str(page), "").save(page.parent)
    done = tagline("report", *elsewhere)
    assert (done.returncode, done.stdout) == (0, f"{page}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("decode", "Hello"), "tagger: found no version; expected a version; `tagline run` pushes one"),
        (("decode",), "tagline decode: give either texts or --file"),
        (("decode", "Hello", "--format", "xml"), "--format: found 'xml'; expected one of text, jsonl, conll"),
        (("predict", "-i", "none.txt", "-o", "out.jsonl"), "none.txt: no such file or folder; check --input"),
        (("predict", "-i", "none.txt", "-o", "out.csv"), "--output out.csv: expected a folder, or a name"),
        (
            ("predict", "-i", "none.txt", "-o", "out", "--format", "xml"),
            "--format: found 'xml'; expected one of",
        ),
        (("report", "--list"), "/runs/tagger: no run there; `tagline run` with the same settings starts one"),
        (("report", "--list", "--compare", "1", "2"), "--list and --compare: expected one of them"),
        (("report", "--json"), "--json: expected --list with it"),
        (("tensorboard",), "no training has written its curves there; `tagline run` of the same settings"),
        (
            ("compile", "-o", "x", "--target", "mars"),
            "--target: found 'mars'; expected one of kubeflow-v2, kubeflow",
        ),
    ],
)
def test_illegal_options_are_refused(
    elsewhere: tuple[str, ...], arguments: tuple[str, ...], message: str
) -> None:
    done = tagline(*arguments, *elsewhere)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_decode_without_a_server_behind_the_target(elsewhere: tuple[str, ...]) -> None:
    done = tagline("decode", "Hello", "--target", "localhost:1", "--timeout", "0.2", *elsewhere)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "localhost:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pushed_model_that_does_not_load(tmp_path: Path, elsewhere: tuple[str, ...]) -> None:
    broken = tmp_path / "models" / "tagger" / "1"
    broken.mkdir(parents=True)
    (broken / "saved_model.pb").write_bytes(b"no graph")
    done = tagline("decode", "Hello", *elsewhere)
    assert done.returncode == 1
    assert "error: the server process " in done.stderr
    assert "Traceback" not in done.stderr.split("the end of its log")[0]


STEPS = {
    "CorpusGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "BlessedStatistics", "CorpusGate", "Transform",
    "CrfsuiteBaseline", "Trainer", "Baseline", "Evaluator", "Predictor", "ServingCheck", "ModelGate", "AtomicPusher",
    "Report",
}  # fmt: skip


@pytest.mark.slow
def test_compile_for_kubeflow(tmp_path: Path) -> None:
    output = tmp_path / "build" / "pipeline.yaml"
    done = tagline("compile", "--output", output, "--data", "corpus", "--set", "kubeflow.image=me/tagline:7")
    assert (done.returncode, done.stdout) == (0, f"wrote {output} for kubeflow-v2\n")
    (note,) = done.stderr.splitlines()
    assert note.startswith(
        "note: pipeline.root is runs, on a volume: checkpoints go there, and artifacts to minio://"
    )
    spec, _ = yaml.safe_load_all(output.read_text())
    assert spec["root"]["dag"]["tasks"].keys() == STEPS
    executors = spec["deploymentSpec"]["executors"].values()
    assert {executor["container"]["image"] for executor in executors} == {"me/tagline:7"}


@pytest.mark.slow
def test_compile_for_kubeflows_older_api(tmp_path: Path) -> None:
    output = tmp_path / "build" / "pipeline.yaml"
    done = tagline("compile", "--target", "kubeflow", "--output", output, "--data", "corpus",
                   "--set", "kubeflow.image=me/tagline:7")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    workflow = yaml.safe_load(output.read_text())
    assert workflow["kind"] == "Workflow"
    containers = {t["name"]: t["container"] for t in workflow["spec"]["templates"] if "container" in t}
    assert containers.keys() == {step.lower() for step in STEPS}
    assert {container["image"] for container in containers.values()} == {"me/tagline:7"}


def test_a_corpus_of_this_machine_is_not_compiled_for_a_cluster(tmp_path: Path, corpus: Path) -> None:
    done = tagline("compile", "--output", tmp_path / "x.yaml", "--data", corpus)
    assert done.returncode == 2
    assert f"error: data: found {corpus}; expected a relative path (below the first volume of" in done.stderr
    assert not (tmp_path / "x.yaml").exists()
