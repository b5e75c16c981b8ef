"""The complete check: every code at its line, on any bytes, in bounded memory."""

from __future__ import annotations

import gzip
import json
import shutil
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus import raw_records
from corpus.checks.check import check
from corpus.checks.report import Report
from corpus.checks.sarif import to_sarif
from corpus.codes import CODES
from corpus.errors import CorpusError
from corpus.options import CheckLimits, ReadOptions
from corpus.reading import files
from corpus.repair.copy import write_repaired_copy
from tests.corpus.checks.annotated_corpora import CORPORA, LIMITS, RECORD_BYTES
from tests.corpus.checks.small_corpora import DEV, TRAIN, corpus, first, only, report_of


@pytest.mark.parametrize("name", CORPORA)
def test_every_fault_is_found_at_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(raw_records, "RECORD_BYTES", RECORD_BYTES)
    monkeypatch.setattr(files, "RECORD_BYTES", RECORD_BYTES)
    expected = CORPORA[name](tmp_path)
    options = ReadOptions(scheme="BIO") if name != "conllu" else ReadOptions()
    report = check(tmp_path, options, CheckLimits(**LIMITS))
    assert {(one.code, Path(one.path).name, one.line) for one in report.findings} == expected
    assert report.counts == Counter(one.code for one in report.findings)
    assert all(one.message and one.remedy for one in report.findings)


def test_the_annotated_corpora_have_every_code(tmp_path: Path) -> None:
    codes: set[str] = set()
    for name, write in CORPORA.items():
        (tmp_path / name).mkdir()
        codes |= {code for code, _, _ in write(tmp_path / name)}
    # The codes of the pipeline are in tests/components/corpus_gate/test_executor.py, those that stop a check in
    # tests/corpus/recognition.
    stop = {"D117", "D119", "D121"}
    assert codes == {code for code in CODES if not code.startswith("D4")} - stop


def test_a_clean_corpus_has_no_findings(tmp_path: Path) -> None:
    report = report_of(corpus(tmp_path))
    assert report.ok
    assert report.findings == []
    assert report.scheme == "BIO"
    train = report.splits["train"]
    assert (train.sentences, train.tokens, train.longest) == (3, 7, 3)
    assert train.longest_at == f"{tmp_path}/train.conll:7"
    assert train.entities == {"PER": 2, "LOC": 1}
    assert train.tags == {"O": 3, "B-PER": 2, "B-LOC": 1, "I-PER": 1}
    assert report.splits["dev"].unseen_tokens == 1.0
    assert report.files["dev"] == [f"{tmp_path}/dev.conll"]


@pytest.mark.parametrize(
    ("texts", "limits", "code", "line", "example", "message"),
    [
        ({"dev": "we\tO\nsaw\tO\nEve\tI-PER\n"}, {}, "D201", 3, "Eve", "I-PER -> B-PER (BIO)"),
        (
            {"dev": DEV + "\n# domain = x\nAnn\tB-PER\nsings\tO\n"},
            {},
            "D205",
            5,
            "Ann sings",
            "in dev, and in train at {root}/train.conll:1",
        ),
        (
            {"train": TRAIN + "\nAnn\tO\nsings\tO\n"},
            {},
            "D206",
            11,
            "Ann sings",
            "Ann is O here, B-PER at {root}/train.conll:1",
        ),
        ({}, {"max_tokens": 2}, "D207", 7, "Bob Doe ran", "3 tokens; more than max_tokens 2"),
    ],
)  # fmt: skip
def test_a_finding_says_what_and_where(
    tmp_path: Path,
    texts: dict[str, str],
    limits: dict[str, Any],
    code: str,
    line: int,
    example: str,
    message: str,
) -> None:
    finding = only(report_of(corpus(tmp_path, **texts), limits), code)
    assert (finding.line, finding.example) == (line, example)
    assert finding.message == message.format(root=tmp_path)


def test_a_span_off_the_token_edges(tmp_path: Path) -> None:
    line = '{"text": "New York", "spans": [[0, 5, "LOC"]]}\n'
    (tmp_path / "train.jsonl").write_text('{"text": "Rome", "spans": [[0, 4, "LOC"]]}\n\n' + line)
    (tmp_path / "dev.jsonl").write_text('{"text": "in Rome", "spans": [[3, 7, "LOC"]]}\n')
    (tmp_path / "test.jsonl").write_text('{"text": "to Rome", "spans": [[3, 7, "LOC"]]}\n')
    report = report_of(tmp_path)
    finding = only(report, "D202")
    assert finding.line == 3
    assert "off the token edges; taken as 0-8 'New York'" in finding.message
    assert report.splits["train"].settled == 1
    assert report_of(tmp_path, {"max_settled": 0.1}).counts == {"D105": 1, "D202": 1}


def test_invisible_and_lost_characters(tmp_path: Path) -> None:
    family = "\U0001f468\u200d\U0001f469"
    tokens = [
        "soft\u00adly",
        "a\u200bb",
        "\u200bc",
        "d\u200ce",
        family,
        "\u0645\u06cc\u200c\u062e",
        "x\ufffd",
    ]
    report = report_of(corpus(tmp_path, dev="".join(f"{token}\tO\n" for token in tokens)))
    assert [(one.code, one.line, one.message) for one in report.findings] == [
        ("D215", 1, "U+00AD"),
        ("D215", 2, "U+200B between letters: two words?"),
        ("D215", 3, "U+200B"),
        ("D215", 4, "U+200C"),
        ("D216", 7, "U+FFFD"),
    ]
    assert report.findings[0].example == "soft\\xadly"


def test_bad_lines_are_errors_and_the_rest_is_counted(tmp_path: Path) -> None:
    report = report_of(corpus(tmp_path, f"{TRAIN}\nbroken\n\nX\tX-PER\n\n\tO\n\n"))
    assert not report.ok
    assert report.counts == {"D108": 1, "D109": 1, "D110": 1}
    assert "expected O, or one of B, I" in first(report, "D110").message
    assert report.splits["train"].sentences == 3


def test_bad_lines_beyond_the_limit_are_counted_and_not_listed(tmp_path: Path) -> None:
    data = corpus(tmp_path, TRAIN + "\nbad\n" * 9)
    report = report_of(data, {"errors_per_file": 3})
    assert report.counts["D108"] == 9
    assert len(report.findings) == 3
    report = report_of(data, {"findings_per_code": 2})
    assert (report.counts["D108"], len(report.findings)) == (9, 2)


def test_of_many_leaks_the_longest_are_listed(tmp_path: Path) -> None:
    leaks = ["a O\n", "b O\nb O\nb O\n", "c O\nc O\n", "d O\nd O\nd O\n"]
    data = corpus(tmp_path, TRAIN + "\n" + "\n".join(leaks), dev="\n".join(leaks))
    report = report_of(data, {"findings_per_code": 2})
    assert report.counts["D205"] == 4
    assert [one.example for one in report.findings if one.code == "D205"] == ["b b b", "d d d"]
    assert report.splits["dev"].shared == 4


def test_an_unreadable_train_split_causes_no_other_findings(tmp_path: Path) -> None:
    data = corpus(tmp_path)
    (data / "train.conll").write_bytes("Ann\tB-PER\n".encode("utf-16"))
    report = check(data, ReadOptions(), CheckLimits())
    assert report.counts == {"D107": 1}
    assert report.splits["dev"].sentences == 1


def test_memory_grows_with_the_distinct_sentences_and_not_with_the_corpus(tmp_path: Path) -> None:
    peaks = []
    for times in (1, 10):
        corpus(tmp_path, "".join(f"w{number % 50}\tB-A\nx\tO\n\n" for number in range(2000 * times)))
        tracemalloc.start()
        check(tmp_path, ReadOptions())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + 100_000


PIECES = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [
            b"\n", b"\r", b"\t", b"\n\n", b"a\tO\n", b"\tB-", b"# text = ", b"\xef\xbb\xbf", b"\xed\xa0\x80",
            b'{"tokens": [',
            b'"text": "a b", "spans": [[0, 1, "X"]]}\n',
            b'{"tokens": ["a"], "tags": ["I-X"]}\n',
            b"1\ta" + b"\tb" * 8 + b"\n",
        ]
    ),
)  # fmt: skip
BYTES = st.lists(PIECES, max_size=12).map(b"".join)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["conll", "conllu", "jsonl", "conll.gz"]), BYTES, BYTES)
def test_any_bytes_can_be_checked_and_repaired(tmp_path: Path, ending: str, train: bytes, dev: bytes) -> None:
    shutil.rmtree(tmp_path)
    data = tmp_path / "data"
    data.mkdir(parents=True)
    for name, content in (("train", train), ("dev", dev), ("test", dev)):
        packed = gzip.compress(content) if ending.endswith("gz") else content
        (data / f"{name}.{ending}").write_bytes(packed)
    for scheme in ("auto", "IOB1", "PLAIN"):
        report = check(data, ReadOptions(scheme=scheme))
        assert Report.from_json(report.to_json()) == report
        json.loads(to_sarif(report))
    try:
        write_repaired_copy(data, tmp_path / "out", ReadOptions())
    except CorpusError:
        assert [path.name for path in tmp_path.iterdir()] == ["data"]
    else:
        check(tmp_path / "out", ReadOptions())
