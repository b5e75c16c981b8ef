"""The hash by which the cache follows the code."""

from __future__ import annotations

import ast
import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.stages.code_hash import CODE

ROOT = Path(__file__).resolve().parents[3]
# What the entry point of a component imports that its own code does not cover.
ENTRY = {
    "Transform": "trainer/features/preprocessing.py",
    "Trainer": "trainer/run_fn.py",
    "Evaluator": "components/metrics/evaluation.py",
}
# Types of artifacts alone.
NO_CODE = {"components/artifacts.py", "components/contract.py"}

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


def test_other_files_do_not_change_it(root: Path) -> None:
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
def test_a_path_without_code_is_an_error(root: Path, name: str) -> None:
    (root / "one/empty").mkdir()
    with pytest.raises(FileNotFoundError):
        fresh("one", name)


@pytest.mark.parametrize(
    "component", sorted(CODE.keys() - {"Report"})
)  # a page is never answered from the cache
def test_the_code_of_a_component_is_all_that_it_imports(component: str) -> None:
    listed = [*CODE[component], *(CODE["Trainer"] if component == "Tuner" else ())]
    reached = imported(ROOT / ENTRY[component]) if component in ENTRY else imported(ROOT / _folder(component))
    missing = {
        name for name in reached - NO_CODE if not any(Path(name).is_relative_to(one) for one in listed)
    }
    assert missing == set()


def _folder(component: str) -> str:
    return next(name for name in CODE[component] if Path(name).parent.name in ("components", "resolvers"))


def imported(start: Path) -> set[str]:
    """Files of the project that a file, or the files of a folder, import, directly or not."""
    reached: set[str] = set()
    waiting = sorted(start.rglob("*.py")) if start.is_dir() else [start]
    while waiting:
        path = waiting.pop()
        name = path.relative_to(ROOT).as_posix()
        if name in reached:
            continue
        reached.add(name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            files = (ROOT.joinpath(*module.split(".")).with_suffix(".py") for module in modules)
            waiting += [file for file in files if file.is_file()]
    return reached
