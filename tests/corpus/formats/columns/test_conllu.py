"""CoNLL-U: lines left out, the tag column, and every fault with its line."""

from __future__ import annotations

import pytest

from corpus.errors import BadLine
from corpus.formats.columns.conllu import parse
from corpus.formats.table import reader_of
from corpus.options import ReadOptions
from corpus.record import NOTHING
from corpus.sentence import Sentence

BLOCK = [
    "# newdoc id = 1",
    "# text = Il va au lit.",
    "1\tIl\til\tPRON\tCL\t_\t2\tnsubj\t_\t_",
    "2\tva\taller\tVERB\tV\t_\t0\troot\t_\t_",
    "3-4\tau\t_\t_\t_\t_\t_\t_\t_\t_",
    "3\t\u00e0\t\u00e0\tADP\tP\t_\t5\tcase\t_\t_",
    "4\tle\tle\tDET\tD\t_\t5\tdet\t_\t_",
    "4.1\tgrand\tgrand\tADJ\tA\t_\t_\t_\t_\t_",
    "5\tlit\tlit\tNOUN\tN\t_\t2\tobl\t_\tNER=O",
    "6\t.\t.\tPUNCT\tPONCT\t_\t2\tpunct\t_\t_",
]


def row(number: str, form: str, tag: str) -> str:
    return f"{number}\t{form}\t_\t{tag}\t_\t_\t_\t_\t_\t_"


def test_words_only_and_upos() -> None:
    record = parse(BLOCK, ReadOptions())
    assert record.sentence == Sentence(
        ("Il", "va", "\u00e0", "le", "lit", "."),
        ("PRON", "VERB", "ADP", "DET", "NOUN", "PUNCT"),
        "Il va au lit.",
    )
    assert list(record.lines) == [2, 3, 5, 6, 8, 9]


def test_another_tag_column() -> None:
    sentence = parse(BLOCK, ReadOptions(tag_column=4)).sentence
    assert sentence is not None
    assert sentence.tags == ("CL", "V", "P", "D", "N", "PONCT")


def test_offsets_where_the_text_is_made_of_the_words() -> None:
    record = parse(["# text = Hi \U0001f600 !", row("1", "Hi", "INTJ"), row("2", "\U0001f600", "SYM"),
                    row("3", "!", "PUNCT")], ReadOptions())  # fmt: skip
    assert record.sentence is not None
    assert record.sentence.starts == (0, 3, 5)
    assert record.sentence.ends == (2, 4, 6)


def test_a_hash_as_a_word() -> None:
    record = parse([row("1", "#", "SYM")], ReadOptions())
    assert record.sentence is not None
    assert record.sentence.tokens == ("#",)


def test_a_block_of_comments_holds_no_sentence() -> None:
    assert parse(["# newdoc"], ReadOptions()) == NOTHING


@pytest.mark.parametrize(
    ("lines", "index", "found"),
    [
        ([row("1", "a", "X"), "2\tb\t_"], 1, "3 columns"),
        ([row("1", "a", "X"), "b O"], 1, "1 column"),
        ([row("1", "a", "X"), row("x", "b", "X")], 1, "ID 'x'"),
        ([row("1", "a", "X"), row("2", "", "X")], 1, "empty token"),
        ([row("1", "a", "X"), row("2", "10  000", "NUM")], 1, "white space"),
        (["# c", row("1", "a", "")], 1, "empty tag"),
    ],
)
def test_every_fault_has_its_line(lines: list[str], index: int, found: str) -> None:
    with pytest.raises(BadLine) as caught:
        parse(lines, ReadOptions())
    assert caught.value.index == index
    assert found in caught.value.found


def test_a_column_that_the_format_lacks() -> None:
    with pytest.raises(BadLine, match="tag_column 12"):
        parse([row("1", "a", "X")], ReadOptions(tag_column=12))


def test_columns_by_name_and_keys_of_a_column() -> None:
    lines = [
        "1\tAnn\tann\tPROPN\tNNP\tNumber=Sing\t0\troot\t_\tNER=B-PER|SpaceAfter=No",
        "2\tsings\tsing\tVERB\tVBZ\t_\t1\tdep\t_\t_",
    ]

    def tags(column: int | str) -> tuple[str, ...]:
        sentence = parse(lines, ReadOptions(tag_column=column)).sentence
        assert sentence is not None
        return sentence.tags

    assert tags("XPOS") == tags("xpos") == tags(4) == ("NNP", "VBZ")
    assert tags("misc.NER") == tags("MISC.ner") == ("B-PER", "O")
    assert tags("feats.Number") == ("Sing", "_")
    with pytest.raises(BadLine, match="NAMED") as caught:
        tags("NAMED")
    assert "LEMMA" in caught.value.expected


PLUS = b"""# global.columns = ID FORM UPOS PARSEME:NE
# sent_id = 0
1\tAnn\tPROPN\tB-PER
2\tsings\tVERB\tO
"""


@pytest.mark.parametrize(
    ("column", "tags"), [(-1, ("B-PER", "O")), ("parseme:ne", ("B-PER", "O")), ("UPOS", ("PROPN", "VERB"))]
)
@pytest.mark.parametrize("name", ["train.conllup", "train.conllu", "train.txt"])
def test_conllu_plus_by_its_columns(name: str, column: int | str, tags: tuple[str, ...]) -> None:
    reader = reader_of(name, ReadOptions(tag_column=column), PLUS)
    assert reader.format == "conllu"
    sentence = reader.parse(PLUS.decode().splitlines()).sentence
    assert sentence is not None
    assert (sentence.tokens, sentence.tags) == (("Ann", "sings"), tags)


def test_a_form_may_have_a_space() -> None:
    record = parse([row("1", "26 000", "NUM")], ReadOptions())
    assert record.sentence is not None
    assert record.sentence.tokens == ("26 000",)
