"""CoNLL: columns, comments, documents, and every fault with its line."""

from __future__ import annotations

import io
from typing import Any

import pytest

from corpus.errors import BadLine
from corpus.formats.columns.conll import parse, with_header
from corpus.formats.header import Header
from corpus.options import ReadOptions
from corpus.raw_records import raw_records
from corpus.record import NOTHING
from corpus.sentence import Sentence


def read(text: str, **options: Any) -> Sentence:
    sentence = parse(text.split("\n"), ReadOptions(**options)).sentence
    assert sentence is not None
    return sentence


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Ann\tB-PER\nsings\tO", {}),
        ("Ann B-PER\nsings O", {}),
        ("Ann   B-PER \nsings     O", {}),
        ("1\tAnn\tNNP\tB-PER\n2\tsings\tVBZ\tO", {"token_column": 1}),
        ("B-PER\tx\tAnn\nO\ty\tsings", {"token_column": -1, "tag_column": 0}),
        ("Ann|B-PER\nsings|O", {"separator": "|"}),
        ("Ann  B-PER\nsings O", {"separator": " "}),
        ("Ann\tB-PER\nsings\tO", {"separator": "\t"}),
    ],
)
def test_columns(text: str, options: dict[str, Any]) -> None:
    assert read(text, **options) == Sentence(("Ann", "sings"), ("B-PER", "O"))


def test_an_empty_column_between_tabs_is_a_column() -> None:
    assert read("Ann\t\tB-PER").tags == ("B-PER",)


def test_document_lines_are_not_sentences() -> None:
    data = b"-DOCSTART- -X- O\nAnn B-PER\n-DOCSTART- O\n\n-DOCSTART-\nBo O\n"
    assert [record.raw for record in raw_records(io.BytesIO(data), "block")] == [b"Ann B-PER\n", b"Bo O\n"]


def test_comments_give_domain_and_text() -> None:
    found = read("# sent_id = 7\n# domain = news\n# text = Ann  sings.\nAnn\tB-PER\nsings\tO\n.\tO")
    assert found == Sentence(
        ("Ann", "sings", "."), ("B-PER", "O", "O"), "Ann  sings.", (0, 5, 10), (3, 10, 11), "news"
    )
    assert read("# genre = tweets\nAnn O").domain == "tweets"


def test_a_text_of_other_tokens_is_kept_without_offsets() -> None:
    found = read("# text = zum Haus\nzu\tO\ndem\tO\nHaus\tO")
    assert (found.text, found.starts, found.ends) == ("zum Haus", None, None)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        # Tokens.
        ("#tag\tO\nwins\tO", ("#tag", "wins")),
        ("#tag O\nwins O", ("#tag", "wins")),
        ("wins\tO\n#tag\tO", ("wins", "#tag")),
        ("# O\nwins O", ("#", "wins")),
        ("#\tO\n#\tO", ("#", "#")),
        ("#a O\n#b O", ("#a", "#b")),
        ("# NN O\n5 CD O", ("#", "5")),
        # Comments.
        ("# domain = news\nwins\tO", ("wins",)),
        ("#domain=news\nwins\tO", ("wins",)),
        ("# domain = news\nAnn NNP B-NP O", ("Ann",)),
        ("# a free remark of many words\nwins O", ("wins",)),
        ("# a\twins O", ()),
        ("# id 12\tdomain=en\nAnn _ _ O", ("Ann",)),
        ("# id 12\tdomain=en\nAnn\tO", ("Ann",)),
        ("#\thttp://a.b\t[2009]\n1\tAnn\tO\tO", ("1",)),
        ("###\nwins\tO", ("wins",)),
        ("### abstract\nwins\tO", ("wins",)),
        ("#begin document (a); part 0\nwins\tO\n#end document", ("wins",)),
        ("#begin document (a)\nwins O\n#end document", ("wins",)),
        ("#\tO\nwins\tO\n#", ("#", "wins")),
        ("#\nwins\tO", ("wins",)),
        ("# one\n# two\nwins\tO\n#\tO", ("wins", "#")),
    ],
)
def test_tokens_and_comments(text: str, tokens: tuple[str, ...]) -> None:
    sentence = parse(text.split("\n"), with_header(Header.of(text.encode()), ReadOptions())).sentence
    assert (sentence.tokens if sentence else ()) == tokens


def test_a_lone_comment_in_a_file_of_tabs() -> None:
    options = with_header(Header.of(b"Ann\tO\n\n# sentence\n"), ReadOptions())
    assert options.separator == "\t"
    assert parse(["# sentence"], options) == NOTHING
    assert with_header(Header.of(b"Ann\tO\nsings O\n"), ReadOptions()).separator is None


def test_a_no_break_space_parts_no_columns() -> None:
    assert read("10\u00a0000 B-ORG\nBank I-ORG").tokens == ("10\u00a0000", "Bank")


def test_a_token_between_tabs_may_have_spaces() -> None:
    assert read("ke s\tO\n26 000\tO").tokens == ("ke s", "26 000")


@pytest.mark.parametrize(
    "text", ["# only a remark here", "# domain = news\n# text = x", "#", "# newdoc id = 3"]
)
def test_a_block_of_comments_holds_no_sentence(text: str) -> None:
    assert parse(text.split("\n"), ReadOptions()) == NOTHING


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("Ann\tB-PER\nsings\nwell\tO", 1, "1 column separated by white space"),
        ("Ann\tB-PER\nsings\tO\tO\nwell\tO", 1, "3 columns separated by a tab"),
        ("Ann\nsings\tO\nwell\tO", 0, "1 column"),
        ("Paris", 0, "1 column"),
        ("# x = y\nParis", 1, "1 column"),
        ("#tag\nwins\tO\nwell\tO", 0, "1 column"),
        ("wins\tO\n# late remark\nwell\tO", 1, "comments stand before"),
        ("Ann\tB-PER\n\tO", 1, "empty token"),
        ("Ann\tB-PER\nsings\t", 1, "empty tag"),
        ("Ann\tB-PER\t\nsings\tO\t", 0, "empty tag, at the tab that ends the line"),
        ("Ann\tB-PER\nNew  York\tB-LOC", 1, "U+0020) in the token 'New  York'"),
        ("Ann\tB-PER\nYork\u00a0\tB-LOC", 1, "U+00A0"),
        ("Ann\tB-PER\nYork\tB LOC", 1, "U+0020) in the tag 'B LOC'"),
        ("Ann\tB-PER\na\x07b\tO", 1, "a control character (U+0007)"),
        ("Ann\tB-PER\nsings\tO ", 1, "in the tag 'O '"),
    ],
)
def test_every_fault_has_its_line(text: str, line: int, found: str) -> None:
    with pytest.raises(BadLine) as caught:
        read(text)
    error = caught.value.located("f", 1)
    assert caught.value.index == line
    assert found in str(error)
    assert error.expected
    assert error.remedy


def test_missing_columns() -> None:
    with pytest.raises(BadLine, match="2 columns") as caught:
        read("Ann O", tag_column=3)
    assert "at least 4" in caught.value.expected
    with pytest.raises(BadLine):
        read("Ann O", token_column=-3)


def test_a_record_has_the_lines_of_its_tokens() -> None:
    record = parse(["# x = y", "#begin document", "Ann O", "sings O", "#end document"], ReadOptions())
    assert list(record.lines) == [2, 3]
