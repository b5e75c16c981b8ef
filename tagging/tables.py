"""The tag schemes, each a table, and how a tag is composed of prefix and label.

A scheme is data: three sets of steps, and the prefixes of an entity's tags. A step is (prefix before, prefix
here, whether both tags have the same label). Code that reads or writes tags uses these tables and names no
scheme. A new scheme is one more table in `SCHEMES`; another way to compose tags concerns `split_tag` and
`join_tag` alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

OUTSIDE = "O"

Step = tuple[str, str, bool]


@dataclass(frozen=True)
class Scheme:
    """A way to write entities as tags.

    Attributes:
        name: its name in settings and reports.
        prefixes: its prefixes, `O` included; none for plain tags.
        begins: steps at whose second tag an entity begins.
        continues: steps at whose second tag the entity of the first continues.
        ends: steps after whose first tag an entity has ended.
        first, inside, last, only: the prefixes of an entity's first, middle and last token, and of an entity
            of one token.
        touching: the first token's prefix if the entity directly follows one of the same label.
    """

    name: str
    prefixes: frozenset[str]
    begins: frozenset[Step] = field(repr=False)
    continues: frozenset[Step] = field(repr=False)
    ends: frozenset[Step] = field(repr=False)
    first: str = field(default="", repr=False)
    inside: str = field(default="", repr=False)
    last: str = field(default="", repr=False)
    only: str = field(default="", repr=False)
    touching: str | None = field(default=None, repr=False)

    @property
    def is_plain(self) -> bool:
        """Whether tags are labels without prefixes (such as parts of speech) and mark no entities."""
        return not self.prefixes

    def allows(self, before: str, here: str, same: bool) -> bool:
        """Whether a legal sequence may have this step."""
        step = (before, here, same)
        if step in self.continues:
            return True
        closed = before == OUTSIDE or step in self.ends
        return closed and (here == OUTSIDE or step in self.begins)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        # Schemes are compared with `is`, also after pickling.
        return scheme_named, (self.name,)


def _steps(prefixes: str, *patterns: str) -> frozenset[Step]:
    """Parse patterns: `B>I=` the same label on both, `B>I!` different labels, `B>I` either; `*` any prefix."""
    steps: set[Step] = set()
    for pattern in patterns:
        before, here = pattern.rstrip("=!").split(">")
        sames = {"=": (True,), "!": (False,)}.get(pattern[-1], (True, False))
        for left in prefixes if before == "*" else before:
            for right in prefixes if here == "*" else here:
                steps.update((left, right, same) for same in sames)
    return frozenset(steps)


def _bracketing(name: str, last: str, only: str) -> Scheme:
    """Make a scheme that marks both ends of an entity; such schemes differ in two letters only."""
    prefixes = f"BI{last}{only}{OUTSIDE}"
    return Scheme(
        name=name,
        prefixes=frozenset(prefixes),
        begins=_steps(prefixes, "*>B", f"*>{only}"),
        continues=_steps(prefixes, f"BI>I{last}="),
        ends=_steps(prefixes, f"{last}{only}>*"),
        first="B",
        inside="I",
        last=last,
        only=only,
    )


BIO = Scheme(
    name="BIO",
    prefixes=frozenset("BIO"),
    begins=_steps("BIO", "*>B"),
    continues=_steps("BIO", "BI>I="),
    ends=_steps("BIO", "BI>BO", "BI>I!"),
    first="B",
    inside="I",
    last="I",
    only="B",
)

# B only if an entity directly follows one of the same label: any other step to B begins no entity.
IOB1 = Scheme(
    name="IOB1",
    prefixes=frozenset("BIO"),
    begins=_steps("BIO", "O>I", "I>I!", "B>I", "BI>B="),
    continues=_steps("BIO", "BI>I="),
    ends=_steps("BIO", "BI>O", "BI>I!", "I>B", "B>B="),
    first="I",
    inside="I",
    last="I",
    only="I",
    touching="B",
)

# E at the last token of every entity, so a single token is E.
IOE2 = Scheme(
    name="IOE2",
    prefixes=frozenset("IEO"),
    begins=_steps("IEO", "OE>IE"),
    continues=_steps("IEO", "I>IE="),
    ends=_steps("IEO", "E>*"),
    first="I",
    inside="I",
    last="E",
    only="E",
)

BIOES = _bracketing("BIOES", last="E", only="S")
BILOU = _bracketing("BILOU", last="L", only="U")

PLAIN = Scheme("PLAIN", frozenset(), frozenset(), frozenset(), frozenset())

# In the order of preference if several fit the same evidence.
SCHEMES: dict[str, Scheme] = {scheme.name: scheme for scheme in (BIO, BIOES, BILOU, IOB1, IOE2, PLAIN)}

_ALIASES = {"IOB2": "BIO", "IOBES": "BIOES", "BIOUL": "BILOU"}


def scheme_named(name: str) -> Scheme:
    """Return the scheme of that name, in upper or lower case; `IOB2` is `BIO`, `IOBES` is `BIOES`.

    Raises:
        ValueError: no scheme has the name.
    """
    upper = name.upper()
    try:
        return SCHEMES[_ALIASES.get(upper, upper)]
    except KeyError:
        names = ", ".join([*SCHEMES, *_ALIASES])
        raise ValueError(f"unknown tag scheme {name!r}; expected one of {names}") from None


def split_tag(tag: str) -> tuple[str, str]:
    """Split a tag at its first hyphen: `B-creative-work` is `("B", "creative-work")`, `O` is `("O", "")`."""
    prefix, _, label = tag.partition("-")
    return prefix, label


def join_tag(prefix: str, label: str) -> str:
    """Compose a tag, the inverse of `split_tag`."""
    return f"{prefix}-{label}" if label else prefix
