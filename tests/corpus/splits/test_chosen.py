"""The files that `corpus.files` names."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import CorpusError
from corpus.options import ReadOptions, Split
from corpus.splits.layout import find


@pytest.fixture
def data(tmp_path: Path) -> Path:
    names = ("train.conll", "train.jsonl", "train_old.conll", "train[1].conll", "odd.data", "dev/a.conll")
    for name in (*names, "dev/b.conll", "deep/er/test.conll", ".hidden.conll"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a\tO\n")
    return tmp_path


def names(data: Path, files: dict[Split, str]) -> dict[str, list[str]]:
    layout = find(data, ReadOptions(files=files))
    return {
        split: [path.relative_to(data).as_posix() for path in layout.files_of(split)]
        for split in layout.names()
    }


def test_names_folders_and_patterns(data: Path) -> None:
    assert names(data, {"train": "train.conll", "dev": "dev", "test": "**/test.*"}) == {
        "train": ["train.conll"],
        "dev": ["dev/a.conll", "dev/b.conll"],
        "test": ["deep/er/test.conll"],
    }
    assert names(data, {"train": "train[1].conll", "dev": "dev/a*", "test": "odd.data"}) == {
        "train": ["train[1].conll"],
        "dev": ["dev/a.conll"],
        "test": ["odd.data"],
    }
    assert names(data, {"train": "*.conll", "dev": "dev/a.conll", "test": "dev/b.conll"})["train"] == [
        *("train.conll", "train[1].conll", "train_old.conll")
    ]


def test_others_are_left_out_and_a_missing_split_is_cut_from_train(data: Path) -> None:
    layout = find(data, ReadOptions(files={"train": "train.conll", "test": "odd.data"}))
    assert layout.unassigned == (data / "train.conll",)
    assert [(ignored.path.name, ignored.why) for ignored in layout.ignored] == [
        (name, "not named in corpus.files") for name in ("train.jsonl", "train[1].conll", "train_old.conll")
    ]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"train": "nothing*.conll"}, "corpus.files.train: nothing matches 'nothing*.conll'"),
        ({"train": ""}, "corpus.files.train is ''"),
        ({"train": "../train.conll"}, "corpus.files.train is"),
        ({"train": "/train.conll"}, "corpus.files.train is"),
        ({"train": "**x"}, "nothing matches"),
        ({"train": "a\0b"}, "nothing matches"),
        ({"dev": "dev"}, "names dev and not train"),
        ({"train": "train.conll", "test": "*.conll"}, "names it for train and for test"),
    ],
)
def test_names_that_choose_nothing(data: Path, files: dict[Split, str], found: str) -> None:
    with pytest.raises(CorpusError) as caught:
        find(data, ReadOptions(files=files))
    assert found in str(caught.value)
    assert caught.value.remedy


def test_a_single_file_has_no_files_to_choose(data: Path) -> None:
    with pytest.raises(CorpusError, match=r"a file, and corpus\.files names files of a folder"):
        find(data / "train.conll", ReadOptions(files={"train": "train.conll"}))
