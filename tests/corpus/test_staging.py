"""New files and folders: at their place completely, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from corpus.errors import CorpusError
from corpus.staging import create, require_place, staged


@pytest.mark.parametrize(("kind", "right"), [("file", "empty.txt"), ("folder", "empty")])
def test_what_is_there_must_be_empty_and_of_the_kind(tmp_path: Path, kind: str, right: str) -> None:
    data = tmp_path / "data.conll"
    data.write_text("a\tO\n")
    (tmp_path / "empty.txt").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / right)
    for place in ("new", "a/b", right):
        require_place(data, tmp_path / place, kind)  # type: ignore[arg-type]
    for place in ({"empty.txt", "empty"} - {right}) | {"data.conll", "link", "empty/.."}:
        with pytest.raises(CorpusError, match=r"within the corpus|already exists"):
            require_place(data, tmp_path / place, kind)  # type: ignore[arg-type]


def test_nothing_is_there_before_the_end(tmp_path: Path) -> None:
    with staged(tmp_path / "a" / "out.txt") as draft:
        draft.write_text("x")
        assert not (tmp_path / "a" / "out.txt").exists()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["out.txt"]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    def fail(draft: Path) -> None:
        draft.mkdir()
        (draft / "half").touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), staged(tmp_path / "out") as draft:
        fail(draft)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_an_error_of_the_corpus(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match="out: cannot be written"), staged(tmp_path / "file" / "out"):
        pass


def test_a_folder_that_was_filled_meanwhile_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def fill_both(draft: Path) -> None:
        for folder in (draft, out):
            folder.mkdir()
            (folder / f"by {folder.parent.name == tmp_path.name}").touch()

    with pytest.raises(CorpusError, match="cannot be written"), staged(out) as draft:
        fill_both(draft)
    assert os.listdir(out) == ["by True"]


def test_the_same_contents_make_the_same_packed_file(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        with create(tmp_path / folder / "x.conll.gz") as stream:
            stream.write(b"a\tO\n")
    packed = (tmp_path / "a" / "x.conll.gz").read_bytes()
    assert packed[:2] == b"\x1f\x8b"
    assert packed == (tmp_path / "b" / "x.conll.gz").read_bytes()


@pytest.mark.parametrize("name", ["x.conll", "x.conll.gz"])
def test_no_file_is_written_over_another(tmp_path: Path, name: str) -> None:
    create(tmp_path / name).close()
    with pytest.raises(FileExistsError):
        create(tmp_path / name)
