"""CorpusGen on files that are rewritten before they are read."""

from __future__ import annotations

import json
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from components.corpus_gen.source import ReadFiles, lines_at, rewritten_records
from corpus.checks.check import check
from corpus.errors import CorpusError
from corpus.options import ReadOptions
from corpus.reading.files import reader_for
from tests.components.corpus_gen.corpora import DEV, TEST, generate, read_back, summary_of


def mixed(root: Path) -> Path:
    (root / "train").mkdir(parents=True)
    rows = [["Ann sang", {"entities": [[0, 3, "PER"]]}], {"text": "Bob", "answer": "reject"}]
    (root / "train" / "a.json").write_text(json.dumps(rows, indent=1))
    (root / "train" / "b.csv").write_text("Sentence #,Word,Tag\n1,Eve,B-PER\n1,left,O\n2,Rome,I-LOC\n")
    (root / "train" / "seq.in").write_text("to Oslo\n")
    (root / "train" / "seq.out").write_text("O B-LOC\n")
    (root / "dev.conll").write_text(DEV)
    (root / "test.conll").write_text(TEST)
    return root


def test_examples_of_every_form_and_the_counts_of_check(tmp_path: Path) -> None:
    data = mixed(tmp_path / "data")
    examples = generate(data, tmp_path / "out")
    assert sorted((row["tokens"], row["tags"]) for row in read_back(examples, "train")) == [
        (["Ann", "sang"], ["S-PER", "O"]),
        (["Eve", "left"], ["S-PER", "O"]),
        (["Rome"], ["S-LOC"]),
        (["to", "Oslo"], ["O", "S-LOC"]),
    ]
    summary, report = summary_of(examples), check(data, ReadOptions())
    assert summary.splits["train"].entities == report.splits["train"].entities
    assert summary.splits["train"].sentences == report.splits["train"].sentences == 4
    # The line is that of the file.
    assert summary.splits["train"].first_repairs == [f"{data}/train/b.csv:4: I-LOC -> B-LOC"]
    assert summary.splits["train"].first_settled == [
        f"{data}/train/a.json:14: answer: reject; example left out"
    ]


def test_an_empty_file_of_brat_stands_for_a_text_without_entities(tmp_path: Path) -> None:
    paths = []
    for name, text, ann in (("a", "Ann sang", "T1\tPER 0 3\tAnn\n"), ("b", "It rained\nBob slept", "")):
        (tmp_path / f"{name}.txt").write_text(text)
        (tmp_path / f"{name}.ann").write_text(ann)
        paths.append(str(tmp_path / f"{name}.ann"))
    (tmp_path / "c.conll").write_text("x\tO\n")
    paths.append(str(tmp_path / "c.conll"))
    readers = {path: reader_for(Path(path), ReadOptions()) for path in paths}
    with beam.Pipeline() as pipeline:
        found = pipeline | ReadFiles(paths, readers) | beam.Map(lambda record: Path(record.path).name)
        assert_that(found, equal_to(["a.ann", "b.ann", "b.ann", "c.conll"]))
    first, second = [record.offset for record in rewritten_records(paths[1], readers)]
    assert lines_at(paths[1], readers[paths[1]], [first, second]) == {first: 1, second: 2}


def test_a_missing_neighbour_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "seq.in")
    Path(path).write_text("a b\n")
    readers = {path: reader_for(Path(path), ReadOptions())}
    with pytest.raises(CorpusError, match=r"no .*seq\.out that can be read"):
        list(rewritten_records(path, readers))


def test_a_broken_file_is_named_with_its_line(tmp_path: Path) -> None:
    data = mixed(tmp_path / "data")
    (data / "train" / "a.json").write_text('[\n{"text": "a"},\n{"text": ')
    with pytest.raises(CorpusError, match=r"a\.json:3: not JSON .*; the file ends too early"):
        generate(data, tmp_path / "out")
