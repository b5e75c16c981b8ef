"""Rules expanded into tagged sentences."""

from __future__ import annotations

from random import Random

import pytest

from sample.grammar import Grammar
from sample.rules import DOMAINS
from sample.rules.phrases import PHRASES, Rules
from sample.rules.shapes import SHAPES


def grammar(rules: Rules, *, held_out: bool = False) -> Grammar:
    return Grammar(rules, Random(1), held_out=held_out, taken=frozenset())


def test_entities_are_tagged_where_the_brackets_were() -> None:
    line = grammar({"sentence": ["{who}'s trip to [LOC New York]."], "who": ["[PER Ann Lee]"]}).line("news")
    assert line.text == "Ann Lee's trip to New York."
    assert line.tokens == ("Ann", "Lee", "'s", "trip", "to", "New", "York", ".")
    assert line.tags == ("B-PER", "I-PER", "O", "O", "O", "B-LOC", "I-LOC", "O")


def test_an_article_suits_the_word_after_it() -> None:
    rules = {"sentence": ["a [MISC Irish] man, a [MISC European] and a [MISC Dutch] man met a otter"]}
    # A domain without lines in small letters or in capitals.
    assert grammar(rules).line("quiet").text == "An Irish man, a European and a Dutch man met an otter"


def test_weights_make_alternatives_likelier() -> None:
    rolls = grammar({"sentence": ["3* yes", "no"]})
    drawn = [rolls.line("quiet").text for _ in range(400)]
    assert 250 < drawn.count("Yes") < 350


def test_an_entity_that_ends_inside_a_token_is_an_error() -> None:
    with pytest.raises(ValueError, match="an entity ends inside a token: 'London-based firm'"):
        grammar({"sentence": ["[LOC London]-based firm"]}).line("quiet")


def test_an_unknown_slot_is_an_error() -> None:
    with pytest.raises(KeyError, match="no rule, pool or number is named 'nothing'"):
        grammar({"sentence": ["{nothing}"]}).line("quiet")


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_alternative_of_every_rule_expands(domain: str) -> None:
    rules = {**PHRASES, **SHAPES, **DOMAINS[domain]}
    for name, alternatives in rules.items():
        for alternative in alternatives:
            if name in ("sentence", "line", "clause", "headline", "opinion", "plain", "fronting", "tail"):
                text = alternative.partition("* ")[2] or alternative
                assert grammar({**rules, "sentence": [text]}, held_out=True).line(domain).tokens
