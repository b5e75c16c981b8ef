"""Files written in any form are read back, and faults have their place."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import CorpusError
from corpus.options import ReadOptions
from corpus.reading.sentences import outcomes, records, sentences
from corpus.record import Record
from corpus.sentence import Sentence

WORD = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), blacklist_characters="\ufeff"),
    min_size=1,
    max_size=5,
).filter(lambda word: not any(character.isspace() for character in word) and word != "-DOCSTART-")
TAG = st.sampled_from(["O", "B-LOC", "I-LOC", "B-creative-work"])
CORPUS = st.lists(st.lists(st.tuples(WORD, TAG), min_size=1, max_size=5), min_size=1, max_size=6)


@settings(max_examples=200, deadline=None)
@given(
    corpus=CORPUS,
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.booleans(),
    between=st.lists(st.sampled_from(["", " ", "\t", " \t "]), min_size=1, max_size=3),
    before=st.integers(0, 2),
    final=st.integers(0, 2),
    packed=st.booleans(),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    corpus: list[list[tuple[str, str]]],
    end: str,
    mark: bool,
    between: list[str],
    before: int,
    final: int,
    packed: bool,
) -> None:
    blank = "".join(line + end for line in between)
    text = end * before
    text += (end + blank).join(end.join(f"{word}\t{tag}" for word, tag in rows) for rows in corpus)
    text += end * final
    data = text.encode("utf-8-sig" if mark else "utf-8")
    path = tmp_path_factory.mktemp("read") / ("train.conll.gz" if packed else "train.conll")
    path.write_bytes(gzip.compress(data) if packed else data)

    read = list(sentences(path, ReadOptions()))

    assert [list(zip(s.tokens, s.tags, strict=True)) for _, s in read] == corpus
    lines = text.split("\n")
    for line, sentence in read:
        assert lines[line - 1].rstrip("\r") == f"{sentence.tokens[0]}\t{sentence.tags[0]}"


@settings(max_examples=100, deadline=None)
@given(corpus=CORPUS, end=st.sampled_from(["\n", "\r\n", "\n\n", "\n \n"]), mark=st.booleans())
def test_json_lines_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[list[tuple[str, str]]], end: str, mark: bool
) -> None:
    rows = [{"tokens": [w for w, _ in rows], "tags": [t for _, t in rows]} for rows in corpus]
    path = tmp_path_factory.mktemp("read") / "train.jsonl"
    path.write_bytes(end.join(json.dumps(row) for row in rows).encode("utf-8-sig" if mark else "utf-8"))
    read = [s for _, s in sentences(path, ReadOptions())]
    assert [{"tokens": list(s.tokens), "tags": list(s.tags)} for s in read] == rows


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_same_sentence_in_three_formats(tmp_path: Path) -> None:
    columns = write(tmp_path / "a.conll", "Ann\tPROPN\nsings\tVERB\n")
    rows = [
        f"{i}\t{w}\t_\t{t}" + "\t_" * 6 for i, (w, t) in enumerate([("Ann", "PROPN"), ("sings", "VERB")], 1)
    ]
    universal = write(tmp_path / "a.conllu", "\n".join(rows) + "\n")
    line = write(tmp_path / "a.jsonl", '{"tokens": ["Ann", "sings"], "tags": ["PROPN", "VERB"]}\n')
    expected = [(1, Sentence(("Ann", "sings"), ("PROPN", "VERB")))]
    for path in (columns, universal, line):
        assert list(sentences(path, ReadOptions())) == expected


def test_the_options_override_the_ending(tmp_path: Path) -> None:
    path = write(tmp_path / "train.txt", '{"tokens": ["a"], "tags": ["O"]}\n')
    assert [s.tokens for _, s in sentences(path, ReadOptions(format="jsonl"))] == [("a",)]


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("train.conll", "a\tO\n\n\nb\tO\nc\n\nd\tO\n", "train.conll:5: 1 column"),
        ("train.conll", "a\tO\r\n\r\nb\tO\r\n\tO\r\n", "train.conll:4: empty token"),
        ("train.jsonl", '{"tokens": ["a"], "tags": ["O"]}\n\n{"tokens"\n', "train.jsonl:3: not JSON"),
        ("train.conllu", "# text = a\n1\ta\n", "train.conllu:2: 2 columns"),
    ],
)
def test_faults_have_their_line(tmp_path: Path, name: str, text: str, place: str) -> None:
    path = write(tmp_path / name, text)
    with pytest.raises(CorpusError) as caught:
        list(records(path, ReadOptions()))
    assert str(caught.value).startswith(f"{tmp_path}/{place}")


def test_reading_continues_after_a_fault(tmp_path: Path) -> None:
    path = write(tmp_path / "train.conll", "a\n\nb\tO\n\nc\n\nd\tO\n")
    found = list(outcomes(path, ReadOptions()))
    assert [line for line, _ in found] == [1, 3, 5, 7]
    assert [isinstance(outcome, Record) for _, outcome in found] == [False, True, False, True]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "train.conll"
    path.write_text("word\tO\nword\tB-X\n\n" * 40000)
    reader: Any = sentences(path, ReadOptions())
    next(reader)
    tracemalloc.start()
    for _ in reader:
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000
