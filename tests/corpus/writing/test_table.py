"""What is written in any form is read back, or what is lost is told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.writing.losses import BORDERS, BREAKS, CUT, DOMAIN, LABELS, OFFSETS, TEXT, TOKENS, Loss
from corpus.writing.table import FORMS
from tests.corpus.writing.written_sentences import READ, READ_BACK, converted, read, rows


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(rows(), min_size=1, max_size=4))
def test_what_is_not_told_as_lost_is_read_back(tmp_path: Path, form: str, rows: list[dict[str, Any]]) -> None:
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    done = converted(tmp_path, form, rows)
    (out,) = done.files
    before, after = read(tmp_path / "in.jsonl"), read(out, READ_BACK.get(form, READ))
    assert done.files[out] == len(before)

    def told(*losses: Loss) -> bool:
        parts = [{loss.what, loss.unit, loss.note} for loss in losses]
        return any(all(part in line for part in parts_of) for line in done.lost for parts_of in parts)

    if told(CUT):
        # Tokens that nothing can be seen of may leave no sentence at all.
        return
    # A loss excuses what it names alone.
    for (there, there_spans), (here, here_spans) in zip(before, after, strict=True):
        if not told(TOKENS):
            assert here.tokens == there.tokens
        if not told(TOKENS, BORDERS, LABELS):
            assert here_spans == there_spans
        if not told(DOMAIN, BREAKS):
            assert here.domain == there.domain
        if (there.text is not None or FORMS[form].has_tags) and not told(TOKENS, TEXT, BREAKS, OFFSETS):
            assert (here.text, here.starts, here.ends) == (there.text, there.starts, there.ends)


@pytest.mark.parametrize("form", [name for name, form in FORMS.items() if form.has_tags])
@pytest.mark.parametrize("scheme", ["BIO", "BIOES", "BILOU", "IOB1", "IOE2", "BMES"])
def test_every_scheme_is_read_back(tmp_path: Path, form: str, scheme: str) -> None:
    rows = [{"tokens": list("abcdef"), "tags": ["B-X", "I-X", "B-X", "O", "B-Y", "B-X"]}]
    (out,) = converted(tmp_path, form, rows, scheme).files
    options = READ_BACK.get(form, READ)
    assert [spans for _, spans in read(out, options, scheme)] == [
        spans for _, spans in read(tmp_path / "in.jsonl")
    ]
