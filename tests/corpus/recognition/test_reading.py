"""The scheme of the files, and the scheme of training."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus.reading.scheme import named_scheme, scheme_of, target_scheme

from corpus.options import ReadOptions, Shares
from corpus.splits.layout import find
from tagging.schemes import BILOU, BIO, BIOES, IOB1, PLAIN, Scheme


def test_the_scheme_of_training() -> None:
    assert target_scheme(PLAIN, ReadOptions()) is PLAIN
    assert target_scheme(IOB1, ReadOptions(train_scheme="BIO")) is BIO


def corpus(root: Path, train: str, dev: str = "x\tO\n") -> Path:
    (root / "train.conll").write_text(train)
    (root / "dev.conll").write_text(dev)
    return root


@pytest.mark.parametrize(
    ("train", "scheme"),
    [
        ("a\tB-X\nb\tI-X\n", BIO),
        ("a\tI-X\nb\tI-X\n\na\tO\nb\tI-X\n", IOB1),
        ("a\tB-X\nb\tE-X\n\na\tS-X\n", BIOES),
        ("a\tB-X\nb\tL-X\n\na\tU-X\n", BILOU),
        ("a\tNOUN\nb\tVERB\n", PLAIN),
        ("broken\n\na\tB-X\nb\tE-X\n\na\tS-X\n", BIOES),
    ],
)
def test_the_scheme_is_recognised_from_train(tmp_path: Path, train: str, scheme: Scheme) -> None:
    data = corpus(tmp_path, train, dev="a\tNOUN\n")
    options = ReadOptions()
    assert scheme_of(find(data, options), options) is scheme


def test_a_named_scheme_is_not_recognised(tmp_path: Path) -> None:
    options = ReadOptions(scheme="bilou")
    assert named_scheme(options) is BILOU
    assert scheme_of(find(corpus(tmp_path, "a\tNOUN\n"), options), options) is BILOU


def test_only_train_counts_in_a_file_split_by_hash(tmp_path: Path) -> None:
    path = tmp_path / "all.conll"
    path.write_text("".join(f"w{number}\tS-X\n\n" for number in range(50)))
    options = ReadOptions(hash_split=Shares(train=1e-9, dev=1, test=1))
    assert scheme_of(find(path, options), options) is BIO
    assert scheme_of(find(path, ReadOptions()), ReadOptions()) is BIOES
