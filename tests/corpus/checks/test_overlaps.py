"""Files of one split that hold the same sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.checks.check import check
from corpus.options import ReadOptions


def written(data: Path, **numbers: range) -> Path:
    """Write a file of numbered sentences for every split."""
    for name, sentences in numbers.items():
        lines = "".join(f"n{number}\tO\nis\tO\nOslo\tB-LOC\n\n" for number in sentences)
        (data / f"{name}.conll").write_text(lines)
    return data


def overlaps(data: Path) -> list[tuple[str, str]]:
    report = check(data, ReadOptions())
    return [
        (Path(finding.path).name, finding.message.replace(f"{data}/", ""))
        for finding in report.findings
        if finding.code == "D118"
    ]


@pytest.mark.parametrize(
    ("train_a", "train_b", "expected"),
    [
        (
            range(20),
            range(9, 29),
            [("train_b.conll", "11 of its 20 sentences are also in the file at train_a.conll")],
        ),
        (range(20), range(10, 30), []),
        (
            range(20),
            range(8),
            [("train_b.conll", "8 of its 8 sentences are also in the file at train_a.conll")],
        ),
        (
            range(8),
            range(20),
            [("train_a.conll", "8 of its 8 sentences are also in the file at train_b.conll")],
        ),
        # Documents may share a few sentences.
        (range(4), range(4), []),
    ],
)
def test_overlaps(tmp_path: Path, train_a: range, train_b: range, expected: list[tuple[str, str]]) -> None:
    written(tmp_path, train_a=train_a, train_b=train_b, dev=range(100, 110), test=range(110, 120))
    assert overlaps(tmp_path) == expected


def test_sentences_that_repeat_are_counted_in_both_directions(tmp_path: Path) -> None:
    data = written(tmp_path, train_a=range(20), train_b=range(6), dev=range(100, 110), test=range(110, 120))
    path = data / "train_b.conll"
    path.write_text(path.read_text() * 9)
    message = "54 of its 54 sentences are also in the file at train_a.conll"
    assert overlaps(data) == [("train_b.conll", message)]


def test_files_of_different_splits_are_leaks_instead(tmp_path: Path) -> None:
    written(tmp_path, train=range(20), dev=range(20), test=range(20))
    assert overlaps(tmp_path) == []


def test_train_files_that_a_hash_cuts(tmp_path: Path) -> None:
    written(tmp_path, train_a=range(60), train_b=range(60))
    assert overlaps(tmp_path) == [
        ("train_b.conll", "60 of its 60 sentences are also in the file at train_a.conll")
    ]
