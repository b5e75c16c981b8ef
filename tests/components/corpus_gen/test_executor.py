"""CorpusGen: its source at every split point, its executor on hand-made artifacts, its driver."""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from apache_beam.io import source_test_utils
from hypothesis import given, settings
from hypothesis import strategies as st
from tfx.dsl.components.base import base_beam_executor
from tfx.orchestration import data_types
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import proto_utils

from components.corpus_gen.component import CorpusGen
from components.corpus_gen.driver import CorpusGenDriver
from components.corpus_gen.example import to_example
from components.corpus_gen.executor import CorpusGenExecutor
from components.corpus_gen.settings import base_and_pattern, data_in, options_in
from components.corpus_gen.source import BlockSource, lines_at
from components.corpus_gen.summary import CorpusSummary, Event, PartialSummary
from corpus.errors import CorpusError
from corpus.options import ReadOptions, Shares
from corpus.raw_records import BOM, raw_records
from corpus.sentence import Sentence

TRAIN = "# domain = news\nAnn\tB-PER\nDoe\tI-PER\n\nin\tO\nRome\tB-LOC\n"
DEV = "Eve\tB-PER\nleft\tO\n"
TEST = "Kim\tB-PER\nsat\tO\n"


def corpus(root: Path, train: str = TRAIN, dev: str = DEV, test: str = TEST, **more: str) -> Path:
    root.mkdir(exist_ok=True)
    for name, text in {"train": train, "dev": dev, "test": test, **more}.items():
        (root / f"{name}.conll").write_text(text, encoding="utf-8", newline="")
    return root


def properties(data: Path, code_hash: str = "", **options: Any) -> dict[str, Any]:
    """Execution properties as the launcher hands them over: messages as JSON."""
    given = CorpusGen(data, ReadOptions(**options), code_hash).spec.exec_properties
    return {
        name: value if isinstance(value, (str, int, type(None))) else proto_utils.proto_to_json(value)
        for name, value in given.items()
    }


def generate(
    data: Path, out: Path, beam_args: tuple[str, ...] = (), **options: Any
) -> standard_artifacts.Examples:
    examples = standard_artifacts.Examples()
    examples.uri = str(out)
    out.mkdir(exist_ok=True)
    context = base_beam_executor.BaseBeamExecutor.Context(beam_pipeline_args=list(beam_args))
    CorpusGenExecutor(context).Do({}, {"examples": [examples]}, properties(data, **options))
    return examples


def read_back(examples: standard_artifacts.Examples, split: str) -> list[dict[str, list[Any]]]:
    files = sorted(tf.io.gfile.glob(f"{examples.uri}/Split-{split}/*.gz"))
    rows = []
    for record in tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        rows.append(
            {
                name: [value.decode() for value in feature.bytes_list.value] or list(feature.int64_list.value)
                for name, feature in features.items()
            }
        )
    return rows


def summary_of(examples: standard_artifacts.Examples) -> CorpusSummary:
    return CorpusSummary.from_json(Path(examples.uri, "corpus.json").read_bytes())


# The pure part.


def test_a_sentence_as_example() -> None:
    sentence = Sentence(("Zo\u00eb", "sings"), ("B-PER", "O"), "Zo\u00eb sings", (0, 4), (3, 9), "news")
    features = to_example(sentence, ["S-PER", "O"]).features.feature
    assert list(features["tokens"].bytes_list.value) == ["Zo\u00eb".encode(), b"sings"]
    assert list(features["tags"].bytes_list.value) == [b"S-PER", b"O"]
    assert list(features["text"].bytes_list.value) == ["Zo\u00eb sings".encode()]
    assert list(features["starts"].int64_list.value) == [0, 4]
    assert list(features["ends"].int64_list.value) == [3, 9]
    assert list(features["domain"].bytes_list.value) == [b"news"]


def test_what_is_not_known_is_left_out() -> None:
    assert set(to_example(Sentence(("a",), ("O",)), ["O"]).features.feature) == {"tokens", "tags"}
    with pytest.raises(ValueError, match="found 2 tags for 1 tokens"):
        to_example(Sentence(("a",), ("O",)), ["O", "O"])


def test_summaries_merge_in_any_order() -> None:
    def part(offset: int, count: int) -> PartialSummary:
        partial = PartialSummary("BIO")
        partial.splits["train"].sentences = count
        partial.splits["train"].add_repairs(
            [Event("f", offset + index, 0, "x") for index in range(count)], count
        )
        partial.files["f"] = count
        return partial

    forward = PartialSummary().merge(part(0, 8)).merge(part(100, 8)).splits["train"]
    backward = PartialSummary().merge(part(100, 8)).merge(part(0, 8)).splits["train"]
    assert vars(forward) == vars(backward)
    assert (forward.repairs, forward.sentences, len(forward.first_repairs)) == (16, 16, 10)


# The source.

SHAPES = [
    b"a\tO\nb\tO\n\n\nc\tO\n \t \r\nd\tO\r\n\r\n\n  \ne\tO\n# x\nf O",
    BOM + b"  \na O\n\nb O\nc O\n\n\n",
    BOM + b"\n\na O\n\nb O\nc O\n\n",
    BOM + b"a O\n\nb O",
    b"\n\n \n" + BOM + b"a O\n \nb O",
    b"x" * 5000 + b" O\n" + b" " * 9000 + b"\ny O\n\n" + b" " * 9000 + b"z O\n\nw O\n",
]


def write(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def single(path: str, unit: Any = "block") -> Any:
    return next(iter(BlockSource(path, unit).split(1 << 40))).source


def pieces(source: Any, cuts: list[int]) -> list[tuple[int, bytes]]:
    return [
        (found.offset, found.raw)
        for start, stop in itertools.pairwise(cuts)
        if start < stop
        for found in source_test_utils.read_from_source(source, start, stop)
    ]


@pytest.mark.parametrize("unit", ["block", "line"])
@pytest.mark.parametrize("data", SHAPES[:5])
def test_any_two_cuts_read_the_same(tmp_path: Path, data: bytes, unit: Any) -> None:
    whole = [(block.offset, block.raw) for block in raw_records(io.BytesIO(data), unit)]
    source = single(write(tmp_path / "a.conll", data), unit)
    for first in range(len(data) + 1):
        for second in range(first, len(data) + 1):
            assert pieces(source, [0, first, second, len(data)]) == whole, (first, second)


@pytest.mark.parametrize("unit", ["block", "line"])
def test_cuts_within_long_white_space(tmp_path: Path, unit: Any) -> None:
    data = SHAPES[5]
    whole = [(block.offset, block.raw) for block in raw_records(io.BytesIO(data), unit)]
    source = single(write(tmp_path / "a.conll", data), unit)
    for cut in [*range(4990, 5010), *range(9000, len(data), 997), *range(len(data) - 12, len(data))]:
        assert pieces(source, [0, cut, len(data)]) == whole, cut


@settings(max_examples=100, deadline=None)
@given(
    lines=st.lists(st.sampled_from([b"a O", b"", b" \t", b"b\tO\r", b"\r", b"# c"]), min_size=1, max_size=12),
    share=st.lists(st.floats(0, 1), max_size=4),
    mark=st.booleans(),
)
def test_any_cuts_of_anything_read_the_same(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], share: list[float], mark: bool
) -> None:
    data = (BOM if mark else b"") + b"\n".join(lines) + b"\n"
    source = single(write(tmp_path_factory.mktemp("source") / "a.conll", data))
    cuts = sorted([0, *(int(part * len(data)) for part in share), len(data)])
    assert pieces(source, cuts) == [
        (block.offset, block.raw) for block in raw_records(io.BytesIO(data), "block")
    ]


@pytest.mark.parametrize("data", SHAPES[:3])
def test_work_is_rebalanced_at_any_moment(tmp_path: Path, data: bytes) -> None:
    source_test_utils.assert_split_at_fraction_exhaustive(
        single(write(tmp_path / "a.conll", data)), perform_multi_threaded_test=False
    )


def test_bundles_read_what_the_whole_reads(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conll", b"word O\nword O\n\n" * 200)
    source = BlockSource(path, "block")
    bundles = [(b.source, b.start_position, b.stop_position) for b in source.split(97)]
    assert len(bundles) > 20
    source_test_utils.assert_sources_equal_reference_source((source, None, None), bundles)


def test_a_packed_file_is_one_piece(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conll.gz", gzip.compress(b"a O\n\nb O\n" * 50))
    bundles = list(BlockSource(path, "block").split(10))
    assert len(bundles) == 1
    assert len(source_test_utils.read_from_source(bundles[0].source, None, None)) == 51


def test_lines_are_counted_when_asked(tmp_path: Path) -> None:
    data = b"a\n\nb\nc\n\nd"
    plain = write(tmp_path / "a.conll", data)
    packed = write(tmp_path / "a.conll.gz", gzip.compress(data))
    for path in (plain, packed):
        assert lines_at(path, [3, 0, 8]) == {0: 1, 3: 3, 8: 6}


# The executor.


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
    told = [record.getMessage() for record in caplog.records if record.name == "tagline.corpus_gen"]
    assert len(told) == 1
    assert "train 2 sentences 4 tokens, dev 1 sentences 2 tokens" in told[0]
    assert sorted(os.listdir(examples.uri)) == ["Split-dev", "Split-test", "Split-train", "corpus.json"]


def test_a_split_by_hash_that_comes_out_empty_stops_it(tmp_path: Path) -> None:
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
    from corpus.checks.check import check

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


def test_what_was_repaired_and_settled_is_told_with_its_place(tmp_path: Path) -> None:
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
    ("train", "options", "told"),
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
def test_what_cannot_be_read_stops_it_and_leaves_nothing(
    tmp_path: Path, train: str, options: dict[str, Any], told: str
) -> None:
    data = corpus(tmp_path / "data")
    (data / "train.conll").write_bytes(
        train.encode("utf-8", "surrogateescape").replace(b"\xed\xb3\xbc", b"\xfc")
    )
    with pytest.raises(CorpusError) as caught:
        generate(data, tmp_path / "out", **options)
    assert str(caught.value).startswith(f"{data}/{told}")
    assert "while running" not in str(caught.value)
    assert os.listdir(tmp_path / "out") == []


def test_broken_gzip_is_told(tmp_path: Path) -> None:
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
def test_several_workers_write_the_same_examples_and_tell_the_same_errors(tmp_path: Path) -> None:
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


# The contract and the driver.


def test_settings_travel(tmp_path: Path) -> None:
    given = properties(tmp_path, "abc", token_column=1, scheme="BIOES")
    assert options_in(given) == ReadOptions(token_column=1, scheme="BIOES")
    assert data_in(given) == str(tmp_path)
    assert given != properties(tmp_path, "abd", token_column=1, scheme="BIOES")
    assert given == properties(tmp_path, "abc", token_column=1, scheme="BIOES")


@pytest.mark.parametrize("name", ["all.conll", "a[1]*.jsonl", "corpus.txt.gz"])
def test_a_single_file_becomes_base_and_pattern(tmp_path: Path, name: str) -> None:
    given = properties(tmp_path / name)
    assert given["input_base"] == str(tmp_path)
    assert data_in(given) == str(tmp_path / name)


def test_a_folder_is_a_folder_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "news.conll").mkdir()
    assert base_and_pattern(str(tmp_path / "news.conll")) == (str(tmp_path / "news.conll"), "*")
    assert base_and_pattern(f"{tmp_path}/") == (str(tmp_path), "*")


def test_the_outputs_are_examples() -> None:
    component = CorpusGen("somewhere/corpus")
    assert component.outputs["examples"].type is standard_artifacts.Examples
    assert component.id == "CorpusGen"


def fingerprint_by_driver(data: Path) -> str:
    pipeline = data_types.PipelineInfo("", "")
    resolved = CorpusGenDriver(None).resolve_exec_properties(
        properties(data), pipeline, data_types.ComponentInfo("", "", pipeline)
    )
    return resolved["input_fingerprint"]


def test_the_driver_sees_contents_and_not_dates(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "train").mkdir(parents=True)
    (data / "train" / "a.conll").write_text(TRAIN)
    (data / "dev.conll").write_text(DEV)
    first = fingerprint_by_driver(data)
    os.utime(data / "dev.conll", (1, 1))
    assert fingerprint_by_driver(data) == first
    stat = (data / "train" / "a.conll").stat()
    (data / "train" / "a.conll").write_text(TRAIN.replace("Rome", "Oslo"))
    os.utime(data / "train" / "a.conll", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert fingerprint_by_driver(data) != first


def test_the_driver_tells_of_missing_files(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file or folder"):
        fingerprint_by_driver(tmp_path / "nowhere")
