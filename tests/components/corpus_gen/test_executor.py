"""CorpusGen's executor on small corpora."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from tfx.types import artifact_utils, standard_artifacts

from corpus.checks.check import check
from corpus.errors import CorpusError
from corpus.options import ReadOptions, Shares
from corpus.raw_records import BOM
from tests.components.corpus_gen.corpora import DEV, TEST, TRAIN, corpus, generate, read_back, summary_of


def test_named_splits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = corpus(tmp_path / "data", test="Bob\tB-PER\n")
    with caplog.at_level(logging.INFO, logger="tagline.corpus_gen"):
        examples = generate(data, tmp_path / "out")
    assert artifact_utils.decode_split_names(examples.split_names) == ["train", "dev", "test"]
    assert read_back(examples, "train") == [
        {"tokens": ["Ann", "Doe"], "tags": ["B-PER", "E-PER"], "domain": ["news"]},
        {"tokens": ["in", "Rome"], "tags": ["O", "S-LOC"]},
    ]
    assert read_back(examples, "dev") == [{"tokens": ["Eve", "left"], "tags": ["S-PER", "O"]}]
    assert read_back(examples, "test") == [{"tokens": ["Bob"], "tags": ["S-PER"]}]
    summary = summary_of(examples)
    assert (summary.scheme, summary.train_scheme) == ("BIO", "BIOES")
    assert summary.files == {"train.conll": 2, "dev.conll": 1, "test.conll": 1}
    assert summary.splits["train"].entities == {"LOC": 1, "PER": 1}
    assert (summary.splits["train"].sentences, summary.splits["train"].tokens) == (2, 4)
    assert examples.get_string_custom_property("data_fingerprint") == summary.fingerprint
    assert examples.get_string_custom_property("payload_format") == "FORMAT_TF_EXAMPLE"
    assert examples.get_int_custom_property("sentences") == 4
    messages = [record.getMessage() for record in caplog.records if record.name == "tagline.corpus_gen"]
    assert len(messages) == 1
    assert "train 2 sentences 4 tokens, dev 1 sentences 2 tokens" in messages[0]
    assert sorted(os.listdir(examples.uri)) == ["Split-dev", "Split-test", "Split-train", "corpus.json"]


def test_an_empty_split_by_hash_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "all.conll"
    path.write_text("".join(f"w{number}\tB-A\n\n" for number in range(40)))
    with pytest.raises(CorpusError, match="no sentence in the split test"):
        generate(path, tmp_path / "out", hash_split=Shares(train=1, dev=1, test=1e-9))
    assert not any((tmp_path / "out").rglob("*.gz"))


@pytest.mark.parametrize(
    ("tags", "options", "scheme", "written"),
    [
        (["I-A", "I-A", "O"], {}, "IOB1", ["B-A", "E-A", "O"]),
        (["B-A", "L-A", "U-A"], {}, "BILOU", ["B-A", "E-A", "S-A"]),
        (["NOUN", "VERB", "O"], {}, "PLAIN", ["NOUN", "VERB", "O"]),
        (["I-A", "I-A", "O"], {"scheme": "bio", "train_scheme": "BILOU"}, "BIO", ["B-A", "L-A", "O"]),
        (["B-A", "I-A", "O"], {"scheme": "PLAIN"}, "PLAIN", ["B-A", "I-A", "O"]),
    ],
)
def test_schemes(
    tmp_path: Path, tags: list[str], options: dict[str, Any], scheme: str, written: list[str]
) -> None:
    text = "".join(f"w{index}\t{tag}\n" for index, tag in enumerate(tags))
    examples = generate(corpus(tmp_path / "data", text, text, text), tmp_path / "out", **options)
    assert read_back(examples, "train")[0]["tags"] == written
    assert summary_of(examples).scheme == scheme


def test_a_single_file_is_cut_by_hash_as_the_check_cuts_it(tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    rows = [{"tokens": [f"w{number}", "x"], "tags": ["B-A", "O"]} for number in range(60)]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    examples = generate(path, tmp_path / "out")
    report = check(path, ReadOptions())
    summary = summary_of(examples)
    assert {name: split.sentences for name, split in summary.splits.items()} == {
        name: split.sentences for name, split in report.splits.items()
    }
    assert sorted(row["tokens"][0] for name in summary.splits for row in read_back(examples, name)) == sorted(
        f"w{number}" for number in range(60)
    )


def test_mixed_formats_and_packed_files(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "train").mkdir(parents=True)
    (data / "train" / "a.conll.gz").write_bytes(gzip.compress(BOM + TRAIN.replace("\n", "\r\n").encode()))
    (data / "train" / "b.jsonl").write_text('{"text": "Zo\u00eb sings", "spans": [[0, 3, "PER"]]}\n')
    (data / "dev.conll").write_text(DEV)
    (data / "test.conll").write_text(TEST)
    examples = generate(data, tmp_path / "out")
    rows = read_back(examples, "train")
    assert [row["tokens"] for row in rows] == [["Ann", "Doe"], ["in", "Rome"], ["Zo\u00eb", "sings"]]
    assert rows[2] == {
        "tokens": ["Zo\u00eb", "sings"],
        "tags": ["S-PER", "O"],
        "text": ["Zo\u00eb sings"],
        "starts": [0, 4],
        "ends": [3, 9],
    }
    assert summary_of(examples).files["train/b.jsonl"] == 1


def test_repairs_and_settled_annotations_are_listed_with_their_places(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "train.conll").write_text("\n# x = y\na\tO\nb\tI-A\n\nc\tB-A\nd\tI-B\n")
    (data / "dev.jsonl").write_text('\n{"text": "New York", "spans": [[0, 5, "A"]]}\n')
    (data / "test.conll").write_text("e\tO\n")
    examples = generate(data, tmp_path / "out", scheme="BIO")
    summary = summary_of(examples)
    assert summary.splits["train"].repairs == 2
    assert summary.splits["train"].first_repairs == [
        f"{data}/train.conll:4: I-A -> B-A",
        f"{data}/train.conll:7: I-B -> B-B",
    ]
    assert summary.splits["dev"].settled == 1
    assert summary.splits["dev"].first_settled[0].startswith(f"{data}/dev.jsonl:2: span 0-5 A")
    assert examples.get_int_custom_property("repairs") == 2
    assert examples.get_int_custom_property("settled") == 1


@pytest.mark.parametrize(
    ("train", "options", "message"),
    [
        (TRAIN + "\nlost\n", {}, "train.conll:8: 1 column"),
        (TRAIN + "\nlost\n", {"scheme": "BIO"}, "train.conll:8: 1 column"),
        (TRAIN + "\r\n\r\n# x = y\r\nIBM\tQ-ORG\r\n", {"scheme": "BIO"}, "train.conll:10: tag 'Q-ORG'"),
        (TRAIN + "\nM\udcfcnchen\tB-LOC\n", {}, "train.conll:8: not UTF-8 (byte 0xfc)"),
        (TRAIN + "\n\tO\n", {}, "train.conll:8: empty token"),
        ("\n \n", {}, "train.conll: no sentence in the file"),
        ("# nothing here\n", {"scheme": "BIO"}, "train.conll: no sentence in the file"),
        ("", {}, "train.conll: no sentence in the file"),
    ],
)
def test_an_unreadable_corpus_is_an_error_and_leaves_nothing(
    tmp_path: Path, train: str, options: dict[str, Any], message: str
) -> None:
    data = corpus(tmp_path / "data")
    (data / "train.conll").write_bytes(
        train.encode("utf-8", "surrogateescape").replace(b"\xed\xb3\xbc", b"\xfc")
    )
    with pytest.raises(CorpusError) as caught:
        generate(data, tmp_path / "out", **options)
    assert str(caught.value).startswith(f"{data}/{message}")
    assert "while running" not in str(caught.value)
    assert os.listdir(tmp_path / "out") == []


def test_broken_gzip_is_an_error(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data")
    (data / "train.conll").unlink()
    noise = "".join(f"w{hashlib.sha256(bytes([n % 256])).hexdigest()}\tB-A\n\n" for n in range(4000))
    (data / "train.conll.gz").write_bytes(gzip.compress(noise.encode())[:1000])
    with pytest.raises(CorpusError, match=r"train\.conll\.gz: cannot be read"):
        generate(data, tmp_path / "out")
    assert os.listdir(tmp_path / "out") == []


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    text = "".join(f"w{number}\tB-A\nx\tI-A\n\n" for number in range(500))
    data = corpus(tmp_path / "data", text)

    def written(out: str) -> dict[str, bytes]:
        uri = generate(data, tmp_path / out).uri
        return {
            path.relative_to(uri).as_posix(): path.read_bytes()
            for path in sorted(Path(uri).rglob("*"))
            if path.is_file()
        }

    assert written("one") == written("two")


@pytest.mark.slow
def test_several_workers_write_the_same_examples_and_raise_the_same_errors(tmp_path: Path) -> None:
    workers = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")
    data = corpus(tmp_path / "data", "".join(f"w{number}\tB-A\nx\tI-A\n\n" for number in range(500)))
    alone = generate(data, tmp_path / "alone")
    several = generate(data, tmp_path / "several", workers)
    assert summary_of(alone) == summary_of(several)

    def rows(examples: standard_artifacts.Examples) -> list[str]:
        return sorted(json.dumps(row, sort_keys=True) for row in read_back(examples, "train"))

    assert rows(alone) == rows(several)
    (data / "train.conll").write_text(TRAIN + "\nlost\n")
    with pytest.raises(CorpusError, match=r"train\.conll:8: 1 column"):
        generate(data, tmp_path / "broken", workers)
    assert os.listdir(tmp_path / "broken") == []
