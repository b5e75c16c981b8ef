"""The codes, their table in docs/checks.md, and the settings that name them."""

from __future__ import annotations

import re
from pathlib import Path

from corpus.codes import CODES
from corpus.options import CheckLimits

DOCS = Path(__file__).resolve().parents[2] / "docs" / "checks.md"


def row(code: str) -> str:
    kind = CODES[code]
    settings = ", ".join(f"`{name}`" for name in kind.setting.split(", ")) if kind.setting else ""
    return f"| {code} | {kind.severity} | {kind.title} | {kind.remedy} | {settings} | {kind.fixed} |"


def test_the_documentation_has_every_code() -> None:
    rows = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if re.match(r"\| D\d{3} ", line)]
    assert rows == [row(code) for code in CODES]


def test_the_first_digit_of_a_code_means_its_severity() -> None:
    severities = {"1": {"error"}, "2": {"warning"}, "3": {"info"}, "4": {"error", "warning", "info"}}
    for code, kind in CODES.items():
        assert re.fullmatch(r"D[1-4]\d\d", code)
        assert kind.severity in severities[code[1]]
        assert kind.title
        assert kind.remedy
    assert list(CODES) == sorted(CODES)


def test_every_setting_named_exists() -> None:
    limits = set(CheckLimits.__struct_fields__)
    for kind in CODES.values():
        for name in re.findall(r"checks\.(\w+)", kind.setting):
            assert name in limits
