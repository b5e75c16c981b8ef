"""Errors keep their place through text and pickle."""

from __future__ import annotations

import pickle

from corpus.errors import BadLine, CorpusError, shortened


def error(**changed: object) -> CorpusError:
    parts: dict = {
        "found": "1 column",
        "path": "data/train.conll",
        "line": 1000,
        "expected": "2 columns",
        "remedy": "add the tag",
        "shown": "Paris",
    } | changed
    return CorpusError(parts.pop("found"), **parts)


def test_the_text_names_place_line_expectation_and_remedy() -> None:
    assert str(error()) == "data/train.conll:1000: 1 column, in 'Paris'; expected 2 columns; add the tag"
    assert str(error(line=None, shown="", expected="", remedy="")) == "data/train.conll: 1 column"


def test_the_text_is_one_line_and_the_shown_line_is_short() -> None:
    text = str(error(shown="x\ny" * 100, remedy="do\nthis"))
    assert "\n" not in text
    assert len(text) < 200
    assert shortened("a" * 100, 10) == "aaaaaaa..."


def test_a_terminal_obeys_nothing_of_the_text() -> None:
    text = str(error(found="\x1b[2Jname", path="data/\udcff.conll", remedy="\u202eevil \x00"))
    assert text.isprintable()
    assert "\\x1b[2Jname" in text


def test_it_survives_pickle() -> None:
    copy = pickle.loads(pickle.dumps(error()))
    assert str(copy) == str(error())
    assert (copy.path, copy.line, copy.found) == ("data/train.conll", 1000, "1 column")


def test_it_is_rebuilt_from_its_text() -> None:
    parsed = CorpusError.from_text(str(error()))
    assert (parsed.path, parsed.line) == ("data/train.conll", 1000)
    assert str(parsed) == str(error())
    without_line = error(line=None)
    assert str(CorpusError.from_text(str(without_line))) == str(without_line)
    assert CorpusError.from_text(str(without_line)).line is None


def test_a_bad_line_is_placed_by_its_record() -> None:
    bad = BadLine(3, "found", expected="expected", remedy="remedy", shown="line")
    assert bad.located("f", 10).line == 13
