"""Tell the notation of a corpus from all its tags; no other module guesses it, and this one never in doubt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import product

from tagging.evidence import MOST_TAGS, Evidence
from tagging.notation import (
    ALPHABETS,
    LETTERS,
    Notation,
    Side,
    alphabet_named,
    folded,
    notation_of_scheme,
    parts_of,
)
from tagging.schemes import split_tag
from tagging.tables import OUTSIDE

_SIDES: tuple[Side, ...] = ("prefix", "suffix")
# Other names of the outside tag, in lower case and folded.
_OUTSIDE_NAMES = frozenset(("none", "_", "-", "0", "null", "nil", "out", "outside"))
_WORD = re.compile(r"[a-z]+")
_NUMBER = re.compile(r"[-+]?\d*[.,]?\d+(?:[eE][-+]?\d+)?%?")
# The tags of Universal Dependencies, of its forerunner (Petrov et al. 2012) and of the Penn Treebank.
_TAGSETS = (
    "ADJ ADP ADV AUX CCONJ CONJ DET INTJ NOUN NUM PART PRON PROPN PRT PUNCT SCONJ SYM VERB X . "
    "CC CD DT EX FW IN JJ JJR JJS LS MD NN NNS NNP NNPS PDT POS PRP PRP$ RB RBR RBS RP TO UH VB VBD VBG VBN "
    "VBP VBZ WDT WP WP$ WRB , : `` '' # $ ( ) -LRB- -RRB- HYPH NFP ADD"
)
_PARTS_OF_SPEECH = frozenset(_TAGSETS.split())
_LABELS = "PER PERS PERSON LOC LOCATION ORG ORGANIZATION ORGANISATION GPE MISC NORP FAC"
_ENTITY_LABELS = frozenset(_LABELS.split())
# Letters written out, as in BEGIN-PER and INSIDE-PER, which no alphabet has.
_BEGINS = frozenset(["begin", "beg", "start", "first"])
_INSIDES = frozenset(["inside", "in", "inner", "mid", "middle", "cont"])
# As in OntoNotes: (PER* for the first token, *) for the last.
_BRACKET = re.compile(r"\([\w-]+[*)]+|\*\)+")
_LISTED = 5


class UnknownNotation(ValueError):
    """Tags of which it cannot be told whether and how they mark entities.

    Attributes:
        found: what the tags look like.
        remedy: which settings decide.
    """

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(found, remedy)
        self.found = found
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.found}; {self.remedy}"


def recognise(evidence: Evidence, *, scheme: str = "auto", outside: str | None = None) -> Notation:
    """Tell the notation of the tags.

    Tags are entity tags if most of those beside the outside tag have a letter of a scheme and a label; of all
    schemes, the one that the fewest steps contradict is taken, of equals the first in `ALPHABETS`. Tags
    without letters are labels beside an outside tag `O`, or else plain.

    Args:
        evidence: of the whole train split.
        scheme: a key of `ALPHABETS` or an alias, or "auto".
        outside: the outside tag; None: it is recognised.

    Raises:
        UnknownNotation: it cannot be told.
        ValueError: no scheme has the name.
    """
    named = None if scheme.lower() == "auto" else alphabet_named(scheme)
    if named == "PLAIN" or not evidence.tags:
        return notation_of_scheme(named or "BIO")
    spellings = (outside,) if outside is not None else _outside_of(evidence.tags)
    marked = Counter({tag: count for tag, count in evidence.tags.items() if tag not in spellings})
    if named == "IO":
        return Notation("IO", side="none", outside=spellings or (OUTSIDE,))
    form, share = _best_form(marked, outside=spellings or (OUTSIDE,))
    if not spellings and named is None:
        _refuse_other_outside(evidence.tags)
    if share >= 0.5:
        return replace(form, alphabet=named or _best_alphabet(evidence, form))
    if named is not None or (not marked and folded(spellings[0]).upper() == OUTSIDE):
        # Reading reports each tag that does not fit; of outside tags alone, that there is no entity.
        return replace(form, alphabet=named or "BIO", side="prefix", join="-", exact=True)
    return _without_letters(evidence.tags, spellings, marked, share)


_WITH_LETTERS = tuple(name for name in ALPHABETS if name not in ("IO", "PLAIN"))


def _best_alphabet(evidence: Evidence, form: Notation) -> str:
    counts = {name: contradictions(evidence, replace(form, alphabet=name)) for name in _WITH_LETTERS}
    return min(counts, key=counts.__getitem__)


def contradictions(evidence: Evidence, notation: Notation) -> int:
    """Count the steps seen that a notation does not allow."""
    total = 0
    scheme = notation.scheme
    canonical = {tag: split_tag(notation.canonical([tag])[0]) for tag in evidence.tags}
    canonical = {tag: parts if parts[0] in scheme.prefixes else ("?", "") for tag, parts in canonical.items()}
    for (before, here), count in evidence.steps.items():
        first = canonical[before] if before is not None else (OUTSIDE, "")
        second = canonical[here] if here is not None else (OUTSIDE, "")
        if first[0] == "?" == second[0] or not scheme.allows(first[0], second[0], first[1] == second[1]):
            total += count
    return total


def _outside_of(tags: Mapping[str, int]) -> tuple[str, ...]:
    """Find the spellings of the outside tag: all that look like `O`, or else the most frequent other name."""
    like_o = sorted(
        (tag for tag in tags if folded(tag) in ("O", "o")), key=lambda tag: (tag != "O", -tags[tag])
    )
    if like_o:
        return tuple(like_o)
    names = [tag for tag in tags if folded(tag).lower() in _OUTSIDE_NAMES]
    return (max(names, key=tags.__getitem__),) if names else ()


def _best_form(marked: Mapping[str, int], outside: tuple[str, ...]) -> tuple[Notation, float]:
    """Find side, join and case that most of the marked tokens have, and their share; simple forms first."""
    total = sum(marked.values())
    best, best_share = Notation("BIO", outside=outside), 0.0
    for exact, join, side in product((True, False), _joins(marked), _SIDES):
        fitting = sum(
            count for tag, count in marked.items() if parts_of(tag, side, join, exact=exact) is not None
        )
        share = fitting / total if total else 0.0
        if share > best_share + 0.1:
            best = Notation("BIO", side=side, join=join, exact=exact, outside=outside)
            best_share = share
    return best, best_share


def _joins(tags: Mapping[str, int]) -> list[str]:
    """List the characters that may join letter and label: a hyphen, then the others by their frequency."""
    seen = Counter({"-": 0})
    for tag, count in tags.items():
        if len(tag) > 2:
            seen.update({one: count for one in {folded(tag)[1], folded(tag)[-2]} if not one.isalnum()})
    return sorted(seen, key=lambda one: (one != "-", -seen[one], one))


def _refuse_other_outside(tags: Mapping[str, int]) -> None:
    """Refuse entity tags without a known outside tag, where another frequent tag could be it.

    Raises:
        UnknownNotation: names that tag.
    """
    most, count = max(tags.items(), key=lambda item: item[1])
    form, _ = _best_form(tags, ())
    if parts_of(most, form.side, form.join, exact=form.exact) is not None:
        return
    rest = {tag: number for tag, number in tags.items() if tag != most}
    if count > 0.1 * sum(tags.values()) and _best_form(rest, ())[1] >= 0.9:
        raise UnknownNotation(
            f"entity tags without a known outside tag: {_listed(tags)}",
            f"name the outside tag: corpus.outside={most} if it is this one",
        )


def _without_letters(
    tags: Mapping[str, int], spellings: tuple[str, ...], marked: Counter[str], share: float
) -> Notation:
    """Tell labels beside an outside tag from plain tags.

    Raises:
        UnknownNotation: neither is certain.
    """
    total = sum(tags.values())
    _refuse_no_tagset(tags, total)
    most, count = max(tags.items(), key=lambda item: item[1])
    labels = any(tag.upper() in _ENTITY_LABELS for tag in marked)
    speech = sum(marked[tag] for tag in _PARTS_OF_SPEECH & marked.keys()) >= 0.9 * marked.total()
    if speech and most not in spellings:
        return Notation("PLAIN")
    mixed = share > 0.1
    if most in spellings and folded(most).upper() == OUTSIDE and not speech and not mixed:
        return Notation("IO", side="none", outside=spellings)
    if most in spellings or mixed or labels or (count > 0.5 * total and most not in _PARTS_OF_SPEECH):
        outside = spellings[0] if spellings else most
        raise UnknownNotation(
            f"tags that may be entity tags of an unknown form, or plain tags: {_listed(tags)}",
            f"decide by corpus.scheme and corpus.outside: scheme=IO and outside={outside} if tags are labels of "
            "entities, scheme=PLAIN if every tag is a class of its own, such as a part of speech",
        )
    return Notation("PLAIN")


def _refuse_no_tagset(tags: Mapping[str, int], total: int) -> None:
    """Refuse what is no tagset: numbers, a single tag, or nearly as many tags as words."""
    reason = ""
    words = {word for tag in tags for word in _WORD.findall(tag.lower())}
    if sum(count for tag, count in tags.items() if _NUMBER.fullmatch(tag)) > 0.5 * total:
        reason = "numbers"
    elif len(tags) == 1 and not _PARTS_OF_SPEECH & tags.keys():
        reason = "the same tag on every token"
    elif all(folded(tag) in LETTERS | {OUTSIDE} for tag in tags):
        reason = "letters without labels"
    elif any(map(_BRACKET.fullmatch, tags)):
        reason = "brackets around entities"
    elif _BEGINS & words and _INSIDES & words:
        reason = "letters written out"
    elif len(tags) > min(MOST_TAGS, max(100, 0.2 * total)):
        reason = f"{len(tags):,} different tags on {total:,} tokens"
    if reason:
        raise UnknownNotation(
            f"{reason}, as tags: {_listed(tags)}",
            "write them as letter and label, such as B-PER, I-PER"
            if reason.startswith(("letters", "brackets"))
            else "name the column of the tags (corpus.tag_column), or say corpus.scheme=PLAIN if these are the tags",
        )


def _listed(tags: Mapping[str, int]) -> str:
    parts = ", ".join(f"{tag[:30]!r} ({count:,})" for tag, count in Counter(tags).most_common(_LISTED))
    more = len(tags) - _LISTED
    return f"{parts} and {more} more" if more > 0 else parts
