"""Parallel files of tokens and tags."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from corpus.errors import CorpusError
from corpus.options import ReadOptions
from corpus.reading.sentences import outcomes, records


def write(folder: Path, tokens: str, tags: str | None) -> Path:
    path = folder / "seq.in"
    path.write_text(tokens)
    if tags is not None:
        (folder / "seq.out").write_text(tags)
    return path


def test_tokens_and_tags_of_a_line(tmp_path: Path) -> None:
    path = write(tmp_path, "to Boston\n\n fly  now \n\n", "O B-city\n\nO O\n")
    (tmp_path / "label").write_text("flight\nflight\n")
    found = list(records(path, ReadOptions()))
    assert [line for line, _ in found] == [1, 3]
    assert [record.sentence and (record.sentence.tokens, record.sentence.tags) for _, record in found] == [
        (("to", "Boston"), ("O", "B-city")),
        (("fly", "now"), ("O", "O")),
    ]


def test_packed_files(tmp_path: Path) -> None:
    for name, text in (("seq.in.gz", b"a b\n"), ("seq.out.gz", b"O O\n")):
        (tmp_path / name).write_bytes(gzip.compress(text))
    assert len(list(records(tmp_path / "seq.in.gz", ReadOptions()))) == 1
    (tmp_path / "seq.out.gz").unlink()
    (tmp_path / "seq.out").write_text("O O\n")
    assert len(list(records(tmp_path / "seq.in.gz", ReadOptions()))) == 1


@pytest.mark.parametrize(
    ("tokens", "tags", "message"),
    [
        ("a b\nc d\n", "O O\nO\n", "seq.in:2: 2 tokens and 1 tags"),
        ("a b\nc d\n", "O O\n\n", "seq.in:2: 2 tokens and 0 tags"),
        ("a\nb\n", "O\n", "seq.out:2: no line 2"),
        ("a\n", "O\nO\n", "seq.in:2: no line 2"),
        ("a\n", None, "seq.out that can be read (No such file or directory)"),
    ],
)
def test_every_fault_has_its_line(tmp_path: Path, tokens: str, tags: str | None, message: str) -> None:
    with pytest.raises(CorpusError) as caught:
        list(records(write(tmp_path, tokens, tags), ReadOptions()))
    assert message in str(caught.value)
    assert caught.value.expected
    assert caught.value.remedy


def test_after_a_bad_line_the_next_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "a b\nc\n", "O\nO\n")
    bad, good = [outcome for _, outcome in outcomes(path, ReadOptions())]
    assert isinstance(bad, CorpusError)
    assert not isinstance(good, CorpusError)
