"""WebAnno TSV 3."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import BadLine
from corpus.formats.columns.webanno import parse, with_header
from corpus.formats.header import Header
from corpus.options import ReadOptions
from corpus.reading.sentences import records
from corpus.record import Record

NE = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value"
POS = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.type.POS|PosValue"
RELATION = "#T_RL=webanno.custom.Works|kind|BT_de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
CHAIN = "#T_CH=de.tudarmstadt.ukp.dkpro.core.api.coref.type.CoreferenceLink|referenceType|referenceRelation"


def read(block: str, *layers: str, **options: Any) -> Record:
    header = Header.of("\n".join(["#FORMAT=WebAnno TSV 3.3", *layers, ""]).encode())
    return parse(block.split("\n"), with_header(header, ReadOptions(**options)))


def tags(record: Record) -> tuple[str, ...]:
    assert record.sentence is not None
    return record.sentence.tags


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text(
        f"#FORMAT=WebAnno TSV 3.3\n{NE}\n{RELATION}\n\n\n"
        "#Text=Ann Lee's pay\n"
        "1-1\t0-3\tAnn\t*[1]\tPER[1]\t_\t_\t\n"
        "1-2\t4-7\tLee\t*[1]\tPER[1]\tx\t1-1[1_0]\t\n"
        "1-3\t7-9\t's\t_\t_\t_\t_\t\n"
        "1-4\t10-13\tpay\t_\t_\t_\t_\t\n\n"
        "#Sentence.id=s2\n#Text=Rome \n#Text=Oslo\n"
        "2-1\t14-18\tRome\t*\tLOC\t_\t_\t\n"
        "2-2\t19-23\tOslo\t*\tLOC\t_\t_\t\n"
    )
    first, second = [(line, record) for line, record in records(path, ReadOptions()) if record.sentence]
    assert first[0] == 6
    assert first[1].sentence is not None
    assert first[1].sentence.tokens == ("Ann", "Lee", "'s", "pay")
    assert tags(first[1]) == ("B-PER", "I-PER", "O", "O")
    assert first[1].sentence.starts == (0, 4, 7, 10)
    assert list(first[1].lines) == [1, 2, 3, 4]
    assert tags(second[1]) == ("B-LOC", "B-LOC")
    assert not first[1].notes
    assert not second[1].notes


def test_the_feature_is_told_by_its_name() -> None:
    row = "1-1\t0-3\tAnn\tNNP\tid\tPER\t_\t_"
    assert tags(read(row, POS, NE, CHAIN)) == ("B-PER",)
    assert tags(read(row, POS, NE, CHAIN, tag_column="identifier")) == ("B-id",)
    assert tags(read(row, POS, NE, CHAIN, tag_column="namedentity.VALUE")) == ("B-PER",)
    record = read(row, POS, NE, CHAIN, tag_column="POS")
    assert tags(record) == ("NNP",)
    assert record.sentence is not None
    assert record.sentence.spans is None
    assert tags(read("1-1\t0-3\tAnn\tX", "#T_SP=webanno.custom.Mark|kind")) == ("B-X",)


@pytest.mark.parametrize(
    ("layers", "options", "found"),
    [
        ((), {}, "no feature that could be the tag (the file has no layer of spans)"),
        ((RELATION,), {}, "no layer of spans"),
        (("#T_SP=x.A|one|two",), {}, "no feature that could be the tag (the file has A.one, A.two)"),
        (("#T_SP=x.A|value", "#T_SP=x.B|value"), {}, "more than one feature"),
        ((NE,), {"tag_column": "kind"}, "tag_column kind, which is no feature"),
        ((NE,), {"tag_column": "NamedEntity"}, "tag_column NamedEntity, which is more than one feature"),
    ],
)
def test_a_feature_that_cannot_be_told_is_asked_for(
    layers: tuple[str, ...], options: dict[str, Any], found: str
) -> None:
    with pytest.raises(BadLine) as caught:
        read("1-1\t0-3\tAnn\ta\tb", *layers, **options)
    assert found in caught.value.found
    assert "tag_column" in caught.value.remedy


def test_stacked_annotations_keep_the_longer_and_the_first() -> None:
    block = (
        "1-1\t0-3\tNew\t*\tLOC[1]|ORG[2]\n"
        "1-2\t4-8\tYork\t*\tLOC[1]|ORG[2]\n"
        "1-3\t9-14\tTimes\t*\tORG[2]\n"
        "1-4\t15-17\tin\t*\tA|A"
    )
    record = read(block, NE)
    assert tags(record) == ("B-ORG", "I-ORG", "I-ORG", "B-A")
    assert [(note.line, note.found, note.became, note.code) for note in record.notes] == [
        (0, "LOC 'New York' meets another annotation in a token", "dropped for ORG 'New York Times'", "D210"),
        (3, "A 'in' given twice", "kept once", "D209"),
    ]


def test_an_annotation_without_a_value_is_called_by_its_layer() -> None:
    assert tags(read("1-1\t0-3\tAnn\t*[4]\n1-2\t4-7\tLee\t*[4]", "#T_SP=webanno.custom.Mark|")) == (
        *("B-Mark", "I-Mark"),
    )


def test_escapes() -> None:
    record = read("#Text=a\\\\b\tc\n1-1\t0-3\ta\\b\t*\tX\\|Y\\_Z\\[1\\]\n1-2\t4-5\tc\t*\tInvoice Number", NE)
    assert record.sentence is not None
    assert [span.label for span in record.sentence.spans or ()] == ["X|Y_Z[1]", "Invoice Number"]
    assert record.sentence.text == "a\\b\tc"
    assert record.sentence.starts == (0, 4)
    assert [note.code for note in record.notes] == ["D306"]


def test_an_annotation_of_a_part_of_a_token_is_that_of_the_token_and_told() -> None:
    block = "1-1\t0-5\tNetzA\t_\t_\n1-1.1\t0-4\tNetz\t*\tORG\n1-1.2\t4-5\tA\t_\t_\n1-2\t6-7\tb\t_\t_"
    record = read(block, NE)
    assert tags(record) == ("B-ORG", "O")
    assert [(note.line, note.found, note.became) for note in record.notes] == [
        (1, "ORG on the part 'Netz' of the token 'NetzA'", "taken as the whole token")
    ]


@pytest.mark.parametrize(
    ("block", "index", "found"),
    [
        ("#Text=a\n1-1\t0-1\ta\t_\t_\nb\t0-1\tb\t_\t_", 2, "ID 'b'"),
        ("1-1.1\t0-1\ta\t_\t_", 0, "ID '1-1.1'"),
        ("1-1\t0-1\ta\t_", 0, "4 columns separated by a tab"),
        ("1-1\t0-1\ta\t_\t_\t_\t_", 0, "7 columns"),
        ("1-1\t0-1\t\t_\t_", 0, "empty token"),
    ],
)
def test_every_fault(block: str, index: int, found: str) -> None:
    with pytest.raises(BadLine) as caught:
        read(block, NE)
    assert found in caught.value.found
    assert caught.value.index == index


def test_a_block_of_comments_is_nothing() -> None:
    assert read(f"#FORMAT=WebAnno TSV 3.3\n{NE}", NE).sentence is None


_LABEL = st.text("aB-_|[]*\\; 1", min_size=1, max_size=4).filter(
    lambda label: label == " ".join(label.split())
)


@given(st.lists(st.tuples(st.integers(1, 3), st.none() | _LABEL), min_size=1, max_size=5))
def test_what_is_written_as_documented_is_read(parts: list[tuple[int, str | None]]) -> None:
    rows, expected = [], []
    for number, (length, label) in enumerate(parts, start=1):
        if label is not None:
            expected.append((len(rows), len(rows) + length, label))
        value = "_" if label is None else re.sub(r"([\\\[\]|_*;])", r"\\\1", label)
        for _ in range(length):
            cell = f"{value}[{number}]" if label is not None and length > 1 else value
            rows.append(f"1-{len(rows) + 1}\t0-1\tx\t{cell}")
    record = read("\n".join(rows), "#T_SP=webanno.custom.Mark|kind")
    assert record.sentence is not None
    assert [tuple(span) for span in record.sentence.spans or ()] == expected


@given(
    st.lists(st.text("1-.\t_*[]|\\#aB ", max_size=14), min_size=1, max_size=3),
    st.sampled_from(["POS", "value"]),
)
def test_any_block_is_read_or_a_fault(lines: list[str], feature: str) -> None:
    faults = []
    try:
        read("\n".join(lines), POS, NE, tag_column=feature)
    except BadLine as error:
        faults.append(error)
    assert all(fault.expected and fault.remedy for fault in faults)
