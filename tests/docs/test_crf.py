"""The examples of docs/crf.md run on their own; each checks that its loss fell."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
import tensorflow as tf

from tests.docs.documents import ROOT

DOCUMENT = ROOT / "docs" / "crf.md"
# The heading above each block names the test.
BLOCKS = re.findall(
    r"^##+ ([^\n]+)\n(?:(?!^#)(?!^```)[^\n]*\n)*?^```python\n(.*?)^```$",
    DOCUMENT.read_text("utf-8"),
    re.MULTILINE | re.DOTALL,
)


def test_all_examples_are_found() -> None:
    assert [heading[:2] for heading, _ in BLOCKS] == ["1.", "2.", "3.", "4.", "5.", "6.", "A "]
    assert len(BLOCKS) == DOCUMENT.read_text("utf-8").count("```python")


@pytest.mark.parametrize("block", [pytest.param(code, id=heading) for heading, code in BLOCKS])
def test_example_runs(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where pictures go
    tf.keras.utils.set_random_seed(1)
    Path("example.py").write_text(block)  # as a reader would: tf.function reads the source
    names = runpy.run_path("example.py")
    assert names["losses"][-1] < names["losses"][0]
