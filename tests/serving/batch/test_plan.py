"""The plan cuts the input into parts in order, and says whether answers can be scored."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from corpus.errors import CorpusError
from corpus.options import ReadOptions
from serving.batch.plan import Plan, plan
from serving.batch.sources import sentences, stretch
from tagging.notation import Notation

OPTIONS = ReadOptions()


def planned(
    tmp_path: Path, files: dict[str, str], *, shard_size: int = 2, options: ReadOptions = OPTIONS
) -> Plan:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    return plan([tmp_path / name for name in files], tmp_path, options, shard_size=shard_size)


def test_the_parts_are_the_input_in_order(tmp_path: Path) -> None:
    files = {
        "a.conll": "# only a comment\n\n" + "".join(f"w{n}\tO\n\n" for n in range(5)),
        "b.txt": "one\n\nthree\n",
        "c.txt": "",
        "d.conll": "z\tB-PER\n",
    }
    result = planned(tmp_path, files)
    assert result.sentences == 9
    assert [(shard.name, shard.count) for shard in result.shards] == [
        ("a.conll", 2), ("a.conll", 2), ("a.conll", 1), ("b.txt", 2), ("b.txt", 1), ("d.conll", 1),
    ]  # fmt: skip
    assert [shard.index for shard in result.shards] == list(range(6))
    whole = [sentence for name in files for sentence in sentences(tmp_path / name, OPTIONS)]
    parts = [
        sentence
        for shard in result.shards
        for sentence in stretch(
            Path(shard.path), OPTIONS, offset=shard.offset, line=shard.line, count=shard.count
        )
    ]
    assert parts == whole


def test_parts_of_long_sentences_have_fewer(tmp_path: Path) -> None:
    long = "\n".join("w\tO" for _ in range(300)) + "\n\n"
    result = planned(tmp_path, {"a.conll": long * 3 + "w\tO\n\n" * 20}, shard_size=10)
    # 40 tokens a sentence: a part of 10 holds 400, or one sentence that is longer.
    assert [shard.count for shard in result.shards] == [1, 1, 10, 10, 1]


def test_files_are_identified_by_their_content(tmp_path: Path) -> None:
    (file,) = planned(tmp_path, {"a.txt": "Anna\n"}).files
    assert (file.name, file.bytes, file.sha256) == ("a.txt", 5, hashlib.sha256(b"Anna\n").hexdigest())


def test_a_bad_line_is_reported_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"b\.conll:3: "):
        planned(tmp_path, {"a.conll": "w\tO\n", "b.conll": "w\tO\n\nbad\n"})


@pytest.mark.parametrize(
    "files", [{"a.txt": ""}, {"a.conll": "\n\n# text = of nothing\n\n"}, {"a.jsonl": "\n"}]
)
def test_an_input_without_a_sentence_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(CorpusError, match="no sentence in it"):
        planned(tmp_path, files)


@pytest.mark.parametrize(
    ("content", "scheme", "reason"),
    [
        ("a\tB-PER\nb\tI-PER\n", "BIO", ""),
        ("a\tB-PER\nb\tE-PER\n\nc\tS-LOC\n", "BIOES", ""),
        ("a\tNOUN\nb\tVERB\n", "PLAIN", ""),
        ("a\tPER-B\nb\tPER-I\n\nc\tO\n", "BIO, suffix form", ""),
        ("a\tO\nb\tO\n", None, "no token of the input has another tag than O"),
        ("a\tB-PER\nb\tI-PER\n\nc\tB-LOC\nd\tX-LOC\n", None, "the input's tag 'X-LOC' is none of BIO"),
    ],
)
def test_tags_to_score_against_are_recognised(
    tmp_path: Path, content: str, scheme: str | None, reason: str
) -> None:
    result = planned(tmp_path, {"a.conll": content})
    assert (result.notation and str(result.notation), result.not_scored) == (scheme, reason)


def test_texts_are_not_scored(tmp_path: Path) -> None:
    assert planned(tmp_path, {"a.txt": "Anna\n"}).not_scored == "texts have no tags"


def test_a_scheme_in_the_settings_is_used(tmp_path: Path) -> None:
    options = ReadOptions(scheme="PLAIN")
    assert planned(tmp_path, {"a.conll": "a\tB-PER\n"}, options=options).notation == Notation("PLAIN")


def test_sentences_without_tags_are_not_scored(tmp_path: Path) -> None:
    rows = '{"tokens": ["a"], "tags": ["B-PER"]}\n{"tokens": ["b"]}\n'
    assert planned(tmp_path, {"a.jsonl": rows}).not_scored == "the input has sentences without tags"
