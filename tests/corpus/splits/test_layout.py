"""Which files belong to which split."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import CorpusError
from corpus.options import ReadOptions, Shares
from corpus.splits.layout import Layout, find


def made(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("a\tO\n")
    return root


def shown(layout: Layout) -> dict[str, list[str]]:
    return {
        name: [path.relative_to(layout.root).as_posix() for path in paths]
        for name, paths in layout.splits.items()
    }


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (["train.conll", "dev.conll", "test.conll"],
         {"train": ["train.conll"], "dev": ["dev.conll"], "test": ["test.conll"]}),
        (["eng.train", "eng.testa", "eng.testb"], {"train": ["eng.train"], "dev": ["eng.testa"],
                                                   "test": ["eng.testb"]}),
        (["en_ewt-ud-train.conllu", "en_ewt-ud-dev.conllu", "en_ewt-ud-test.conllu"],
         {"train": ["en_ewt-ud-train.conllu"], "dev": ["en_ewt-ud-dev.conllu"],
          "test": ["en_ewt-ud-test.conllu"]}),
        (["TRAIN.txt", "Valid.txt.gz", "Test.TXT"],
         {"train": ["TRAIN.txt"], "dev": ["Valid.txt.gz"], "test": ["Test.TXT"]}),
        (["train.1.jsonl", "train.2.jsonl", "eval.jsonl", "test.jsonl"],
         {"train": ["train.1.jsonl", "train.2.jsonl"], "dev": ["eval.jsonl"], "test": ["test.jsonl"]}),
        (["train/a.conll", "train/b.tsv", "devel/c.iob", "test/d.bio"],
         {"train": ["train/a.conll", "train/b.tsv"], "dev": ["devel/c.iob"], "test": ["test/d.bio"]}),
        (["train.conll", "validation.json", "test.tsv", "readme.md", ".train.conll", "other/x.conll"],
         {"train": ["train.conll"], "dev": ["validation.json"], "test": ["test.tsv"]}),
        (["trainset.txt", "devset.txt", "testset.txt"],
         {"train": ["trainset.txt"], "dev": ["devset.txt"], "test": ["testset.txt"]}),
        (["train_set.iob2", "valid_set.bmes", "test_set.pos"],
         {"train": ["train_set.iob2"], "dev": ["valid_set.bmes"], "test": ["test_set.pos"]}),
        (["wnut17train.conll", "emerging.dev.conll", "emerging.test.conll"],
         {"train": ["wnut17train.conll"], "dev": ["emerging.dev.conll"], "test": ["emerging.test.conll"]}),
        (["engtrain.bio", "engdev.bio", "engtest.bio", "contest.bio"],
         {"train": ["engtrain.bio"], "dev": ["engdev.bio"], "test": ["engtest.bio"]}),
        (["train.conll-00001-of-00002", "train.conll-00002-of-00002", "dev-00001-of-00001", "test.conll"],
         {"train": ["train.conll-00001-of-00002", "train.conll-00002-of-00002"], "dev": ["dev-00001-of-00001"],
          "test": ["test.conll"]}),
        (["train-00004-of-00004.conll", "train-00001-of-00004.conll", "dev1.conll", "dev2.conll", "test.conll"],
         {"train": ["train-00001-of-00004.conll", "train-00004-of-00004.conll"],
          "dev": ["dev1.conll", "dev2.conll"], "test": ["test.conll"]}),
        (["train_news.conll", "train_web.conll", "dev.conll", "test.conll"],
         {"train": ["train_news.conll", "train_web.conll"], "dev": ["dev.conll"], "test": ["test.conll"]}),
        (["log_train.txt", "log_dev.txt", "log_test.txt"],
         {"train": ["log_train.txt"], "dev": ["log_dev.txt"], "test": ["log_test.txt"]}),
    ],
)  # fmt: skip
def test_files_are_assigned_by_name(tmp_path: Path, names: list[str], splits: dict[str, list[str]]) -> None:
    layout = find(made(tmp_path, *names), ReadOptions())
    assert shown(layout) == splits
    assert layout.unassigned == ()
    assert layout.names() == ("train", "dev", "test")


def test_a_single_file_is_cut_by_hash(tmp_path: Path) -> None:
    path = made(tmp_path, "all.conll") / "all.conll"
    for data in (path, str(path), tmp_path):
        layout = find(data, ReadOptions())
        assert (layout.unassigned, layout.splits, layout.shares) == ((path,), {}, Shares())
        assert layout.names() == ("train", "dev", "test")


def test_a_single_file_may_have_any_name(tmp_path: Path) -> None:
    path = made(tmp_path, "train_dev.xyz") / "train_dev.xyz"
    assert find(path, ReadOptions()).unassigned == (path,)


def test_documents_of_brat_are_cut_by_hash(tmp_path: Path) -> None:
    for name in ("d1.ann", "d1.txt", "d2.ann", "d2.txt"):
        (tmp_path / name).write_text("")
    layout = find(tmp_path, ReadOptions())
    assert [path.name for path in layout.unassigned] == ["d1.ann", "d2.ann"]
    assert (layout.splits, layout.shares, layout.ignored) == ({}, Shares(), ())
    (tmp_path / "notes.conll").write_text("")
    with pytest.raises(CorpusError, match="no train split"):
        find(tmp_path, ReadOptions())


def test_train_alone_is_cut_into_three(tmp_path: Path) -> None:
    layout = find(made(tmp_path, "train.conll", "notes.txt"), ReadOptions())
    assert layout.unassigned == (tmp_path / "train.conll",)
    assert layout.names() == ("train", "dev", "test")
    assert [(ignored.path.name, ignored.why) for ignored in layout.ignored] == [
        ("notes.txt", "its name names no split")
    ]


@pytest.mark.parametrize(("given", "missing"), [("test", "dev"), ("dev", "test")])
def test_a_missing_split_is_cut_from_train(tmp_path: Path, given: str, missing: str) -> None:
    layout = find(made(tmp_path, "train.conll", f"{given}.conll"), ReadOptions())
    assert shown(layout) == {given: [f"{given}.conll"]}
    assert layout.shares == Shares(**{"train": 0.8, given: 0.0, missing: 0.1})
    assert layout.names() == ("train", "dev", "test")
    assert list(layout.files()) == [(tmp_path / "train.conll", None), (tmp_path / f"{given}.conll", given)]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], "no corpus file"),
        (["dev.conll", "test.conll"], "no train split (found: dev.conll, test.conll)"),
        (["a.conll", "b.conll"], "no train split (found: a.conll, b.conll)"),
        (["train_dev.conll", "test.conll"], "the file name stands for dev and train"),
        (["notes.md", "train/a.pdf"], "no corpus file among notes.md, train/a.pdf"),
        ([f"{number}.md" for number in range(9)], "5.md and 3 more"),
        (["contest.conll", "strain.conll"], "no train split (found: contest.conll, strain.conll)"),
        (["entrain.conll", "detrain.conll", "dev.conll"], "no train split"),
    ],
)
def test_folders_that_are_no_corpus(tmp_path: Path, names: list[str], found: str) -> None:
    with pytest.raises(CorpusError) as caught:
        find(made(tmp_path, *names), ReadOptions())
    assert found in str(caught.value)
    assert caught.value.remedy


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file or folder"):
        find(tmp_path / "nowhere", ReadOptions())


@pytest.mark.parametrize("split", ["dev", "test"])
@pytest.mark.parametrize("names", [["train.conll"], ["all.conll"]])
def test_a_missing_split_without_a_share(tmp_path: Path, split: str, names: list[str]) -> None:
    options = ReadOptions(hash_split=Shares(**{split: 0.0}))
    with pytest.raises(CorpusError, match=f"no {split} split"):
        find(made(tmp_path, *names), options)


def test_a_name_that_ends_in_a_split_is_not_taken_beside_files_with_names(tmp_path: Path) -> None:
    layout = find(made(tmp_path, "train.conll", "latest.conll"), ReadOptions())
    assert layout.unassigned == (tmp_path / "train.conll",)
    assert [ignored.path.name for ignored in layout.ignored] == ["latest.conll"]


def test_what_is_no_regular_file_beside_a_corpus(tmp_path: Path) -> None:
    data = made(tmp_path, "train.conll", "dev.conll", "test.conll")
    (data / "train_old.conll").mkdir()
    (data / "train").mkdir()
    (data / "train" / "a.conll").symlink_to("a.conll")
    (data / "test").symlink_to("test")
    odd = data / "notes\udcff.conll"
    odd.write_text("a\tO\n")
    layout = find(data, ReadOptions())
    assert shown(layout) == {"train": ["train.conll"], "dev": ["dev.conll"], "test": ["test.conll"]}
    assert [ignored.path for ignored in layout.ignored] == [odd]


def test_files_of_a_split(tmp_path: Path) -> None:
    layout = find(made(tmp_path, "train.conll", "test.conll"), ReadOptions())
    names = {split: [path.name for path in layout.files_of(split)] for split in layout.names()}
    assert names == {"train": ["train.conll"], "dev": ["train.conll"], "test": ["test.conll"]}
