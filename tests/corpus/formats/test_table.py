"""The table of formats, and the other places that name every format."""

from __future__ import annotations

from typing import get_args

import pytest

from corpus.formats.table import FORMATS, reader_of
from corpus.options import Format, ReadOptions
from corpus.repair.records import REPAIRS


def test_every_format_can_be_named_in_the_settings_and_repaired() -> None:
    assert {"auto", *FORMATS} == set(get_args(Format))
    assert set(REPAIRS) <= set(FORMATS)
    assert {name for name in FORMATS if name not in REPAIRS} == {
        name for name, row in FORMATS.items() if row.unpack is not None or name == "webanno"
    }


def test_no_ending_means_two_formats() -> None:
    endings = [ending for row in FORMATS.values() for ending in row.endings]
    assert len(endings) == len(set(endings))


@pytest.mark.parametrize(
    ("path", "options", "name"),
    [
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
