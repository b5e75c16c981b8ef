"""The fingerprint that the driver sets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tfx.orchestration import data_types

from components.corpus_gen.driver import CorpusGenDriver
from corpus.errors import CorpusError
from tests.components.corpus_gen.corpora import (
    DEV,
    TRAIN,
    properties,
)


def fingerprint_by_driver(data: Path) -> str:
    pipeline = data_types.PipelineInfo("", "")
    resolved = CorpusGenDriver(None).resolve_exec_properties(
        properties(data), pipeline, data_types.ComponentInfo("", "", pipeline)
    )
    return resolved["input_fingerprint"]


def test_the_fingerprint_depends_on_contents_and_not_on_dates(tmp_path: Path) -> None:
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


def test_missing_files_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file or folder"):
        fingerprint_by_driver(tmp_path / "nowhere")
