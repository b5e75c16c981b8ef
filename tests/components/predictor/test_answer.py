"""Files of answers: what is written is read, and the same answers are the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.predictor.answer import Answer, read, write

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4).map(tuple)
ANSWERS = st.builds(
    Answer,
    tokens=TEXTS,
    gold=TEXTS,
    predicted=TEXTS,
    confidence=st.lists(st.floats(0, 1), max_size=4).map(tuple),
    score=st.none() | st.floats(0, 1),
    features=st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    seen=st.lists(st.booleans(), max_size=3).map(tuple),
)


@settings(max_examples=50, deadline=None)
@given(answers=st.lists(ANSWERS, max_size=5))
def test_written_answers_are_read_back(
    answers: list[Answer], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("answers")
    assert write(folder / "a.gz", answers) == len(answers)
    assert list(read(folder / "a.gz")) == answers
    write(folder / "b.gz", iter(answers))
    assert (folder / "a.gz").read_bytes() == (folder / "b.gz").read_bytes()


def test_reading_is_one_answer_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    write(path, (Answer(("a",), ("O",), ("O",)) for _ in range(3)))
    answers = read(path)
    assert next(answers).tokens == ("a",)
    assert len(list(answers)) == 2
