"""Corpora with a fault of every kind, one for each format, each line marked with the codes of its findings."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

# (code, file, line or None for a whole file or split)
Found = tuple[str, str, int | None]

LIMITS: dict[str, Any] = {
    "min_examples": 2,
    "max_tokens": 4,
    "max_repaired": 0.001,
    "max_settled": 0.001,
    "max_unseen_tags": 0.001,
    "findings_per_code": 1000,
}

_MARKED = re.compile(r"((?:D\d{3} )*)\| ?(.*)", re.DOTALL)


def _write(root: Path, name: str, text: str) -> set[Found]:
    """Write a file given as `CODE CODE | line`, without the marks; return the findings that they name."""
    expected: set[Found] = set()
    lines = []
    for number, line in enumerate(text.removeprefix("\n").removesuffix("\n").split("\n"), start=1):
        match = _MARKED.fullmatch(line)
        assert match, f"{name}:{number}: {line!r} has no mark"
        expected.update((code, name, number) for code in match[1].split())
        lines.append(match[2])
    # Bytes that are not UTF-8 are given as surrogates.
    content = "\n".join([*lines, ""]).encode("utf-8", "surrogateescape")
    (root / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return expected


def whole_file(*codes: str, at: str) -> set[Found]:
    return {(code, at, None) for code in codes}


# So many that chance does not explain that dev has other labels than train.
MANY = 60
MANY_PLACES = "\n".join(["| one\tB-LOC", "|"] * MANY)
MANY_PEOPLE = "\n".join(["| zwei\tB-PER", "|"] * MANY)
MANY_TEXTS = "\n".join(['| {"text": "one", "spans": [[0, 3, "LOC"]]}'] * MANY)
MANY_NAMES = "\n".join(['| {"text": "zwei", "spans": [[0, 4, "PER"]]}'] * MANY)
# Longer than a record may be in these tests.
RECORD_BYTES = 4000
LONG = "x" * 5000

CONLL_TRAIN = f"""
D204 D303 D304 | \ufeffAnn\tB-PER\r
| sings\tO
|
D108 | lost
|
| fine\tO
| as well\tO
D108 | two\tmany\tO
|
D109 | \tO
|
D109 | word\t
|
| we\tO
D110 | met\tX-PER
|
D110 | no\tB-
|
D111 | New\u2003York\tB-LOC
|
D221 | \u200b\u200d\tO
|
D112 | bell\x07\tO
|
D112 | quote\x92\tO
|
D107 | caf\udce9\tO
|
D115 | old\tO\rMac\tO
|
D114 | {LONG}\tO
|
| it\tO
D201 | Rome\tI-LOC
|
D206 | Ann\tO
| sings\tO
|
D207 | one\tO
| two\tO
| three\tO
| four\tO
| five\tO
|
D204 | IBM\tB-ORG
|
D215 | zero\u200bwidth\tO
D215 | soft\u00adly\tO
D215 | \u202aleft\tO
| \U0001f469\u200d\U0001f4bb\tO
|
D216 | lost\ufffd\tO
|
{MANY_PLACES}
"""

CONLL_DEV = f"""
| # domain = news
| unseen\tO
D203 | Louvre\tB-ART
|
D205 | Ann\tB-PER
| sings\tO
|
{MANY_PEOPLE}
"""

CONLL_TEST = """
| one\tB-LOC
| and\tO
| one\tB-LOC
|
D205 | unseen\tO
D203 | Louvre\tB-ART
"""


def conll(root: Path) -> set[Found]:
    expected = _write(root, "train.conll", CONLL_TRAIN)
    expected |= _write(root, "dev-3.conll", CONLL_DEV)
    expected |= _write(root, "test-3.conll", CONLL_TEST)
    (root / "test-2.conll").write_text("\n\n")
    (root / "dev-2.conll.gz").write_bytes(b"not gzip")
    (root / "notes.txt").write_text("left out\n")
    return (
        expected
        | whole_file("D103", at="test-2.conll")
        | whole_file("D102", at="dev-2.conll.gz")
        | whole_file("D301", at="notes.txt")
        # Findings of a whole split are at its first file.
        | whole_file("D104", "D120", at="train.conll")
        | whole_file("D106", "D213", "D214", at="dev-2.conll.gz")
        | whole_file("D106", at="test-2.conll")
        | whole_file("D213", at="test-2.conll")
    )


CONLLU_TRAIN = """
D303 | \ufeff# newdoc id = one
| # text = Ann sings
D204 | 1\tAnn\t_\tPROPN\t_\t_\t_\t_\t_\t_
D304 | 2\tsings\t_\tVERB\t_\t_\t_\t_\t_\t_\r
|
D101 | one\tAnn\t_\tPROPN\t_\t_\t_\t_\t_\t_
|
D108 | 1\tAnn\t_\tPROPN
|
D109 | 1\t\t_\tPROPN\t_\t_\t_\t_\t_\t_
|
D109 | 1\tAnn\t_\t\t_\t_\t_\t_\t_\t_
|
| 1-2\tzum\t_\t_\t_\t_\t_\t_\t_\t_
D111 | 1\tzu  dem\t_\tADP\t_\t_\t_\t_\t_\t_
|
D112 | 1\tbell\x07\t_\tNOUN\t_\t_\t_\t_\t_\t_
|
D107 | 1\tcaf\udce9\t_\tNOUN\t_\t_\t_\t_\t_\t_
|
D115 | 1\told\t_\tADJ\t_\t_\t_\t_\t_\t_\r\r
|
D204 D206 | 1\tAnn\t_\tNOUN\t_\t_\t_\t_\t_\t_
| 2\tsings\t_\tVERB\t_\t_\t_\t_\t_\t_
|
| 1\tone\t_\tNUM\t_\t_\t_\t_\t_\t_
D204 | 2\t,\t_\tPUNCT\t_\t_\t_\t_\t_\t_
| 3\ttwo\t_\tNUM\t_\t_\t_\t_\t_\t_
|
D215 | 1\t\u200bzero\t_\tNUM\t_\t_\t_\t_\t_\t_
|
D216 | 1\t\ufffdlost\t_\tNUM\t_\t_\t_\t_\t_\t_
"""

CONLLU_DEV = """
D207 | 1\ta\t_\tNUM\t_\t_\t_\t_\t_\t_
| 2\tb\t_\tNUM\t_\t_\t_\t_\t_\t_
D203 | 3\tand\t_\tCCONJ\t_\t_\t_\t_\t_\t_
| 4\tc\t_\tNUM\t_\t_\t_\t_\t_\t_
| 5\td\t_\tNUM\t_\t_\t_\t_\t_\t_
"""


def conllu(root: Path) -> set[Found]:
    expected = _write(root, "train.conllu", CONLLU_TRAIN)
    expected |= _write(root, "dev.conllu.gz", CONLLU_DEV)
    expected |= _write(root, "test.conllu", "| 1\tone\t_\tNUM\t_\t_\t_\t_\t_\t_")
    return expected | whole_file("D106", "D213", at="dev.conllu.gz")


JSONL_TRAIN = f"""
D303 D304 | \ufeff{{"tokens": ["Ann", "sings"], "tags": ["B-PER", "O"]}}\r
D101 | {{"tokens": ["Ann"]}}
D101 | {{"tokens":
D101 | {{"text": "Ann", "spans": [{{"start": "0"}}]}}
D116 | {{"tokens": ["\\ud83d"], "tags": ["O"]}}
| {{"tokens": ["\\ud83d\\ude00"], "tags": ["O"]}}
D108 | {{"tokens": ["a", "b"], "tags": ["O"]}}
D109 | {{"tokens": [""], "tags": ["O"]}}
D109 | {{"tokens": ["a"], "tags": [""]}}
D110 | {{"tokens": ["a"], "tags": ["X-PER"]}}
D111 | {{"tokens": ["New  York"], "tags": ["B-LOC"]}}
D112 | {{"tokens": ["bell\\u0007"], "tags": ["O"]}}
D107 | {{"tokens": ["caf\udce9"], "tags": ["O"]}}
D115 | {{"tokens": ["a"],\r "tags": ["O"]}}
D114 | {{"tokens": ["{LONG}"], "tags": ["O"]}}
D113 | {{"text": "Rome", "spans": [[0, 5, "LOC"]]}}
D201 | {{"tokens": ["it", "Rome"], "tags": ["O", "I-LOC"]}}
D202 | {{"text": "in New York", "spans": [[3, 8, "LOC"]]}}
D217 | {{"text": "\uae40\ucca0\uc218\uac00 \uac04\ub2e4", "spans": [[0, 3, "PER"]]}}
D209 | {{"text": "in Rome", "spans": [[3, 7, "LOC"], {{"start": 3, "end": 7, "label": "LOC"}}]}}
D210 | {{"text": "of New York", "spans": [[3, 11, "LOC"], [7, 11, "ORG"]]}}
D211 | {{"text": "so  what", "spans": [[2, 4, "LOC"]]}}
D212 | {{"text": " ", "spans": []}}
D206 | {{"text": "Ann sings", "spans": []}}
D207 | {{"text": "one two three four five", "spans": []}}
D204 | {{"text": "at IBM", "spans": [[3, 6, "ORG"]]}}
D215 | {{"tokens": ["soft\\u00adly"], "tags": ["O"]}}
D216 | {{"tokens": ["lost\ufffd"], "tags": ["O"]}}
D218 | {{"text": "this that", "spans": [[0, 4, "B-X"], [5, 9, "B-X"]]}}
D305 | {{"text": "this or that", "spans": [[0, 4, "LOC"]], "answer": "reject"}}
D306 | {{"text": "that this", "spans": [[0, 4, "Invoice Number"], [5, 9, "Invoice Number"]]}}
{MANY_TEXTS}
"""

JSONL_DEV = f"""
D203 | {{"text": "the Louvre", "spans": [[4, 10, "ART"]]}}
D205 | {{"text": "Ann  sings", "spans": [[0, 3, "PER"]]}}
{MANY_NAMES}
"""


def jsonl(root: Path) -> set[Found]:
    expected = _write(root, "train.jsonl", JSONL_TRAIN)
    expected |= _write(root, "dev.jsonl", JSONL_DEV)
    expected |= _write(root, "test.jsonl", '| {"text": "one one", "spans": [[0, 3, "LOC"]]}')
    return (
        expected
        | whole_file("D104", "D105", at="train.jsonl")
        | whole_file("D106", "D213", "D214", at="dev.jsonl")
    )


def without_entities(root: Path) -> set[Found]:
    expected = _write(root, "train.conll", "| a\tO\n|\n| b\tO")
    expected |= _write(root, "dev.conll", "| a\tO\n| b\tO")
    expected |= _write(root, "test.conll", "| b\tO\n| a\tO")
    return expected | whole_file("D122", at="train.conll")


def spellings(root: Path) -> set[Found]:
    expected = _write(root, "train.conll", "| Zo\u00eb\tB-PER\n| a\tO\n|\nD204 | Bo\tB-per")
    expected |= _write(root, "dev.conll", "| Zoe\u0308\tB-PER\n| Bo\tO")
    expected |= _write(root, "test.conll", "| Bo\tB-PER\n| Bo\tB-PER")
    return (
        expected
        | whole_file("D219", "D220", at="train.conll")
        | whole_file("D213", at="dev.conll")
        | {("D204", "train.conll", 1)}
    )


def cut_by_hash(root: Path) -> set[Found]:
    words = "abcdefghijkl"
    _write(root, "all.conll", "\n|\n".join(f"| {one}\tB-A\n| {two}\tO" for one in words for two in words))
    return whole_file("D302", at="all.conll")


def files_that_overlap(root: Path) -> set[Found]:
    words = "abcdefghijkl"
    same = "\n|\n".join(f"| {one}\tB-A\n| {two}\tO" for one in words for two in words)
    _write(root, "all_train_1.conll", same)
    _write(root, "all_train_2.conll", same)
    return whole_file("D118", at="all_train_2.conll") | {
        ("D302", f"all_train_{number}.conll", None) for number in (1, 2)
    }


# Writes a corpus into a folder and returns its findings.
CORPORA = {
    "conll": conll,
    "conllu": conllu,
    "jsonl": jsonl,
    "without_entities": without_entities,
    "spellings": spellings,
    "cut_by_hash": cut_by_hash,
    "files_that_overlap": files_that_overlap,
}
