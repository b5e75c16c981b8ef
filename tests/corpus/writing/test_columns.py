"""Columns: words that look like something else, and what they do not hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from corpus.formats.columns import conll as conll_format
from corpus.options import ReadOptions
from corpus.writing.columns import conll, conllu
from corpus.writing.tagged import Tagged, Target
from tagging.spans import Span
from tests.corpus.writing.written_sentences import of, plain, target


def test_conll() -> None:
    written = conll(
        of("Ann", "sings", spans=(Span(0, 1, "PER"),), text="Ann  sings", domain="news"), target("BIOES")
    )
    assert written == "# domain = news\n# text = Ann  sings\nAnn\tS-PER\nsings\tO"


def test_conllu() -> None:
    assert conllu(of("Ann", "sings", spans=(Span(0, 1, "PER"),), domain="news"), target()) == (
        "# sent_id = 1\n# domain = news\n"
        "1\tAnn\t_\t_\t_\t_\t_\t_\t_\tNER=B-PER\n2\tsings\t_\t_\t_\t_\t_\t_\t_\tNER=O"
    )
    assert conllu(plain(("Ann", "PROPN")), target("PLAIN")) == (
        "# sent_id = 1\n1\tAnn\t_\tPROPN\t_\t_\t_\t_\t_\t_"
    )


@pytest.mark.parametrize("token", ["#", "#tag", "#a=b", "##", "\ufeff", "10 000", "a #"])
@pytest.mark.parametrize("comment", [None, "news"])
def test_tokens_that_look_like_something_else(token: str, comment: str | None) -> None:
    to = target()
    for tokens in ((token,), (token, "b"), (token, token), ("b", token)):
        block = conll(of(*tokens, spans=(Span(0, 1, "X"),), domain=comment), to)
        sentence = conll_format.parse(block.split("\n"), ReadOptions()).sentence
        assert sentence is not None
        assert (sentence.tokens, sentence.tags[0], sentence.domain) == (tokens, "B-X", comment)
        # A file begins with no other byte order mark than its own.
        assert not block.startswith("\ufeff")
    assert to.losses.told() == []


def test_tokens_that_columns_cannot_hold() -> None:
    to = target()
    assert conll(of("-DOCSTART-", "# x"), to) == "_DOCSTART-\tO\n#_x\tO"
    assert to.losses.told() == ["characters in 2 tokens (written with _): -DOCSTART-, # x"]


@pytest.mark.parametrize("write", [conll, conllu])
def test_spaces_in_labels(write: Callable[[Tagged, Target], str]) -> None:
    to = target()
    assert write(of("a", spans=(Span(0, 1, "Invoice Number"),)), to).endswith("B-Invoice_Number")
    assert to.losses.told() == ["characters in 1 label (written with _): Invoice Number"]


def test_what_separates_the_keys_of_misc() -> None:
    to = target()
    assert conllu(of("a", spans=(Span(0, 1, "x|y"),)), to).endswith("NER=B-x_y")
    assert to.losses.told() == ["characters in 1 label (written with _): x|y"]
    assert "\tx|y\t" in conllu(plain(("a", "x|y")), target("PLAIN"))


def test_line_breaks_in_comments() -> None:
    to = target()
    assert conll(of("a", "b", text=" a\nb ", domain="x"), to).startswith("# domain = x\n# text = a b\n")
    assert to.losses.told() == ["line breaks, tabs or outer spaces in text or domain of 1 sentence"]


def test_places_that_are_not_found_again() -> None:
    to = target()
    conll(of("a", "b", text="a\u200bb", starts=(0, 2), ends=(1, 3)), to)
    assert to.losses.told() == [
        "the places of tokens in the text of 1 sentence (reading does not find them again)"
    ]


def test_entities_that_labels_alone_do_not_tell_apart() -> None:
    to = target("IO")
    conll(of("a", "b", spans=(Span(0, 1, "X"), Span(1, 2, "X"))), to)
    conll(of("a", "b", spans=(Span(0, 1, "X"), Span(1, 2, "Y"))), to)
    assert to.losses.told() == ["the entities of 1 sentence (the scheme does not tell them apart)"]
