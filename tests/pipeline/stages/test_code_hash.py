"""The hash by which the cache follows the code."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

# `pipeline.stages.code_hash.code_hash` is the function; what is patched here is its module.
module: ModuleType = importlib.import_module("pipeline.stages.code_hash")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of two packages in place of this one."""
    for name, text in (("one/a.py", "a"), ("one/deep/b.py", "b"), ("two/c.py", "c"), ("one/data.txt", "d")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(module, "_ROOT", tmp_path)
    module.code_hash.cache_clear()
    yield tmp_path
    module.code_hash.cache_clear()


def fresh(*packages: str) -> str:
    """The hash as another process would find it."""
    module.code_hash.cache_clear()
    return str(module.code_hash(*packages))


def test_the_same_code_has_the_same_hash(root: Path) -> None:
    assert fresh("one", "two") == fresh("two", "one") == fresh("one", "two")
    assert len(fresh("one")) == 16


@pytest.mark.parametrize(
    ("name", "text"),
    [("one/a.py", "A"), ("one/deep/b.py", "B"), ("one/new.py", ""), ("one/deep/__init__.py", "")],
)
def test_every_edit_below_changes_it(root: Path, name: str, text: str) -> None:
    before, other = fresh("one"), fresh("two")
    (root / name).write_text(text)
    assert fresh("one") != before
    assert fresh("two") == other


def test_renaming_and_removing_change_it(root: Path) -> None:
    before = fresh("one")
    (root / "one/a.py").rename(root / "one/z.py")
    renamed = fresh("one")
    (root / "one/z.py").unlink()
    assert len({before, renamed, fresh("one")}) == 3


def test_moving_text_between_files_changes_it(root: Path) -> None:
    before = fresh("one")
    (root / "one/a.py").write_text("")
    (root / "one/deep/b.py").write_text("ab")
    assert fresh("one") != before


def test_what_is_no_code_does_not_change_it(root: Path) -> None:
    before = fresh("one")
    (root / "one/data.txt").write_text("D")
    (root / "one/__pycache__").mkdir()
    (root / "one/__pycache__/a.cpython-310.pyc").write_bytes(b"x")
    assert fresh("one") == before


def test_where_the_project_lies_does_not_change_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fresh("one", "two/c.py")
    shutil.copytree(root, root / "elsewhere")
    monkeypatch.setattr(module, "_ROOT", root / "elsewhere")
    assert fresh("one", "two/c.py") == before


@pytest.mark.parametrize("name", ["three", "one/missing.py", "one/empty"])
def test_a_name_that_stands_for_no_code_is_an_error(root: Path, name: str) -> None:
    (root / "one/empty").mkdir()
    with pytest.raises(FileNotFoundError):
        fresh("one", name)
