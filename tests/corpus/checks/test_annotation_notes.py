"""What the check says of examples that tools left out, and of labels as they stand in the files."""

from __future__ import annotations

import json
from pathlib import Path

from corpus.checks.check import check
from corpus.options import CheckLimits, ReadOptions


def test_labels_are_told_once_and_nothing_counts_as_a_span_that_does_not_fit(tmp_path: Path) -> None:
    rows = [
        {"text": f"number {index} came", "spans": [[0, 6, "Invoice Number"], [7, 9, "B-X"]]}
        for index in range(60)
    ]
    rows += [{"text": "x y", "spans": [[0, 1, "B-X"]], "answer": "reject"}] * 3
    path = tmp_path / "all.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = check(path, ReadOptions(), CheckLimits(max_settled=0))
    assert report.counts["D306"] == report.counts["D218"] == 1
    assert report.counts["D305"] == 3
    assert "D105" not in report.counts
    assert {split.settled for split in report.splits.values()} == {0}
    assert sum(split.sentences for split in report.splits.values()) == 60
