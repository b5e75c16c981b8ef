"""Generated corpora of any size."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from benchmarks.scale import corpus
from corpus.checks.check import check
from corpus.options import CheckLimits, ReadOptions


def test_a_larger_corpus_has_more_sentences_of_the_same_words(tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    corpus.write(few, sentences=1_000)
    corpus.write(many, sentences=12_000)
    report = check(many, ReadOptions(), CheckLimits())
    assert report.ok
    counts = {name: split.sentences for name, split in report.splits.items()}
    assert counts == {"train": 12_000, "dev": 500, "test": 500}
    assert (few / "dev.conll").read_bytes() == (many / "dev.conll").read_bytes()
    # By Zipf's law the frequent words are a like share of both.
    shares = [shares_of_ten_words(folder / "train.conll") for folder in (few, many)]
    assert abs(shares[0] - shares[1]) < 0.02


def test_the_same_size_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        corpus.write(tmp_path / folder, sentences=300)
    assert (tmp_path / "one" / "train.conll").read_bytes() == (
        tmp_path / "other" / "train.conll"
    ).read_bytes()


def shares_of_ten_words(path: Path) -> float:
    words = Counter(line.split("\t")[0] for line in path.read_text(encoding="utf-8").splitlines() if line)
    return sum(count for _, count in words.most_common(10)) / words.total()
