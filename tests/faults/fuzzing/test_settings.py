"""Settings files and `--set` with bytes, values and keys changed: loaded, or refused by a `SettingsError`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.settings import SettingsError, load
from pipeline.settings.loading import DEFAULTS
from tests.faults.conftest import Faults
from tests.faults.fuzzing.bounds import bounded
from tests.faults.fuzzing.mutations import changed, mutated

FILE = b"""\
name: mine
data: corpus
corpus: {separator: "\\t", files: {train: a.conll}}
trainer:
  epochs: 3
  learning_rate: 1e-3
evaluation:
  floors: {f1: 0.8}
beam: {args: [--x=1]}
"""
ALL: dict[str, Any] = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))


def _keys(tree: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in tree.items():
        yield above + name
        if isinstance(value, dict):
            yield from _keys(value, f"{above}{name}.")


KEYS = st.one_of(st.sampled_from(list(_keys(ALL))), st.text(max_size=10))
# What YAML makes more of than it looks.
_TELLING = [
    *(
        "[",
        "[[[[",
        "{a: b}",
        "[1, 2]",
        "null",
        "~",
        "1e999",
        ".nan",
        "-.inf",
        "9" * 5000,
        "0x1F",
        "-1",
        "true",
    ),
    *("!!python/object:os.system", "!!binary x", "!!set {a}", "<<: 3", "*a", "&a [*a]", "{? [a] : b}"),
    *("2001-01-01", '"\\ud800"', "\udcff", "\x1b[2J", "[" * 1000, "{a: " * 1000),
]
VALUES = st.one_of(st.sampled_from(_TELLING), st.text(max_size=20), st.floats().map(str))


def _attack(path: Path, content: bytes, *assignments: str) -> None:
    path.write_bytes(content)
    try:
        settings = load(config=path, assignments=assignments)
    except SettingsError:
        return
    # What is loaded can be written down, and read again.
    path.write_text(settings.to_yaml(), encoding="utf-8")
    assert load(config=path) == settings


@bounded(100)
@given(content=mutated(FILE))
def test_changed_bytes(faults: Faults, tmp_path: Path, content: bytes) -> None:
    with faults.tried():
        _attack(tmp_path / "mine.yaml", content)


@bounded(50)
@given(tree=changed(ALL))
def test_changed_values(faults: Faults, tmp_path: Path, tree: Any) -> None:
    with faults.tried():
        _attack(tmp_path / "mine.yaml", yaml.safe_dump(tree).encode())


@bounded(150)
@given(assigned=st.lists(st.tuples(KEYS, VALUES), min_size=1, max_size=3))
def test_any_assignment(faults: Faults, tmp_path: Path, assigned: list[tuple[str, str]]) -> None:
    with faults.tried():
        _attack(tmp_path / "mine.yaml", b"", *(f"{key}={value}" for key, value in assigned))
