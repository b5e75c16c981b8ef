"""SARIF logs, validated against the parts of the 2.1.0 schema that readers of logs use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from corpus.checks.check import check
from corpus.checks.sarif import sarif_log, to_sarif
from corpus.codes import CODES
from corpus.options import CheckLimits, ReadOptions


def exactly(*required: str, **properties: Any) -> dict[str, Any]:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


def array_of(items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


STRING = {"type": "string"}
TEXT = exactly("text", text={"type": "string", "minLength": 1})
LEVEL = {"enum": ["none", "note", "warning", "error"]}
RULE = exactly(
    "id",
    "shortDescription",
    "help",
    id=STRING,
    name=STRING,
    shortDescription=TEXT,
    help=TEXT,
    defaultConfiguration=exactly(level=LEVEL),
)
LOCATION = exactly(
    "physicalLocation",
    physicalLocation=exactly(
        "artifactLocation",
        "region",
        artifactLocation=exactly(
            "uri", uri={"type": "string", "format": "uri-reference", "pattern": "^[!-~]+$"}
        ),
        region=exactly("startLine", startLine={"type": "integer", "minimum": 1}),
    ),
)
RESULT = exactly(
    "ruleId",
    "ruleIndex",
    "level",
    "message",
    ruleId=STRING,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=TEXT,
    locations=array_of(LOCATION, minItems=1),
)
DRIVER = exactly("name", name=STRING, version=STRING, rules=array_of(RULE, uniqueItems=True))
RUN = exactly(
    "tool",
    "results",
    tool=exactly("driver", driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    invocations=array_of(exactly("executionSuccessful", executionSuccessful={"type": "boolean"})),
    results=array_of(RESULT),
    properties={"type": "object"},
)
SCHEMA = exactly(
    "version",
    "runs",
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs=array_of(RUN),
)


def corpus(root: Path) -> Path:
    root.mkdir(exist_ok=True)
    (root / "train.conll").write_text("Ann\tB-PER\nsings\tO\n\nso\tO\nEve\tI-PER\n\nlost\n")
    (root / "dev.conll").write_text("Ann\tB-PER\nsings\tO\n")
    (root / "test.conll").write_text("")
    (root / "notes 1.txt").write_text("")
    return root


def log_of(data: Path, **limits: Any) -> tuple[Any, Any]:
    report = check(data, ReadOptions(scheme="BIO"), CheckLimits(**limits))
    log = json.loads(to_sarif(report, version="1.2"))
    jsonschema.validate(log, SCHEMA)
    return report, log["runs"][0]


def test_every_finding_is_a_result_of_its_rule(tmp_path: Path) -> None:
    report, run = log_of(corpus(tmp_path))
    assert len(run["results"]) == len(report.findings) > 5
    levels = {"error": "error", "warning": "warning", "info": "note"}
    for finding, result in zip(report.findings, run["results"], strict=True):
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert result["ruleId"] == rule["id"] == finding.code
        assert result["level"] == levels[finding.severity]
        assert finding.message in result["message"]["text"]
        assert finding.remedy in result["message"]["text"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["region"]["startLine"] == (finding.line or 1)
    assert run["tool"]["driver"]["version"] == "1.2"
    assert run["properties"]["counts"] == report.counts


def test_every_code_is_a_rule_with_help(tmp_path: Path) -> None:
    _, run = log_of(corpus(tmp_path))
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert list(rules) == list(CODES)
    assert all(rule["help"]["text"].endswith(".") for rule in rules.values())
    assert "checks.max_tokens" in rules["D207"]["help"]["text"]


def test_a_warning_set_to_error_has_the_level_error(tmp_path: Path) -> None:
    _, run = log_of(corpus(tmp_path), errors=("D205",))
    assert [one["level"] for one in run["results"] if one["ruleId"] == "D205"] == ["error"]


def test_paths_below_the_working_folder_are_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus(tmp_path / "my data")
    monkeypatch.chdir(tmp_path)
    _, run = log_of(Path("my data"))
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]}
    assert "my%20data/train.conll" in uris
    assert "my%20data/notes%201.txt" in uris
    assert all("://" not in uri for uri in uris)


def test_paths_elsewhere_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus(tmp_path / "data")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    _, run = log_of(Path("../data"))
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]}
    assert f"file://{tmp_path}/data/train.conll" in uris


def test_a_missing_corpus_is_a_log_too(tmp_path: Path) -> None:
    _, run = log_of(tmp_path / "nowhere")
    assert [one["ruleId"] for one in run["results"]] == ["D102"]


def test_names_and_tokens_of_any_bytes(tmp_path: Path) -> None:
    corpus(tmp_path)
    (tmp_path / "train.conll").rename(tmp_path / "train-1.conll")
    (tmp_path / "train-\udce92.conll").write_bytes(b"esc\x1b[31m\tO\n")
    report, _ = log_of(tmp_path)
    assert any("\\udce9" in finding.path for finding in report.findings)
    # Control characters are escaped.
    assert "\x1b" not in report.to_json() + str(sarif_log(report))
    assert r"esc\x1b[31m" in " ".join(f"{finding.example}" for finding in report.findings)
