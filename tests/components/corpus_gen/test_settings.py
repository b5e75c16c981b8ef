"""Settings in the parameters of an ExampleGen."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.corpus_gen.settings import base_and_pattern, data_in, options_in
from corpus.options import ReadOptions
from tests.components.corpus_gen.corpora import (
    properties,
)


def test_settings_are_passed_through_exec_properties(tmp_path: Path) -> None:
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


def test_a_folder_may_be_named_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "news.conll").mkdir()
    assert base_and_pattern(str(tmp_path / "news.conll")) == (str(tmp_path / "news.conll"), "*")
    assert base_and_pattern(f"{tmp_path}/") == (str(tmp_path), "*")
