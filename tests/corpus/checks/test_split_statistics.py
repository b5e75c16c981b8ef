"""Checks of whole splits: limits, labels and tokens that train lacks, and how files were assigned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.corpus.checks.small_corpora import DEV, corpus, first, only, report_of


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    report = report_of(corpus(tmp_path, dev="\n\n"))
    assert report.counts == {"D103": 2}
    assert [finding.message for finding in report.findings] == [
        "no sentence in the file",
        "no sentence in the split dev",
    ]


def test_an_empty_split_by_hash_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "all.conll"
    path.write_text("".join(f"w{number}\tB-A\n\n" for number in range(3)))
    report = report_of(path)
    assert not report.ok
    assert {finding.message for finding in report.findings if finding.code == "D103"} <= {
        "no sentence in the split dev",
        "no sentence in the split test",
    }


def test_many_faults_of_a_kind_are_an_error(tmp_path: Path) -> None:
    data = corpus(tmp_path, dev="Eve\tI-PER\nsaw\tO\n\nit\tB-X\n")
    report = report_of(data, {"max_repaired": 0.4, "max_unseen_tags": 0.3})
    assert not report.ok
    assert report.counts == {"D104": 1, "D106": 1, "D201": 1, "D203": 1}
    assert report.findings[0].message == "dev: 1 of 2 entity tags are illegal; more than max_repaired 0.4"
    assert report_of(data, {"max_repaired": 0.5, "max_unseen_tags": 0.34}).ok


@pytest.mark.parametrize(
    ("texts", "limits", "code", "line", "message"),
    [
        ({"dev": "we\tO\n\nmet\tO\nIBM\tB-ORG\n"}, {}, "D203", 4, "label ORG of dev (1 time) is not in train"),
        (
            {"train": "a\tNOUN\nb\tVERB\n", "dev": "a\tADV\n", "test": "c\tVERB\n"},
            {},
            "D203",
            1,
            "tag ADV of dev (1 time) is not in train",
        ),
        ({}, {"min_examples": 2}, "D204", 5, "label LOC has 1 example in train; fewer than min_examples 2"),
    ],
)  # fmt: skip
def test_labels_that_train_lacks_or_has_rarely(
    tmp_path: Path, texts: dict[str, str], limits: dict[str, Any], code: str, line: int, message: str
) -> None:
    finding = only(report_of(corpus(tmp_path, **texts), limits), code)
    assert (finding.line, finding.message) == (line, message)


def test_tokens_that_train_lacks(tmp_path: Path) -> None:
    finding = first(report_of(corpus(tmp_path), {"max_unseen_tokens": 0.5}), "D213")
    assert finding.message == "100.0% of dev's tokens are not in train; more than max_unseen_tokens 50.0%"
    assert (finding.path, finding.line, finding.example) == (f"{tmp_path}/dev.conll", None, "Eve, left")
    assert "D213" not in report_of(tmp_path, {"max_unseen_tokens": None}).counts


def test_label_shift(tmp_path: Path) -> None:
    data = corpus(tmp_path, "a\tB-PER\nb\tB-LOC\n\n" * 60, "a\tB-PER\n\n" * 60, "a\tB-PER\nb\tB-LOC\n")
    finding = first(report_of(data, {"max_label_shift": 0.3}), "D214")
    # Half of train's labels are PER, all of dev's: 0.311 bits.
    assert finding.message == (
        "dev: Jensen-Shannon divergence 0.311 from train; more than max_label_shift 0.3"
    )
    assert finding.example == "LOC 0.0% (train 50.0%), PER 100.0% (train 50.0%)"
    assert "D214" not in report_of(data, {"max_label_shift": 0.32}).counts
    # Two examples can differ by chance.
    (tmp_path / "dev.conll").write_text("a\tB-PER\n\n" * 2)
    assert "D214" not in report_of(data, {"max_label_shift": 0.0}).counts


def test_how_files_were_assigned(tmp_path: Path) -> None:
    report = report_of(corpus(tmp_path, notes="left out\n"))
    assert only(report, "D301").path == f"{tmp_path}/notes.conll"
    (tmp_path / "dev.conll").unlink()
    (tmp_path / "test.conll").write_text(DEV)
    assert "train 0.8, dev 0.1, test 0)" in first(report_of(tmp_path), "D302").message


def test_splits_by_hash_never_leak(tmp_path: Path) -> None:
    path = tmp_path / "all.conll"
    path.write_text("".join(f"w{number % 40}\tB-A\n\n" for number in range(400)))
    report = report_of(path)
    assert "D205" not in report.counts
    assert sum(split.sentences for split in report.splits.values()) == 400
