"""The table of formats, and the other places that name every format."""

from __future__ import annotations

from typing import get_args

import pytest

from corpus.formats.table import FORMATS, reader_of
from corpus.options import Format, ReadOptions
from corpus.repair.records import REPAIRS


def test_every_format_can_be_named_in_the_settings() -> None:
    assert {"auto", *FORMATS} == set(get_args(Format))


def test_every_format_can_be_repaired_unless_it_is_rewritten() -> None:
    assert set(REPAIRS) == {name for name, row in FORMATS.items() if row.unpack is None}


def test_no_ending_means_two_formats() -> None:
    endings = [ending for row in FORMATS.values() for ending in row.endings]
    assert len(endings) == len(set(endings))


@pytest.mark.parametrize(
    ("path", "head", "name"),
    [
        ("train.json", b'[{"text": "a"}]', "json"),
        ("train.jsonl", b'\xef\xbb\xbf[\n  {"text": "a"}', "json"),
        ("train.json", b'["a", {"entities": []}]\n', "jsonl"),
        ("train.conll", b"[\tO\n", "conll"),
        ("train.tsv", b"#FORMAT=WebAnno TSV 3.3\n#T_SP=x.NamedEntity|value\n", "webanno"),
    ],
)
def test_the_first_line_tells_the_format(path: str, head: bytes, name: str) -> None:
    assert reader_of(path, ReadOptions(), head).format == name


@pytest.mark.parametrize(
    ("path", "options", "name"),
    [
        ("x.csv.gz", {}, "csv"),
        ("x.ann", {}, "brat"),
        ("train/seq.in", {}, "parallel"),
        ("a/train.conll", {}, "conll"),
        ("train.TXT.gz", {}, "conll"),
        ("train", {}, "conll"),
        ("train.conllu", {}, "conllu"),
        ("train.json.gz", {}, "jsonl"),
        ("train.txt", {"format": "jsonl"}, "jsonl"),
    ],
)
def test_the_format_of_a_file(path: str, options: dict[str, str], name: str) -> None:
    assert reader_of(path, ReadOptions(**options)).format == name  # type: ignore[arg-type]
