"""How a corpus writes its tags: letters, their side, what joins them to the label, and the outside tag.

Everything behind the reader has tags in one form: `O`, or a prefix of a scheme, a hyphen and a label. A
notation reads `PER_b`, `M-PER`, `PER` or `None` as such tags, and writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from tagging.schemes import Parsed, Repair, UnknownTag, parse, tags_of
from tagging.spans import Span
from tagging.tables import BIOES, IOB1, OUTSIDE, PLAIN, SCHEMES, Scheme, join_tag, split_tag

Side = Literal["prefix", "suffix", "none"]


class Alphabet(NamedTuple):
    """A scheme with the letters that it is written in: those that differ from the scheme's, by the scheme's."""

    scheme: Scheme
    letters: Mapping[str, str] = {}


# In the order of preference if several fit the same tags. In IO a tag is the label alone, and adjacent tokens
# of a label are one entity: IOB1 that never writes B.
ALPHABETS: dict[str, Alphabet] = {
    **{name: Alphabet(scheme) for name, scheme in SCHEMES.items() if scheme is not PLAIN},
    "BMES": Alphabet(BIOES, {"I": "M"}),
    "BMEW": Alphabet(BIOES, {"I": "M", "S": "W"}),
    "IO": Alphabet(IOB1),
    "PLAIN": Alphabet(PLAIN),
}
LETTERS = frozenset("BIMELSUW")
_ALIASES = {"BMESO": "BMES", "BMEWO": "BMEW", "IOBES": "BIOES", "IOB2": "BIO", "BIOUL": "BILOU"}

# Characters that look like others, one for one: dashes, and Cyrillic, Greek and full-width letters.
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_LOOK_ALIKES = str.maketrans(
    _DASHES + "\uff3f\uff1a" + "ВЕІМЅОоΒΕΙΜΟο" + "".join(chr(ord(letter) + 0xFEE0) for letter in "BIMELSUWO"),
    "-" * len(_DASHES) + "_:" + "BEIMSOoBEIMOo" + "BIMELSUWO",
)


def folded(tag: str) -> str:
    """Replace characters that look like those of usual tags; the length stays."""
    return tag if tag.isascii() else tag.translate(_LOOK_ALIKES)


def alphabet_named(name: str) -> str:
    """Return the key in `ALPHABETS` of a name in upper or lower case, also of an alias.

    Raises:
        ValueError: there is none.
    """
    upper = name.upper()
    upper = _ALIASES.get(upper, upper)
    if upper not in ALPHABETS:
        raise ValueError(f"unknown tag scheme {name!r}; expected one of {', '.join((*ALPHABETS, *_ALIASES))}")
    return upper


@dataclass(frozen=True)
class Notation:
    """A way to write tags; the defaults are those of the scheme's own tags.

    Attributes:
        alphabet: a key of `ALPHABETS`.
        side: where the letter stands: before the label, after it, or nowhere.
        join: the character between them.
        exact: whether letter and join are exactly these; else the letter may be of either case, and characters
            that look like them are accepted.
        outside: the spellings of the outside tag; the first is the one written.
    """

    alphabet: str
    side: Side = "prefix"
    join: str = "-"
    exact: bool = True
    outside: tuple[str, ...] = (OUTSIDE,)

    @cached_property
    def scheme(self) -> Scheme:
        """The scheme of the tags as they are read."""
        return ALPHABETS[self.alphabet].scheme

    @property
    def is_plain(self) -> bool:
        """Whether the tags mark no entities."""
        return self.scheme.is_plain

    @cached_property
    def _as_is(self) -> bool:
        return self == Notation(self.scheme.name) or self.is_plain

    @cached_property
    def _read(self) -> _Readings:
        return _Readings(self)

    def canonical(self, tags: Sequence[str]) -> Sequence[str]:
        """Rewrite tags as the scheme's own; one that is not of this notation becomes no tag of any scheme."""
        return tags if self._as_is else [self._read[tag] for tag in tags]

    def written(self, tag: str) -> str:
        """Write a tag of the scheme in this notation."""
        if self._as_is:
            return tag
        letter, label = split_tag(tag)
        if not label:
            return self.outside[0]
        letter = ALPHABETS[self.alphabet].letters.get(letter, letter)
        if self.side == "none":
            return label
        return f"{letter}{self.join}{label}" if self.side == "prefix" else f"{label}{self.join}{letter}"

    def parse(self, tags: Sequence[str]) -> Parsed:
        """Read entities leniently, as `tagging.schemes.parse`; repairs are in tags of this notation.

        Raises:
            UnknownTag: a tag that is not of this notation.
            ValueError: the tags are plain.
        """
        if self._as_is:
            return parse(tags, self.scheme)
        try:
            parsed = parse(self.canonical(tags), self.scheme)
        except UnknownTag as error:
            raise UnknownTag(error.index, tags[error.index], self.scheme) from None
        repairs = [Repair(index, tags[index], self.written(became)) for index, _, became in parsed.repairs]
        return Parsed(parsed.spans, repairs)

    def tags_of(self, spans: Sequence[Span], length: int) -> list[str]:
        """Write entities as tags of a sentence of `length` tokens; errors as of `tagging.schemes.tags_of`."""
        return [self.written(tag) for tag in tags_of(spans, length, self.scheme)]

    @property
    def expected(self) -> str:
        """What a tag looks like, for messages."""
        outside = " or ".join(self.outside)
        if self.side == "none":
            return f"{outside}, or a label ({self})"
        letters = sorted(
            ALPHABETS[self.alphabet].letters.get(one, one) for one in self.scheme.prefixes - {OUTSIDE}
        )
        join = "a hyphen" if self.join == "-" else repr(self.join)
        order = f"with {join} and a label" if self.side == "prefix" else f"after a label and {join}"
        return f"{outside}, or one of {', '.join(letters)} {order} ({self})"

    def __str__(self) -> str:
        return ", ".join(self._differences())

    def _differences(self) -> Iterator[str]:
        yield self.alphabet
        if self.is_plain:
            return
        if self.side == "none":
            yield "labels without a prefix, adjacent tokens of a label are one entity"
        elif self.side == "suffix":
            yield "suffix form"
        if self.join != "-" and self.side != "none":
            yield f"joined by {self.join}"
        if not self.exact:
            yield "letters in either case, look-alikes accepted"
        if self.outside != (OUTSIDE,):
            yield f"outside written {' or '.join(self.outside)}"


class Parts(NamedTuple):
    """The letter, in upper case, and the label of a tag."""

    letter: str
    label: str


def parts_of(tag: str, side: Side, join: str, *, exact: bool) -> Parts | None:
    """Split a tag with a letter on one side; None if it is not of this form (see `Notation.exact`)."""
    plain = tag if exact else folded(tag)
    if len(tag) < 3 or plain[1 if side == "prefix" else -2] != join:
        return None
    letter = plain[0] if side == "prefix" else plain[-1]
    letter = letter if exact else letter.upper()
    if letter not in LETTERS:
        return None
    return Parts(letter, tag[2:] if side == "prefix" else tag[:-2])


class _Readings(dict[str, str]):
    """The scheme's own tag of each written one, computed on first use."""

    def __init__(self, notation: Notation) -> None:
        super().__init__()
        self._notation = notation
        self._letters = {there: here for here, there in ALPHABETS[notation.alphabet].letters.items()}

    def __missing__(self, tag: str) -> str:
        self[tag] = self._of(tag)
        return self[tag]

    def _of(self, tag: str) -> str:
        notation = self._notation
        if tag in notation.outside:
            return OUTSIDE
        if notation.side == "none":
            return join_tag("I", tag)
        parts = parts_of(tag, notation.side, notation.join, exact=notation.exact)
        # A letter that is written otherwise in this alphabet is not one of its letters.
        if parts is None or parts.letter in ALPHABETS[notation.alphabet].letters:
            return f"?{tag}"
        return join_tag(self._letters.get(parts.letter, parts.letter), parts.label)


def notation_of_scheme(name: str) -> Notation:
    """Return the notation of a scheme's own tags; of IO, labels alone.

    Raises:
        ValueError: no scheme has the name.
    """
    key = alphabet_named(name)
    return Notation(key, side="none") if key == "IO" else Notation(key)
