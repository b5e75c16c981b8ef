"""Expand rules into tagged sentences."""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

from sample import names
from sample.names import Pool
from sample.numbers import NUMBERS
from sample.rules.phrases import Rules
from tagging.schemes import BIO, tags_of
from tagging.spans import Span
from tagging.tokenizer import tokenize

# The share of names in dev and test that come from the held-out lists, which train never uses.
HELD_OUT_SHARE = 0.25
# The shares of lines in small letters only, and in capitals only.
LOWER_SHARE = {"chat": 0.4, "news": 0.02, "sport": 0.04, "travel": 0.04}
UPPER_SHARE = {"chat": 0.03, "news": 0.05, "sport": 0.04, "business": 0.05}

_SLOT = re.compile(r"\{(\w+)\}")
_ENTITY = re.compile(r"\[(\w+) ([^\[\]]*)\]")
_WEIGHT = re.compile(r"(\d+)\* ")
_FIRST_LETTER = re.compile(r'^"?[a-z]')
# But before vowels that sound like consonants: a European, a university, a one-day trip.
_ARTICLE = re.compile(r"\b([Aa]) (?=(?:\[\w+ )?[AEIOUaeiou])(?!(?:\[\w+ )?(?:Eu|Un|uni|one|US))")

_POOLS = {name: pool for name, pool in vars(names).items() if isinstance(pool, Pool)}
_ENDINGS = {
    "coined_family": names.FAMILY_ENDINGS,
    "coined_town": names.TOWN_ENDINGS,
    "coined_firm": names.FIRM_ENDINGS,
    "coined_product": names.PRODUCT_ENDINGS,
}


class Line(NamedTuple):
    """One tagged sentence of the corpus."""

    domain: str
    text: str
    tokens: tuple[str, ...]
    tags: tuple[str, ...]


class Grammar:
    """Rules with a source of random choices among their alternatives.

    A slot is looked up in the rules, then in the pools of words, the endings of coined names and the numbers.

    Args:
        rules: alternatives by rule name; see `sample.rules.phrases`.
        random: the source of random choices.
        held_out: whether to draw held-out names too.
        taken: words in small letters that may not be coined as names.
    """

    def __init__(self, rules: Rules, random: Random, *, held_out: bool, taken: frozenset[str]) -> None:
        self._random = random
        self._held_out = held_out
        self._taken = taken
        self._rules = {name: _weighted(alternatives) for name, alternatives in rules.items()}

    def line(self, domain: str) -> Line:
        """Generate one sentence from the rule `sentence`."""
        marked = self._expand("sentence")
        marked = _ARTICLE.sub(r"\1n ", marked)
        text, stretches = _unmark(marked)
        text = self._case(text, domain)
        return _tagged(domain, text, stretches)

    def _expand(self, name: str) -> str:
        if name in self._rules:
            alternative = self._random.choice(self._rules[name])
            return _SLOT.sub(lambda slot: self._expand(slot[1]), alternative)
        if name in _POOLS:
            return self._draw(_POOLS[name])
        if name in _ENDINGS:
            return self._coin(_ENDINGS[name])
        return self._number(name)

    def _draw(self, pool: Pool) -> str:
        if self._held_out and pool.held_out and self._random.random() < HELD_OUT_SHARE:
            return self._random.choice(pool.held_out)
        return self._random.choice(pool.known)

    def _coin(self, endings: tuple[str, ...]) -> str:
        while True:
            middle = self._random.choice(names.SYLLABLES_MIDDLE) if self._random.random() < 0.5 else ""
            word = self._random.choice(names.SYLLABLES_FIRST) + middle + self._random.choice(endings)
            if word.lower() not in self._taken:
                return word

    def _number(self, name: str) -> str:
        if name == "lower_given":
            return self._draw(names.GIVEN).lower()
        try:
            return NUMBERS[name](self._random)
        except KeyError:
            raise KeyError(
                f"no rule, pool or number is named {name!r}; add it, or correct the rule"
            ) from None

    def _case(self, text: str, domain: str) -> str:
        chance = self._random.random()
        lower = LOWER_SHARE.get(domain, 0.0)
        if chance < lower:
            return text.lower()
        if chance < lower + UPPER_SHARE.get(domain, 0.0):
            return text.upper()
        if domain == "chat":
            return text
        return _FIRST_LETTER.sub(lambda letter: letter[0].upper(), text)


def _weighted(alternatives: list[str]) -> list[str]:
    """Repeat each alternative as often as its weight: `3* x` three times."""
    spread = []
    for alternative in alternatives:
        weight = _WEIGHT.match(alternative)
        spread += [alternative[weight.end() :]] * int(weight[1]) if weight else [alternative]
    return spread


def _unmark(marked: str) -> tuple[str, list[tuple[int, int, str]]]:
    """Remove the brackets; return the text and each entity's (start, end, type) in characters."""
    text = ""
    stretches = []
    position = 0
    for entity in _ENTITY.finditer(marked):
        text += marked[position : entity.start()]
        stretches.append((len(text), len(text) + len(entity[2]), entity[1]))
        text += entity[2]
        position = entity.end()
    return text + marked[position:], stretches


def _tagged(domain: str, text: str, stretches: list[tuple[int, int, str]]) -> Line:
    tokens = tokenize(text)
    by_start = {token.start: index for index, token in enumerate(tokens)}
    by_end = {token.end: index + 1 for index, token in enumerate(tokens)}
    try:
        spans = [Span(by_start[start], by_end[end], label) for start, end, label in stretches]
    except KeyError:
        raise ValueError(f"an entity ends inside a token: {text!r}, {stretches}; correct the rule") from None
    return Line(domain, text, tuple(token.text for token in tokens), tuple(tags_of(spans, len(tokens), BIO)))
