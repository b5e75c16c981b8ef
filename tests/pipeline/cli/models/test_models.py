"""`tagline models` from the command line, without a server: start-up, messages and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.registry import pushing
from tests.serving.keys import write_keys

HEAVY = ("tensorflow", "tfx", "numpy", "apache_beam")
COMMANDS = ("promote", "canary", "uncanary", "rollback", "follow", "history", "verify", "sign", "config")
# A port where nothing answers.
NOBODY = "localhost:1"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Two versions as a push makes them, one that somebody has put there."""
    source = tmp_path / "model"
    source.mkdir()
    (source / "saved_model.pb").write_bytes(b"graph")
    base = tmp_path / "models" / "tagger"
    for number, score in ((1, 0.8125), (2, 0.875)):
        about = {"pushed_at": f"2026-01-0{number}", "metrics": {"primary": score}}
        pushing.push(source, base, number, extra={}, about=about)
    (base / "3").mkdir()
    (base / "3" / "saved_model.pb").write_bytes(bytes(1500))
    return base


def tagline(*arguments: str | Path, models: Path) -> subprocess.CompletedProcess[str]:
    """The installed command, on a terminal too wide to break lines."""
    program = Path(sys.executable).with_name("tagline")
    return subprocess.run(
        [program, "models", *map(str, arguments), "--set", f"serving.models={models.parent}"],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
    )


def config_of(text: str):
    (entry,) = text_format.Parse(text, ModelServerConfig()).model_config_list.config
    return entry


def test_nothing_heavy_is_imported(models: Path) -> None:
    program = f"""
import sys
from typer.testing import CliRunner
from pipeline.cli.app import app
for arguments in ([], ["promote", "1"], ["promote", "1", "--no-wait"], ["history"], ["verify"], ["config"]):
    target = ["--target", {NOBODY!r}] if arguments[:1] in ([], ["promote"]) else []
    CliRunner().invoke(app, ["models", *arguments, *target, "--set", "serving.models={models.parent}"])
    print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]"] * 6


def test_the_list_without_a_server(models: Path) -> None:
    done = tagline("--target", NOBODY, models=models)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"tagger in {models}: the newest version"
    assert [line.split() for line in lines[1:5]] == [
        ["version", "pushed", "at", "score", "on", "test", "size", "state", "labels"],
        ["3", "not", "by", "tagline", "1.5", "kB", "server", "not", "reachable"],
        ["2", "2026-01-02", "0.8750", *lines[3].split()[3:5], "server", "not", "reachable"],
        ["1", "2026-01-01", "0.8125", *lines[4].split()[3:5], "server", "not", "reachable"],
    ]
    assert lines[5].startswith(f"no server answers at {NOBODY}")


def test_the_list_as_json(models: Path) -> None:
    tagline("promote", 1, "--no-wait", "--target", NOBODY, models=models)
    found = json.loads(tagline("--json", "--target", NOBODY, models=models).stdout)
    assert (found["model"], found["serves"], found["labels"]) == ("tagger", [1], {"stable": 1})
    assert found["server"] == {"target": NOBODY, "answers": False}
    assert [(row["version"], row["score"], row["state"], row["labels"]) for row in found["versions"]] == [
        (3, None, "pushed, not served", []),
        (2, 0.875, "pushed, not served", []),
        (1, 0.8125, "server not reachable", ["stable"]),
    ]
    assert found["versions"][0]["bytes"] == 1500


def test_nothing_is_pushed(tmp_path: Path) -> None:
    done = tagline("--target", NOBODY, models=tmp_path / "models" / "tagger")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"nothing is pushed to {tmp_path}/models/tagger; `tagline run` pushes\n"
    for command in (("promote", "1"), ("verify",)):
        assert tagline(*command, models=tmp_path / "models" / "tagger").returncode == 2


def test_without_a_server_a_change_asks_for_one(models: Path) -> None:
    done = tagline("promote", 1, "--target", NOBODY, models=models)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: no server answers at {NOBODY}")
    assert "Nothing was changed" in done.stderr
    assert "--no-wait" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (models / "models.config").exists()


def test_promote_canary_rollback_follow_for_a_later_server(models: Path) -> None:
    later = ("--no-wait", "--target", NOBODY)
    done = tagline("promote", 1, "--reason", "the [first]", *later, models=models)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "stable -> 1\na server that starts on it serves: stable = 1 (versions to load: 1)\n"
    assert "stable -> 2 (was 1)\n" in tagline("promote", 2, *later, models=models).stdout
    canary = tagline("canary", 3, *later, models=models).stdout
    assert "requests that name neither a label nor a version get 3" in canary
    entry = config_of((models / "models.config").read_text())
    assert dict(entry.version_labels) == {"stable": 2, "canary": 3}
    assert list(entry.model_version_policy.specific.versions) == [1, 2, 3]
    assert tagline("rollback", *later, models=models).returncode == 0
    assert tagline("uncanary", *later, models=models).returncode == 0
    assert dict(config_of((models / "models.config").read_text()).version_labels) == {"stable": 1}
    assert tagline("follow", *later, models=models).returncode == 0
    policy = config_of((models / "models.config").read_text()).model_version_policy
    assert policy.WhichOneof("policy_choice") == "latest"
    changes = [json.loads(line) for line in tagline("history", "--json", models=models).stdout.splitlines()]
    assert [change["change"] for change in changes] == [
        "promote", "promote", "canary", "rollback", "uncanary", "follow",
    ]  # fmt: skip
    assert changes[0]["reason"] == "the [first]"
    assert "the [first]" in tagline("history", models=models).stdout


def test_a_torn_history_is_reported(models: Path) -> None:
    tagline("promote", 1, "--no-wait", "--target", NOBODY, models=models)
    with (models / "labels.jsonl").open("a") as file:
        file.write('{"at": "20')
    for done in (tagline("history", models=models), tagline("--target", NOBODY, models=models)):
        assert done.returncode == 0
        assert f"{models}/labels.jsonl:2: not a change" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("promote", "9", "--no-wait"), "holds no version 9; expected one of 1, 2, 3"),
        (("canary", "2", "--no-wait"), "has no stable version that 2 could stand beside; promote one first"),
        (("rollback", "--no-wait"), "records no version that was stable before now"),
        (("verify", "9"), "holds no version 9; expected one of 1, 2, 3, or all"),
        (
            ("config", "--base-path", "models"),
            "--base-path: found 'models'; expected an absolute path or a URI",
        ),
        (("promote", "1", "--tls-ca", "none.pem"), "tls: root_certificates none.pem: cannot be read"),
        (("promote", "1", "--tls-key", "none.pem"), "--tls-cert, --tls-key: expected both or neither"),
        (("--json", "promote", "1"), "options come after the command 'promote'"),
    ],
)
def test_illegal_options_are_refused(models: Path, arguments: tuple[str, ...], message: str) -> None:
    target = () if arguments[0] in ("verify", "config") else ("--target", NOBODY)
    done = tagline(*arguments, *target, models=models)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (models / "models.config").exists()


def test_a_config_that_is_not_ours_is_refused_and_kept(models: Path) -> None:
    (models / "models.config").write_text("model_config_list { config { name: 'other' } }")
    for command in ((), ("config",), ("promote", "1", "--no-wait")):
        done = tagline(*command, models=models)
        assert done.returncode == 2
        assert "found the models other; expected 'tagger' once" in done.stderr
    assert (models / "models.config").read_text() == "model_config_list { config { name: 'other' } }"


def test_the_config_for_a_container(models: Path) -> None:
    tagline("promote", 2, "--no-wait", "--target", NOBODY, models=models)
    assert config_of(tagline("config", models=models).stdout).base_path == str(models)
    moved = config_of(tagline("config", "--base-path", "/models/tagger", models=models).stdout)
    assert (moved.base_path, dict(moved.version_labels)) == ("/models/tagger", {"stable": 2})
    assert config_of((models / "models.config").read_text()).base_path == str(models)
    tagline("config", "--base-path", "/models/tagger", "--write", models=models)
    tagline("promote", 1, "--no-wait", "--target", NOBODY, models=models)
    kept = config_of((models / "models.config").read_text())
    assert (kept.base_path, dict(kept.version_labels)) == ("/models/tagger", {"stable": 1})


def test_help_explains_when_a_push_is_served_and_imports_nothing_heavy() -> None:
    program = f"""
import sys
from typer.testing import CliRunner
from pipeline.cli.app import app
for command in ([], *([name] for name in {COMMANDS!r})):
    result = CliRunner().invoke(app, ["models", *command, "--help"])
    assert result.exit_code == 0, (command, result.output)
    if not command:
        print("pushed version waits" in " ".join(result.output.split()))
    print(len(result.output) > 200, [name for name in {(*HEAVY, "grpc", "google.protobuf")!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True", *["True []"] * (len(COMMANDS) + 1)]


def test_verify(models: Path) -> None:
    done = tagline("verify", models=models)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "version 1: intact, 1 files",
        "version 2: intact, 1 files",
        "version 3: no manifest to compare it with; not pushed by tagline",
    ]
    (models / "2" / "saved_model.pb").write_bytes(b"grave")
    (models / "2" / "[more]").touch()
    broken = tagline("verify", 2, models=models)
    assert broken.returncode == 1
    assert broken.stdout.splitlines() == [
        "version 2: extra [more]",
        "version 2: changed saved_model.pb",
        "version 2: not what was pushed; push the model again, and do not serve this",
    ]
    assert tagline("verify", "all", models=models).returncode == 1
    assert tagline("verify", 1, models=models).returncode == 0
    (verdict,) = json.loads(tagline("verify", 2, "--json", models=models).stdout).values()
    assert (verdict["changed"], verdict["extra"]) == (["saved_model.pb"], ["[more]"])


def test_sign_and_verify_by_keys(models: Path, tmp_path: Path) -> None:
    private, public = write_keys(tmp_path)
    unsigned = tagline("verify", 1, "--public-key", public, models=models)
    assert unsigned.returncode == 1
    assert unsigned.stdout.splitlines()[-1] == "version 1: no manifest.json.sig: it was never signed"
    assert (
        tagline("sign", 1, "--private-key", private, models=models).stdout == "version 1: signed, 1 files\n"
    )
    signed = tagline("verify", 1, "--public-key", public, models=models)
    assert (signed.returncode, signed.stdout.splitlines()[-1]) == (
        0,
        "version 1: signed by the holder of this key",
    )
    (verdict,) = json.loads(
        tagline("verify", 1, "--public-key", public, "--json", models=models).stdout
    ).values()
    assert verdict["unsigned"] == ""
    # What is not as it was pushed gets no signature, and no key is taken for another.
    (models / "2" / "saved_model.pb").write_bytes(b"grave")
    for version, key, message in (
        (2, private, "changed saved_model.pb; expected a version as it was pushed"),
        (3, private, "it has no manifest; expected a version as it was pushed"),
        (1, public, "not an unencrypted Ed25519 private key"),
        (1, tmp_path / "none.pem", "No such file"),
    ):
        refused = tagline("sign", version, "--private-key", key, models=models)
        assert refused.returncode == 2
        assert message in refused.stderr
    assert not (models / "2" / "manifest.json.sig").exists()
