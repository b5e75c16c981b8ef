"""How files are said to be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.options import ReadOptions
from corpus.recognition.description import described

PLUS = "# global.columns = ID FORM UPOS PARSEME:NE\n1\tAnn\tPROPN\tB-PER\n"
CONLLU = "1\tAnn\t_\tPROPN\t_\t_\t0\troot\t_\tNER=B-PER\n"


@pytest.mark.parametrize(
    ("name", "text", "options", "expected"),
    [
        ("a.txt", "Ann B-PER\n", {}, "conll (tokens in column 0, tags in column 1 of 2, separated by spaces)"),
        ("a.txt", "\ufeff# id\tx\n0\tAnn\tO\n", {"token_column": 1},
         "conll (tokens in column 1, tags in column 2 of 3, separated by tabs)"),
        ("a.conllu", CONLLU, {}, "conllu (tokens FORM, tags UPOS)"),
        ("a.conllu", CONLLU, {"tag_column": "misc.NER"}, "conllu (tokens FORM, tags MISC, misc.NER)"),
        ("a.txt", PLUS, {}, "conllu (tokens FORM, tags PARSEME:NE)"),
        ("a.jsonl", '{"text": "Ann", "spans": []}\n', {}, "jsonl (texts with spans)"),
        ("a.jsonl", '{"tokens": ["Ann"], "ner_tags": ["O"]}\n', {}, "jsonl (tokens and tags)"),
        ("a.json", '[["Ann", {"entities": []}]]', {}, "json (texts and entities in pairs, as of spaCy 2)"),
        ("a.jsonl", "{broken\n", {}, "jsonl"),
        ("a.csv", "Word,Tag\nAnn,O\n", {}, "csv"),
        ("a.txt", "", {}, "conll"),
    ],
)  # fmt: skip
def test_a_file_is_described(
    tmp_path: Path, name: str, text: str, options: dict[str, str | int], expected: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert described(path, ReadOptions(**options)) == expected  # type: ignore[arg-type]
