"""How a corpus is read: the notation of its tags and the tokenizer of its texts."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from corpus.errors import CorpusError
from corpus.options import ReadOptions, Shares
from corpus.recognition.reading import Reading, named_reading, reading_of, target_scheme
from corpus.splits.layout import find
from tagging.notation import Notation
from tagging.schemes import BIO, IOB1, PLAIN


def test_the_scheme_of_training() -> None:
    assert target_scheme(PLAIN, ReadOptions()) is PLAIN
    assert target_scheme(IOB1, ReadOptions(train_scheme="BIO")) is BIO
    assert target_scheme(Notation("IO", side="none"), ReadOptions(train_scheme="BIO")) is BIO


def corpus(root: Path, train: str, dev: str = "x\tO\n", ending: str = "conll") -> Path:
    (root / f"train.{ending}").write_text(train)
    # All three, so that no sentence of train is cut off as test.
    for split in ("dev", "test"):
        (root / f"{split}.{ending}").write_text(dev)
    return root


def read(data: Path, options: ReadOptions | None = None) -> Reading:
    options = options or ReadOptions()
    return reading_of(find(data, options), options)


@pytest.mark.parametrize(
    ("train", "notation"),
    [
        ("a\tB-X\nb\tI-X\n", "BIO"),
        ("a\tI-X\nb\tI-X\n\na\tO\nb\tI-X\n", "IOB1"),
        ("a\tB-X\nb\tE-X\n\na\tS-X\n", "BIOES"),
        ("a\tX_B\nb\tX_L\n\na\tX_U\n", "BILOU, suffix form, joined by _"),
        ("a\tNOUN\nb\tVERB\n", "PLAIN"),
        ("broken\n\na\tB-X\nb\tE-X\n\na\tS-X\n", "BIOES"),
    ],
)
def test_the_notation_is_recognised_from_train(tmp_path: Path, train: str, notation: str) -> None:
    reading = read(corpus(tmp_path, train, dev="a\tNOUN\n"))
    assert reading.told() == [f"tags read as: {notation}"]
    assert pickle.loads(pickle.dumps(reading)) == reading


def test_a_named_scheme_is_taken(tmp_path: Path) -> None:
    data = corpus(tmp_path, "a\tNOUN\n")
    assert read(data, ReadOptions(scheme="bilou")).notation == Notation("BILOU")
    plain = ReadOptions(scheme="plain")
    assert named_reading(plain) == read(data, plain)


def test_only_train_counts_in_a_file_split_by_hash(tmp_path: Path) -> None:
    path = tmp_path / "all.conll"
    path.write_text("".join(f"w{number}\tS-X\n\n" for number in range(50)))
    options = ReadOptions(hash_split=Shares(train=1e-9, dev=1, test=1))
    assert read(path, options).notation == Notation("BIO")
    assert read(path).notation == Notation("BIOES")


def test_tags_of_an_unknown_form_are_an_error_that_names_the_column(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"corpus\.outside") as caught:
        read(corpus(tmp_path, "a\tPER\nb\tNone\nc\tNone\n"))
    assert caught.value.code == "D117"
    with pytest.raises(CorpusError, match=r"name the column of the tags: tag_column=1 \(BIO\)"):
        read(corpus(tmp_path, "a B-X 0.9\nb I-X 0.8\nc O 0.9\n"))


def texts(*rows: tuple[str, int, int]) -> str:
    return "".join(
        json.dumps({"text": text, "spans": [[start, end, "X"]]}) + "\n" for text, start, end in rows
    )


@pytest.mark.parametrize(
    ("rows", "tokenizer"),
    [
        ([("\uae40\ucca0\uc218\uac00 \uac04\ub2e4", 0, 3)], "characters"),
        ([("\u7530\u4e2d\u3055\u3093\u306f\u884c\u304f", 0, 4)], "characters"),
        ([("\u0e19\u0e32\u0e22\u0e2a\u0e21\u0e0a\u0e32\u0e22", 3, 8)], "characters"),
        # Wrong offsets, not words written together.
        ([("Anna sings", 0, 3)], "words"),
        ([("Anna sings", 0, 4)], "words"),
        ([("\u7530\u4e2d", 0, 2)], "words"),
    ],
)
def test_texts_whose_spans_cut_words_are_cut_into_characters(
    tmp_path: Path, rows: list[tuple[str, int, int]], tokenizer: str
) -> None:
    data = corpus(tmp_path, texts(*rows), texts(*rows), ending="jsonl")
    reading = read(data)
    assert reading.options.tokenizer == tokenizer
    assert reading.told()[0] == "entities read from spans of texts"
    assert reading.told()[1].startswith(f"texts cut into {tokenizer}")
    assert read(data, ReadOptions(tokenizer="words")).options.tokenizer == "words"
