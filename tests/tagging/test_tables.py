"""The tables against those of seqeval, their names, and pickling."""

from __future__ import annotations

import itertools
import pickle

import pytest
from seqeval import scheme as seqeval

from tagging.tables import BILOU, BIO, BIOES, IOB1, PLAIN, SCHEMES, Scheme, Step, scheme_named

# Not IOE2: seqeval also lets an entity end without its E.
ORACLES = [
    (BIO, seqeval.IOB2),
    (IOB1, seqeval.IOB1),
    (BIOES, seqeval.IOBES),
    (BILOU, seqeval.BILOU),
]


@pytest.mark.parametrize(("scheme", "oracle"), ORACLES, ids=[scheme.name for scheme, _ in ORACLES])
def test_steps_are_those_of_seqeval(scheme: Scheme, oracle: type[seqeval.Token]) -> None:
    for before, here, same in itertools.product(scheme.prefixes, scheme.prefixes, (True, False)):
        if same and (before == "O") != (here == "O"):
            continue  # an outside tag and an inside one never carry the same label
        left, right = oracle(f"{before}-X"), oracle(f"{here}-{'X' if same else 'Y'}")
        step: Step = (before, here, same)
        assert (step in scheme.begins) == right.is_start(left), step
        assert (step in scheme.continues) == right.is_inside(left), step
        assert (step in scheme.ends) == right.is_end(left), step


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("bio", BIO), ("IOB2", BIO), ("iobes", BIOES), ("Bilou", BILOU), ("IOB1", IOB1), ("plain", PLAIN)],
)
def test_schemes_are_found_by_name_in_any_case(name: str, scheme: Scheme) -> None:
    assert scheme_named(name) is scheme


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match="'BMEWO'; expected one of BIO, BIOES, BILOU, IOB1, IOE2, PLAIN, IOB2"
    ):
        scheme_named("BMEWO")


def test_only_plain_is_plain() -> None:
    assert [name for name, scheme in SCHEMES.items() if scheme.is_plain] == ["PLAIN"]


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_a_scheme_is_the_same_one_after_pickling(scheme: Scheme) -> None:
    assert pickle.loads(pickle.dumps(scheme)) is scheme
