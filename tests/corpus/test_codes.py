"""The codes, what is said of them in docs/checks.md, and what the settings may say of them."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from corpus.checks.report import Findings
from corpus.codes import CODES
from corpus.options import CheckLimits

DOCS = Path(__file__).resolve().parents[2] / "docs" / "checks.md"


def row(code: str) -> str:
    known = CODES[code]
    settings = ", ".join(f"`{name}`" for name in known.setting.split(", ")) if known.setting else ""
    return f"| {code} | {known.severity} | {known.title} | {known.remedy} | {settings} | {known.fixed} |"


def test_the_documentation_has_every_code() -> None:
    rows = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if re.match(r"\| D\d{3} ", line)]
    assert rows == [row(code) for code in CODES]


def test_numbers_say_what_kind_of_finding_it_is() -> None:
    severities = {"1": {"error"}, "2": {"warning"}, "3": {"info"}, "4": {"error", "warning", "info"}}
    for code, known in CODES.items():
        assert re.fullmatch(r"D[1-4]\d\d", code)
        assert known.severity in severities[code[1]]
        assert known.title
        assert known.remedy
    assert list(CODES) == sorted(CODES)


def test_every_setting_named_is_one() -> None:
    limits = set(CheckLimits.__struct_fields__)
    for known in CODES.values():
        for name in re.findall(r"checks\.(\w+)", known.setting):
            assert name in limits


def test_warnings_become_errors_and_others_are_not_told() -> None:
    findings = Findings(5, errors=["D205"], ignore=["D206"])
    for code in ("D204", "D205", "D206"):
        findings.add(code, "found")
    assert [(one.code, one.severity) for one in findings.ordered()] == [
        ("D205", "error"),
        ("D204", "warning"),
    ]
    assert findings.counts == {"D204": 1, "D205": 1}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"errors": ["D999"]}, r"errors: found D999; expected codes among D101, .*D205, "),
        ({"ignore": ["205"]}, r"ignore: found 205; expected codes among D101"),
        ({"errors": ["D205"], "ignore": ["D205"]}, "found D205 in both"),
        ({"ignore": ["D107"]}, "ignore: found D107; expected warnings and infos"),
        ({"max_label_shift": 2}, "max_label_shift: found 2.0; expected a share"),
        ({"skew": {"tags": {"l_infinity": -1}}}, "l_infinity: found -1.0; expected a share"),
    ],
)
def test_settings_that_cannot_be(given: dict[str, object], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(given, CheckLimits)


def test_measures_are_turned_off_by_null() -> None:
    limits = msgspec.convert(
        {"max_label_shift": None, "skew": None, "drift": {"tags": {"l_infinity": None}}}, CheckLimits
    )
    assert limits.max_label_shift is None
    assert limits.skew is None
    assert msgspec.json.decode(msgspec.json.encode(limits), type=CheckLimits) == limits
