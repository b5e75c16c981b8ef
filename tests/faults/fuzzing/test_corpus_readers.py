"""Corpus files of every form, changed: read, or refused by an error that names the file, and the line if there is one.

A check of the same file raises nothing: what it cannot read is a finding.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.checks.check import check
from corpus.errors import CorpusError
from corpus.options import Format, ReadOptions
from corpus.reading.sentences import sentences
from corpus.repair.copy import write_repaired_copy
from corpus.writing.convert import convert
from corpus.writing.table import FORMS
from tests.faults.conftest import Faults
from tests.faults.fuzzing import corpus_files
from tests.faults.fuzzing.bounds import bounded
from tests.faults.fuzzing.mutations import changed, mutated

# Whatever format the settings name.
OPTIONS = st.sampled_from([ReadOptions(format=name) for name in get_args(Format)])
LONGEST_MESSAGE = 1000
MOST_GROWTH_MB = 100


@pytest.fixture(scope="module", autouse=True)
def _no_growth() -> Iterator[None]:
    """Thousands of files leave nothing behind in memory but the modules that read them."""
    process = psutil.Process()
    before = process.memory_info().rss
    yield
    assert process.memory_info().rss - before < MOST_GROWTH_MB * 1e6


def _attack(form: str, content: bytes, options: ReadOptions) -> None:
    with tempfile.TemporaryDirectory() as home:
        path = corpus_files.write(Path(home), form, content)
        places = {str(place) for place in [Path(home), *Path(home).iterdir()]}
        try:
            for line, sentence in sentences(path, options):
                assert line >= 1
                assert len(sentence.tokens) == len(sentence.tags)
                assert all(sentence.tokens)
        except CorpusError as error:
            _require_told(error, places)
        for finding in check(home, options).findings:
            assert finding.path in places
            assert finding.line is None or finding.line >= 1


def _require_told(error: CorpusError, places: set[str]) -> None:
    """One line of bounded length that a terminal can show, with the place in front."""
    assert error.path in places
    assert error.line is None or error.line >= 1
    text = str(error)
    assert text.startswith(error.path if error.line is None else f"{error.path}:{error.line}: ")
    assert text.isprintable()
    assert len(text) <= LONGEST_MESSAGE


@pytest.mark.parametrize("form", corpus_files.FORMS)
@bounded(60)
@given(data=st.data())
def test_changed_bytes_are_read_or_refused(form: str, faults: Faults, data: st.DataObject) -> None:
    content = data.draw(mutated(corpus_files.content(form)))
    options = data.draw(OPTIONS)
    with faults.tried():
        _attack(form, content, options)


@pytest.mark.parametrize("name", corpus_files.JSON)
@bounded(60)
@given(data=st.data())
def test_changed_json_is_read_or_refused(name: str, faults: Faults, data: st.DataObject) -> None:
    rows = data.draw(changed(corpus_files.JSON[name]))
    with faults.tried(2):
        _attack(f"{name}_array", json.dumps(rows).encode(), ReadOptions())
        lines = (
            "".join(json.dumps(row) + "\n" for row in rows) if isinstance(rows, list) else json.dumps(rows)
        )
        _attack(f"{name}_lines", lines.encode(), ReadOptions())


@pytest.mark.parametrize("form", corpus_files.FORMS)
@bounded(15)
@given(data=st.data())
def test_changed_bytes_are_repaired_and_converted_or_refused(
    form: str, faults: Faults, data: st.DataObject
) -> None:
    content = data.draw(mutated(corpus_files.content(form)))
    written = data.draw(st.sampled_from(list(FORMS)))
    with faults.tried(), tempfile.TemporaryDirectory() as home:
        corpus = Path(home, "corpus")
        corpus.mkdir()
        corpus_files.write(corpus, form, content)
        with contextlib.suppress(CorpusError):
            write_repaired_copy(corpus, Path(home, "repaired"), ReadOptions())
        with contextlib.suppress(CorpusError):
            convert(corpus, Path(home, "converted"), ReadOptions(), form=written)


@bounded(200)
@given(content=st.binary(max_size=400), form=st.sampled_from(list(corpus_files.FORMS)), options=OPTIONS)
def test_any_bytes_are_read_or_refused(
    faults: Faults, content: bytes, form: str, options: ReadOptions
) -> None:
    with faults.tried():
        _attack(form, content, options)
