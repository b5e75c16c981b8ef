"""Write a report as SARIF 2.1.0, which code hosts and editors show beside the lines it concerns.

There is one result for each finding listed and one rule for each code. Paths below the working folder are
relative to it, as code hosts require; any other path is an absolute `file:` address.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from corpus.checks.report import Finding, Report
from corpus.codes import CODES, Severity

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def to_sarif(report: Report, *, version: str = "") -> str:
    """Encode the report as an indented SARIF log; `version` is that of Tagline."""
    return msgspec.json.format(msgspec.json.encode(sarif_log(report, version=version)), indent=2).decode()


def sarif_log(report: Report, *, version: str = "") -> dict[str, Any]:
    """Build the log as plain data."""
    driver: dict[str, Any] = {
        "name": "tagline check",
        "rules": [_rule(code) for code in CODES],
    }
    if version:
        driver["version"] = version
    return {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                # The check itself succeeded, also if the corpus has errors.
                "invocations": [{"executionSuccessful": True}],
                "results": [_result(finding) for finding in report.findings],
                # Of a code, only the first findings are listed.
                "properties": {"counts": report.counts},
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    kind = CODES[code]
    help_text = f"{kind.remedy[:1].upper()}{kind.remedy[1:]}."
    if kind.setting:
        help_text += f" Settings: {kind.setting}."
    if kind.fixed:
        help_text += f" With --fix: {kind.fixed}."
    return {
        "id": code,
        "name": "".join(word[:1].upper() + word[1:] for word in kind.title.replace(",", "").split()),
        "shortDescription": {"text": kind.title},
        "help": {"text": help_text},
        "defaultConfiguration": {"level": _LEVELS[kind.severity]},
    }


_PLACES = {code: index for index, code in enumerate(CODES)}


def _result(finding: Finding) -> dict[str, Any]:
    text = finding.message
    if finding.example:
        text += f" ({finding.example})"
    if finding.remedy:
        text += f"; {finding.remedy}"
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": _PLACES[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
    }
    if finding.path:
        result["locations"] = [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(finding.path)},
                    # A finding of a whole file is placed on its first line: readers of logs require a line.
                    "region": {"startLine": finding.line or 1},
                }
            }
        ]
    return result


def _uri(path: str) -> str:
    absolute = Path(os.path.abspath(path))
    here = Path.cwd()
    if absolute.is_relative_to(here):
        return quote(absolute.relative_to(here).as_posix(), errors="surrogatepass")
    return "file://" + quote(absolute.as_posix(), errors="surrogatepass")
