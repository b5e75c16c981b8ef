"""Sentence lengths counted from examples."""

from __future__ import annotations

from pathlib import Path

from components.report.run_page.sentence_lengths import sentence_lengths
from tests.components.recorded import Row, examples_in


def test_lengths_are_those_of_the_examples(tmp_path: Path) -> None:
    texts = {"train": ["one/O two/O three/O", "one/O", "one/O two/O"] * 500, "test": ["a/O b/O", ""]}
    examples = examples_in(tmp_path, {split: [Row(text) for text in rows] for split, rows in texts.items()})
    assert sentence_lengths(examples) == {"train": {1: 500, 2: 500, 3: 500}, "test": {0: 1, 2: 1}}
