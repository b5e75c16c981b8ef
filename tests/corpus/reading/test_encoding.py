"""The encoding that a file is likely in."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import CorpusError
from corpus.options import ReadOptions
from corpus.reading.encoding import remedy
from corpus.reading.sentences import outcomes

GERMAN = "Die Straße nach Müllheim führt über Köln, sagte Frau Jürgens am späten Nachmittag"
CHINESE = "张三在北京的一家银行工作了很多年然后去了上海"
RUSSIAN = "Анна поехала в Москву на поезде вместе с братом, потому что самолёт опоздал"


@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [(GERMAN, "cp1252", "cp1252"), (CHINESE, "gbk", "gb18030"), (RUSSIAN, "cp1251", "cp1251")],
)
def test_the_likely_encoding_is_named(tmp_path: Path, text: str, encoding: str, named: str) -> None:
    path = tmp_path / "train.txt"
    path.write_bytes(b"The O\n\n" + "".join(f"{word} O\n" for word in text.split()).encode(encoding))
    assert f"iconv -f {named} " in remedy(path)
    errors = [outcome for _, outcome in outcomes(path, ReadOptions()) if isinstance(outcome, CorpusError)]
    assert [error.remedy for error in errors] == [remedy(path)]


def test_the_encoding_of_a_file_that_is_rewritten_is_named_too(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    rows = "".join(f"1,{word},O\n" for word in GERMAN.replace(",", "").split())
    path.write_bytes(f"Sentence,Word,Tag\n{rows}".encode("cp1252"))
    with pytest.raises(CorpusError) as caught:
        list(outcomes(path, ReadOptions()))
    assert "iconv -f cp1252 " in caught.value.remedy


def test_a_word_without_end_is_shown_shortened(tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_bytes(("Straße" * 2000).encode("cp1252"))
    assert "iconv -f cp1252 " in remedy(path)
    assert len(remedy(path)) < 200


def test_an_unknown_encoding_is_said_to_be_unknown(tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_bytes(bytes(range(128, 256)) * 3 + b" O\n")
    assert "could not be told" in remedy(path)
    assert "could not be told" in remedy(tmp_path / "missing")
