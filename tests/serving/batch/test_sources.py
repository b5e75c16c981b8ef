"""The sentences of the input: of a file, and of any stretch of one."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import CorpusError
from corpus.options import ReadOptions
from corpus.reading.sentences import sentences as corpus_sentences
from serving.batch.sources import input_files, sentences, stretch

OPTIONS = ReadOptions()
CONLL = "# domain = news\nAnn\tB-PER\nsings\tO\n\n\n# a comment alone\n\nRome\tB-LOC\n\nin\tO\nIt\tO\n"
CONLLU = "".join(
    f"# text = {word}\n1\t{word}\t_\tNOUN\t_\t_\t_\t_\t_\t_\n\n" for word in ("One", "Two", "Three", "Four")
)
JSONL = "".join(
    json.dumps({"tokens": tokens, "tags": ["O"] * len(tokens)}) + "\n"
    for tokens in (["a"], [], ["b", "c"], ["d"])
)
CONTENTS = {"x.conll": CONLL, "x.conllu": CONLLU, "x.jsonl": JSONL, "x.txt": "one\n\nzwei drei\r\n four"}


@pytest.mark.parametrize("name", ["x.conll", "x.conllu"])
def test_corpus_files_are_read_as_by_corpus_reading(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(CONTENTS[name])
    read = [(each.line, each.record.sentence) for each in sentences(path, OPTIONS) if each.record]
    assert read == list(corpus_sentences(path, OPTIONS))
    assert len(read) > 2


def test_each_line_of_json_is_a_sentence_even_without_tokens(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(JSONL)
    assert [each.tokens for each in sentences(path, OPTIONS)] == [("a",), (), ("b", "c"), ("d",)]


def test_a_line_of_json_may_come_without_tags(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(
        '{"tokens": ["Zo\\u00eb", "left"]}\n{"text": "Ann\'s here"}\n{"tokens": ["a"], "tags": ["O"]}\n'
    )
    read = list(sentences(path, OPTIONS))
    assert [(each.tokens, each.tagged) for each in read] == [
        (("Zoë", "left"), False), (("Ann", "'s", "here"), False), (("a",), True),
    ]  # fmt: skip
    assert read[1].record is not None
    assert read[1].record.sentence is not None
    assert read[1].record.sentence.starts == (0, 3, 6)


def test_each_line_of_a_text_file_is_a_text(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(b"\xef\xbb\xbfone\n\nzwei drei\r\n four")
    assert [(each.line, each.text) for each in sentences(path, OPTIONS)] == [
        (1, "one"), (2, ""), (3, "zwei drei"), (4, " four"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("packed", [False, True])
def test_a_stretch_is_the_same_as_in_the_whole_file(name: str, packed: bool, tmp_path: Path) -> None:
    path = tmp_path / (name + ".gz" * packed)
    content = CONTENTS[name].encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    whole = list(sentences(path, OPTIONS))
    assert len(whole) >= 3
    for place, first in enumerate(whole):
        for count in (1, 2, 99):
            part = stretch(path, OPTIONS, offset=first.offset, line=first.line, count=count)
            assert part == whole[place : place + count]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\n"), max_size=8),
        max_size=8,
    )
)
def test_texts_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("texts") / "x.txt"
    path.write_bytes("".join(f"{text}\n" for text in texts).encode())
    read = [each.text for each in sentences(path, OPTIONS)]
    # A byte order mark at the beginning is not part of the text.
    assert read == [text.removeprefix("\ufeff") if place == 0 else text for place, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.txt", b"fine\nna\xefve\n", r"x\.txt:2: not UTF-8 \(byte 0xef\)"),
        ("x.conll", b"Ann\tO\nonly-a-token\n", r"x\.conll:2: 1 column"),
        ("x.conll", b"Ann\tO\n\nna\xefve\tO\n", r"x\.conll:3: not UTF-8"),
        (
            "x.jsonl",
            b'{"tokens": ["a"], "tags": ["O"]}\n{"tokens": 3}\n',
            r"x\.jsonl:2: JSON of another form",
        ),
        ("x.jsonl", b'{"tokens": ["a", ""]}\n', r"x\.jsonl:1: empty token"),
        (
            "x.jsonl",
            b'{"tokens": ["a"], "spans": []}\n',
            r"x\.jsonl:1: an object without `tokens` and `tags`",
        ),
        ("x.jsonl", b'["a"]\n', r"x\.jsonl:1: JSON of another form"),
        ("x.txt.gz", b"no gzip", r"x\.txt\.gz: broken gzip"),
        ("x.txt.gz", gzip.compress(b"a text\n" * 100, mtime=0)[:-9], r"x\.txt\.gz: broken gzip"),
    ],
)
def test_an_unreadable_line_is_reported_with_its_position(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        list(sentences(path, OPTIONS))


def test_an_error_in_a_stretch_has_the_line_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.conll"
    path.write_text("Ann\tO\n\nBob\tO\n\nbad\n")
    with pytest.raises(CorpusError, match=r"x\.conll:5: "):
        stretch(path, OPTIONS, offset=len("Ann\tO\n\n"), line=3, count=9)


def test_the_corpus_and_text_files_of_a_folder_are_sorted(tmp_path: Path) -> None:
    for name in ("b.txt", "a.conll.gz", "deep/c.jsonl", "notes.md", ".hidden.txt", ".git/d.txt", "x.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    names = [str(path.relative_to(tmp_path)) for path in input_files(tmp_path)]
    assert names == ["a.conll.gz", "b.txt", "deep/c.jsonl"]


def test_a_broken_link_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text(CONLL)
    (tmp_path / "b.conll").symlink_to(tmp_path / "gone")
    assert [path.name for path in input_files(tmp_path)] == ["a.conll", "b.conll"]
    with pytest.raises(CorpusError, match=r"b\.conll: No such file or directory"):
        list(sentences(tmp_path / "b.conll", OPTIONS))


@pytest.mark.parametrize("mode", [0, 0o600])
def test_a_folder_without_permission_is_reported(mode: int, tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text(CONLL)
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "b.conll").write_text(CONLL)
    closed.chmod(mode)
    try:
        if os.access(closed, os.X_OK):
            pytest.skip("root may read everything")
        with pytest.raises(CorpusError, match="closed: Permission denied; expected"):
            input_files(tmp_path)
    finally:
        closed.chmod(0o755)


@pytest.mark.parametrize("name", CONTENTS)
def test_utf16_is_recognised(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(CONTENTS[name].encode("utf-16-le"))
    with pytest.raises(CorpusError, match=f"{name}:1: UTF-16 text; .* iconv -f utf-16"):
        list(sentences(path, OPTIONS))


@pytest.mark.parametrize("name", CONTENTS)
def test_a_huge_line_is_reported_and_not_held_in_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with path.open("w") as file:
        file.write(CONTENTS[name].rstrip("\n") + "\n\n")
        for _ in range(32):
            file.write("x" * (1 << 20))
    tracemalloc.start()
    with pytest.raises(CorpusError, match="more than 4 MiB without an end") as caught:
        list(sentences(path, OPTIONS))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.line == CONTENTS[name].rstrip("\n").count("\n") + 3
    assert peak < 24 << 20


def test_an_input_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file or folder"):
        input_files(tmp_path / "none")
    (tmp_path / "notes.md").touch()
    with pytest.raises(CorpusError, match=r"no file to tag; expected files that end in \.conll"):
        input_files(tmp_path)


def test_a_text_that_says_it_has_no_entities_is_scored_and_a_text_alone_is_not(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    lines = [
        '{"text": "a", "spans": null}',
        '{"text": "a", "id": 1}',
        '["a", {"entities": []}]',
        '{"tokens": ["a"]}',
    ]
    path.write_text("\n".join(lines))
    assert [each.tagged for each in sentences(path, OPTIONS)] == [True, False, True, False]
    path.write_text('{"tokens": ["a"]}\n{"tokens": ["a"], "ner": ["O"]}\n')
    named = ReadOptions(tag_column="ner")
    assert [each.tagged for each in sentences(path, named)] == [False, True]


def test_a_file_that_must_be_read_as_a_whole_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('[{"text": "a"}]')
    with pytest.raises(CorpusError, match=r"x\.json: a file of the form json.*tagline convert"):
        list(sentences(path, OPTIONS))
