"""SECURITY.md: every promise names tests that exist, and every name in it is right."""

from __future__ import annotations

import re

import pytest

from tests.docs.documents import ROOT

TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
PROMISES = re.findall(r"^\| ([A-Z].+?) \| (`tests/.+`) \|$", TEXT, flags=re.MULTILINE)


def test_every_row_is_a_promise_with_tests() -> None:
    rows = TEXT.partition("## What is not promised")[0].count("\n| ")
    assert len(PROMISES) == rows - 1 >= 10  # the first row is the heading


@pytest.mark.parametrize(("promise", "places"), PROMISES)
def test_the_tests_of_a_promise_exist(promise: str, places: str) -> None:
    for place in re.findall(r"`(.+?)`", places):
        assert "\ndef test_" in (ROOT / place).read_text(encoding="utf-8"), place


def test_the_statuses_of_the_audit_are_documented() -> None:
    audit = (ROOT / "setup" / "audit.py").read_text(encoding="utf-8")
    assert "FOUND, OFFLINE = 1, 3" in audit
    assert "0 if none is known, 1 if some are, and 3 with `offline`" in " ".join(TEXT.split())


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)", TEXT):
        assert "://" in link or (ROOT / link).exists(), link
