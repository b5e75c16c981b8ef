"""CSV with a token a row."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import CorpusError
from corpus.formats.rewritten.csv_rows import unpack
from corpus.options import ReadOptions
from corpus.reading.sentences import outcomes, records

KAGGLE = (
    "Sentence #,Word,POS,Tag\n"
    "Sentence: 1,Ann,NNP,B-per\n"
    ",said,VBD,O\n"
    ',"""",``,O\n'
    ',",",",",O\n'
    "Sentence: 2,Rome,NNP,B-geo\n"
    ",.,.,O\n"
)


def read(tmp_path: Path, text: str, **options: Any) -> list[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return [
        (line, record.sentence.tokens, record.sentence.tags)
        for line, record in records(path, ReadOptions(**options))
        if record.sentence is not None
    ]


def test_the_form_of_kaggle(tmp_path: Path) -> None:
    assert read(tmp_path, KAGGLE) == [
        (2, ("Ann", "said", '"', ","), ("B-per", "O", "O", "O")),
        (6, ("Rome", "."), ("B-geo", "O")),
    ]
    assert read(tmp_path, "\ufeff" + KAGGLE.replace("\n", "\r\n")) == read(tmp_path, KAGGLE)


@pytest.mark.parametrize(
    "text",
    [
        "sentence_idx,shape,word,tag\n1,Xxx,Ann,B-PER\n1,xx,sat,O\n2,Xxx,Bob,B-PER\n",
        "Token;Label;sent_id\nAnn;B-PER;a\nsat;O;a\nBob;B-PER;b\n",
        "word\tner\nAnn\tB-PER\nsat\tO\n\nBob\tB-PER\n",
        "word,pos,ner\nAnn,NNP,B-PER\nsat,VBD,O\n,,\nBob,NNP,B-PER\n",
    ],
)
def test_columns_are_found_by_their_names(tmp_path: Path, text: str) -> None:
    assert [(tokens, tags) for _, tokens, tags in read(tmp_path, text)] == [
        (("Ann", "sat"), ("B-PER", "O")),
        (("Bob",), ("B-PER",)),
    ]


def test_the_options_name_the_columns(tmp_path: Path) -> None:
    assert read(tmp_path, KAGGLE, tag_column="pos")[1][2] == ("NNP", ".")
    text = "a,b,c\nAnn,x,B-PER\n"
    assert read(tmp_path, text, token_column="A", tag_column="c") == [(2, ("Ann",), ("B-PER",))]
    # Without a header, by their numbers.
    assert read(tmp_path, "x,Ann,B-PER\nx,sat,O\n", token_column=1, tag_column=2) == [
        (1, ("Ann", "sat"), ("B-PER", "O"))
    ]
    assert read(tmp_path, "word;tag\na,b;O\n", separator=";") == [(2, ("a,b",), ("O",))]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            "Sentence #,Sentence,POS,Tag\nx,y,z,O\n",
            {},
            "x.csv:1: no column of tokens (the columns are Sentence #",
        ),
        ("word,class\nAnn,O\n", {}, "x.csv:1: no column of tags (the columns are word, class)"),
        (KAGGLE, {"tag_column": "ner"}, "x.csv:1: no column of tags"),
        (KAGGLE, {"tag_column": 7}, "x.csv:1: no column of tags"),
        ("word,tag\nAnn,O\nsat\n", {}, "x.csv:3: 1 cell"),
        ('word,tag\nAnn,O\n",O\nsat,O\nx",O\n', {}, "x.csv:3: a quote that does not end in its row"),
        ('word,tag\nAnn,O\n",O\n' + "sat,O\n" * 40_000, {}, "x.csv:3: a quote that does not end in its row"),
        ("word,tag\n" + "a,O\n" * 10_001, {}, "x.csv:2: more than 10000 rows of one sentence"),
        ("word,tag\nAnn,O\na\0b,O\n", {}, "x.csv:3: a zero byte"),
        (KAGGLE, {"separator": "::"}, "separator '::'"),
    ],
)
def test_faults_of_the_file(tmp_path: Path, text: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, text, **options)
    assert message in str(caught.value)
    assert caught.value.expected
    assert caught.value.remedy


def test_an_empty_file_and_a_header_alone_have_no_sentences(tmp_path: Path) -> None:
    assert read(tmp_path, "") == read(tmp_path, "\n") == read(tmp_path, "word,tag\n") == []


def test_a_fault_of_a_cell_has_its_line_and_the_next_sentence_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("s,word,tag\n1,Ann,O\n1,,O\n2,Bob,\n3,Eve,O\n".replace("s,", "sentence,"))
    bad, worse, good = [outcome for _, outcome in outcomes(path, ReadOptions())]
    assert str(bad).startswith(f"{path}:3: empty token, in ',O'")
    assert str(worse).startswith(f"{path}:4: empty tag")
    assert not isinstance(good, CorpusError)


def test_bytes_that_are_not_utf_8_have_their_line(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"word,tag\nAnn,O\nna\xefve,O\n")
    with pytest.raises(CorpusError, match=r"x\.csv:3: not UTF-8"):
        list(records(path, ReadOptions()))


_WORD = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=4)


@given(st.lists(st.lists(_WORD, min_size=1, max_size=4), min_size=1, max_size=4), st.booleans())
def test_what_the_csv_module_writes_is_read(words: list[list[str]], every_row: bool) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["Sentence #", "Word", "Tag"])
    line, expected = 1, []
    for number, sentence in enumerate(words):
        expected.append((line + 1, sentence))
        for index, word in enumerate(sentence):
            line += 1
            writer.writerow([f"Sentence: {number}" if every_row or index == 0 else "", word, "O"])

    def beside(path: str) -> list[bytes]:
        raise AssertionError(path)

    lines = list(unpack("x.csv", io.BytesIO(stream.getvalue().encode()), beside, ReadOptions()))
    found = [(at, json.loads(raw)["tokens"]) for at, raw in enumerate(lines, start=1) if raw.strip()]
    assert found == expected
