"""brat standoff."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import CorpusError
from corpus.formats.rewritten.brat import parse, unpack
from corpus.options import ReadOptions
from corpus.reading.sentences import records
from corpus.record import Record

TEXT = "Ann sings in Rome.\n\nSmith and\nJones Ltd pays New and Old York.\n"
ANN = (
    "T1\tPER 0 3\tAnn\n"
    "T2\tLOC 13 17\tRome\n"
    "E1\tSing:T9 Agent:T1\n"
    "R1\tIn Arg1:T1 Arg2:T2\n"
    "A1\tSure T1\n"
    "*\tEquiv T1 T2\n"
    "#1\tAnnotatorNotes T1\ta note\n"
    "T3\tORG 20 39\tSmith and Jones Ltd\n"
    "T4\tLOC 45 48;57 61\tNew York\n"
)


def read(folder: Path, text: str | None, ann: str) -> list[tuple[int, Record]]:
    path = folder / "a.ann"
    path.write_text(ann, newline="")
    if text is not None:
        (folder / "a.txt").write_text(text, newline="")
    return list(records(path, ReadOptions()))


def test_a_text_and_its_annotations(tmp_path: Path) -> None:
    (one, first), (three, joined) = read(tmp_path, TEXT, ANN)
    assert (one, three) == (1, 3)
    assert first.sentence is not None
    assert first.sentence.tokens == ("Ann", "sings", "in", "Rome", ".")
    assert first.sentence.tags == ("B-PER", "O", "O", "B-LOC", "O")
    assert joined.sentence is not None
    assert joined.sentence.text == "Smith and Jones Ltd pays New and Old York."
    assert joined.sentence.tags == (
        *("B-ORG", "I-ORG", "I-ORG", "I-ORG", "O", "B-LOC", "I-LOC", "I-LOC", "I-LOC", "O"),
    )
    assert not first.notes
    assert [(note.found, note.became, note.code) for note in joined.notes] == [
        ("T4 LOC is in 2 pieces (45 48;57 61)", "taken as 'New and Old York'", "D202")
    ]


def test_offsets_count_the_line_ends_of_the_file(tmp_path: Path) -> None:
    ((one, _), (two, record)) = read(tmp_path, "Ann\r\nRome\r\n", "T1\tLOC 5 9\tRome\r\n")
    assert (one, two) == (1, 2)
    assert record.sentence is not None
    assert record.sentence.tags == ("B-LOC",)
    assert record.sentence.text == "Rome"


def test_a_text_without_annotations_has_no_entities(tmp_path: Path) -> None:
    ((_, record),) = read(tmp_path, "Nothing happened", "")
    assert record.sentence is not None
    assert record.sentence.spans == ()


@pytest.mark.parametrize(
    ("text", "ann", "message"),
    [
        (None, ANN, "a.txt that can be read (No such file or directory)"),
        ("Ann", "\nT1\tPER 0 4\tAnn\n", "a.ann:2: T1 0 4 in a text of 3 characters"),
        ("Ann", "T1\tPER 2 1\tn\n", "a.ann:1: T1 2 1 in a text of 3 characters"),
        ("Ann", "T1\tPER -1 2\tn\n", "a.ann:1: no annotation of brat"),
        ("Ann", "T1\tPER 0 3\tBob\n", "a.ann:1: T1 0 3 is 'Ann' in the text"),
        ("Ann  x", "T1\tPER 3 5\t \n", "a.ann:1: T1 3 5 covers white space only"),
        ("Ann", "T1 PER 0 3 Ann\n", "a.ann:1: no annotation of brat"),
        ("Ann", "Ann\tB-PER\n", "a.ann:1: no annotation of brat"),
    ],
)
def test_every_fault(tmp_path: Path, text: str | None, ann: str, message: str) -> None:
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, text, ann)
    assert message in str(caught.value)
    assert caught.value.expected
    assert caught.value.remedy


@given(
    st.lists(st.lists(st.sampled_from(["Ann", "met", "Bob", "\U0001f600"]), max_size=4), max_size=4).map(
        lambda lines: [" ".join(words) for words in lines]
    ),
    st.data(),
)
def test_the_entities_are_those_of_the_whole_text(lines: list[str], data: st.DataObject) -> None:
    text = "\n".join(lines)
    words = [at for at in range(len(text)) if text[at : at + 3] in ("Ann", "Bob")]
    chosen = data.draw(st.lists(st.sampled_from(words), unique=True)) if words else []
    ann = "".join(f"T{at}\tPER {at} {at + 3}\t{text[at : at + 3]}\n" for at in chosen)
    rewritten = list(
        unpack(
            "a.ann", ann.encode().splitlines(True), lambda _: text.encode().splitlines(True), ReadOptions()
        )
    )
    found = []
    for number, raw in enumerate(rewritten):
        if raw.strip():
            sentence = parse([raw.decode()], ReadOptions()).sentence
            assert sentence is not None
            assert sentence.text == lines[number].rstrip()
            assert sentence.spans is not None
            assert sentence.starts is not None
            begin = sum(len(line) + 1 for line in lines[:number])
            found += [begin + sentence.starts[span.start] for span in sentence.spans]
    assert found == sorted(chosen)
