"""Which of several files of one split are read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from corpus.errors import CorpusError
from corpus.formats.table import ENDINGS
from corpus.options import ReadOptions
from corpus.splits.layout import Layout, find

SENTENCES = [["Ann", "sings", "."], ["Bob", "flew", "to", "Oslo", "."], ["We", "saw", "Cora", "."]]


def conll(sentences: list[list[str]] = SENTENCES) -> str:
    return "".join("".join(f"{token}\tO\n" for token in tokens) + "\n" for tokens in sentences)


def jsonl(sentences: list[list[str]] = SENTENCES) -> str:
    return "".join(json.dumps({"tokens": tokens, "tags": ["O"] * len(tokens)}) + "\n" for tokens in sentences)


def text(sentences: list[list[str]] = SENTENCES) -> str:
    return "\n\n".join(" ".join(tokens) for tokens in sentences)


def written(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
    return root


def read(layout: Layout) -> list[str]:
    return sorted(path.relative_to(layout.root).as_posix() for path, _ in layout.files())


def ignored(layout: Layout) -> dict[str, str]:
    return {path.relative_to(layout.root).as_posix(): why for path, why, *_ in layout.ignored}


STANDARD = {"train.conll": conll(), "dev.conll": conll(), "test.conll": conll()}


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("train.jsonl", jsonl(), "holds the same 3 sentences as train.conll"),
        ("train.conll.gz", conll(), "holds the same 3 sentences as train.conll"),
        ("trainset.tsv", conll(), "holds the same 3 sentences as train.conll"),
        ("training.jsonl.gz", jsonl(), "holds the same 3 sentences as train.conll"),
        ("train.txt", conll(), "holds the same 3 sentences as train.conll"),
        ("train.txt", text(), "running text, beside train.conll"),
        ("train.txt", text(SENTENCES[:1]), "running text, beside train.conll"),
        ("train.txt", "", "running text, beside train.conll"),
        ("train_old.conll", conll(SENTENCES[:2]), "left over by its name (old)"),
        ("train (copy).conll", conll(), "left over by its name (copy)"),
        ("test_predictions.txt", conll(), "left over by its name (predictions)"),
        ("eval_test_results.txt", "f1 = 0.9", "left over by its name (results)"),
    ],
)
def test_what_is_left_out(tmp_path: Path, name: str, content: str, why: str) -> None:
    layout = find(written(tmp_path, {**STANDARD, name: content}), ReadOptions())
    assert read(layout) == ["dev.conll", "test.conll", "train.conll"]
    assert ignored(layout) == {name: why}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.jsonl", jsonl(SENTENCES[:2])),
        ("train.conll.gz", conll([*SENTENCES, ["More"]])),
        ("train.txt", conll(SENTENCES[1:])),
        ("train.jsonl", "no JSON"),
        ("train.jsonl", ""),
        ("train_extra.conll", conll()),
        ("train-2.conll", conll()),
        ("train2.conll", conll()),
        ("my_train.conll", conll()),
        ("train/a.conll", conll()),
    ],
)
def test_what_stops(tmp_path: Path, name: str, content: str) -> None:
    with pytest.raises(CorpusError) as caught:
        find(written(tmp_path, {**STANDARD, name: content}), ReadOptions())
    message = str(caught.value)
    assert "train.conll" in message
    assert name.partition("/")[0] in message
    assert "corpus.files.train=" in message


@pytest.mark.parametrize("alone", ["test_predictions.conll", "test_news_old.conll"])
def test_a_leftover_without_the_file_itself_stops(tmp_path: Path, alone: str) -> None:
    files = {"train.conll": conll(), "dev.conll": conll(), alone: conll()}
    with pytest.raises(CorpusError, match=r"left over by its name .*; .*corpus.files.test="):
        find(written(tmp_path, files), ReadOptions())


def test_a_leftover_beside_a_folder(tmp_path: Path) -> None:
    files = {"train/a.conll": conll(), "dev.conll": conll(), "test/b.conll": conll(), "test_output.txt": ""}
    layout = find(written(tmp_path, files), ReadOptions())
    assert read(layout) == ["dev.conll", "test/b.conll", "train/a.conll"]
    assert ignored(layout) == {"test_output.txt": "left over by its name (output)"}


def test_universal_dependencies_as_they_are_released(tmp_path: Path) -> None:
    files = {}
    for split in ("train", "dev", "test"):
        words = ["".join(f"{i}\t{w}" + "\t_" * 8 + "\n" for i, w in enumerate(s, 1)) for s in SENTENCES]
        files[f"en_ewt-ud-{split}.conllu"] = "\n".join(words) + "\n"
        files[f"en_ewt-ud-{split}.txt"] = "Nothing here is in the other file.\nIt is text.\n"
    layout = find(written(tmp_path, {**files, "LICENSE.txt": "free"}), ReadOptions())
    assert read(layout) == [f"en_ewt-ud-{split}.conllu" for split in ("dev", "test", "train")]
    assert len(ignored(layout)) == 4


def test_two_folders_of_one_split_stop(tmp_path: Path) -> None:
    files = {"train.conll": conll(), "dev/a.conll": conll(), "valid/b.conll": conll(), "test.conll": conll()}
    with pytest.raises(CorpusError, match=r"the folder dev and the folder valid .*corpus.files.dev="):
        find(written(tmp_path, files), ReadOptions())


def test_files_in_a_folder_are_merged_and_those_of_one_name_compared(tmp_path: Path) -> None:
    files = {"train/a.conll": conll(), "train/a_b.conll": conll(), "train/a.conll.gz": conll()}
    files |= {"train/b.jsonl": jsonl(), "train/b.txt": text(), "dev.conll": conll(), "test.conll": conll()}
    layout = find(written(tmp_path, files), ReadOptions())
    assert read(layout) == ["dev.conll", "test.conll", "train/a.conll", "train/a_b.conll", "train/b.jsonl"]
    assert ignored(layout) == {
        "train/a.conll.gz": "holds the same 3 sentences as a.conll",
        "train/b.txt": "running text, beside b.jsonl",
    }


def test_a_single_corpus_in_several_forms_is_cut_by_hash(tmp_path: Path) -> None:
    layout = find(written(tmp_path, {"all.conll": conll(), "all.jsonl": jsonl()}), ReadOptions())
    assert layout.unassigned == (tmp_path / "all.conll",)
    assert list(ignored(layout)) == ["all.jsonl"]


def test_a_fault_in_both_copies_is_no_difference(tmp_path: Path) -> None:
    broken = conll() + "x\n"
    files = {**STANDARD, "train.conll": broken, "train.conll.gz": broken}
    assert list(ignored(find(written(tmp_path, files), ReadOptions()))) == ["train.conll.gz"]


def test_a_broken_copy_is_an_error_of_that_file(tmp_path: Path) -> None:
    written(tmp_path, STANDARD)
    (tmp_path / "train.conll.gz").write_bytes(b"no gzip")
    with pytest.raises(CorpusError, match=r"train\.conll\.gz: .*gzip"):
        find(tmp_path, ReadOptions())


def test_annotations_are_read_with_their_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENDINGS, ".ann", "brat")
    files = {
        f"{split}/d{n}.{end}": "x"
        for split in ("train", "dev", "test")
        for n in (1, 2)
        for end in ("ann", "txt")
    }
    layout = find(written(tmp_path, files), ReadOptions())
    assert read(layout) == sorted(name for name in files if name.endswith(".ann"))
    assert sorted(path.relative_to(tmp_path).as_posix() for path in layout.companions()) == sorted(
        name for name in files if name.endswith(".txt")
    )
    assert layout.ignored == ()


def test_folders_of_words_and_tags_in_two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENDINGS, ".in", "parallel")
    files = {
        f"{split}/{name}": "x"
        for split in ("train", "valid", "test")
        for name in ("seq.in", "seq.out", "label")
    }
    layout = find(written(tmp_path, files), ReadOptions())
    assert read(layout) == ["test/seq.in", "train/seq.in", "valid/seq.in"]
    assert len(list(layout.companions())) == 6
