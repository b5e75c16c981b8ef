"""What the name of a file says."""

from __future__ import annotations

import pytest

from corpus.splits.names import glued_split, is_file_name, read_name, stem


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("train.conll", ("train",)),
        ("Training.Set.TSV.GZ", ("train",)),
        ("en_ewt-ud-train.conllu", ("en", "ewt", "ud", "train")),
        ("eng.testa", ("eng", "dev")),
        ("train2.iob2", ("train", "2")),
        ("train (1).conll", ("train", "1")),
        ("train.jsonl-00001-of-00004.gz", ("train", "00001", "of", "00004")),
        ("latest.conll", ("latest",)),
        ("..conll", ()),
    ],
)
def test_words(name: str, words: tuple[str, ...]) -> None:
    assert read_name(name).words == words


def test_splits_and_leftovers() -> None:
    name = read_name("eval_test_results.old.txt")
    assert name.splits == {"dev", "test"}
    assert name.leftovers == {"results", "old"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wnut17train.conll", ("wnut17", "train")),
        ("ner-engtest.bio", ("ner eng", "test")),
        ("train.conll", None),
        ("notes.txt", None),
        (".conll", None),
    ],
)
def test_glued_splits(name: str, expected: tuple[str, str] | None) -> None:
    assert glued_split(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.conll", True),
        ("A.TXT.GZ", True),
        ("eng.train", True),
        ("train-00001-of-00002", True),
        ("model-00001-of-00002", False),
        ("train", False),
        ("train.png", False),
    ],
)
def test_names_of_corpus_files(name: str, expected: bool) -> None:
    assert is_file_name(name) is expected


def test_stems_keep_their_case_and_the_number_of_a_part() -> None:
    assert [stem(name) for name in ("A.conll", "a.CoNLL.gz", "eng.train", "a.conll-00001-of-00002")] == [
        *("A", "a", "eng.train", "a-00001-of-00002")
    ]
