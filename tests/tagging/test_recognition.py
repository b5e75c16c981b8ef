"""Recognising the notation of a corpus from its tags."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagging.evidence import MOST_TAGS, Evidence
from tagging.notation import ALPHABETS, Notation, Side
from tagging.recognition import UnknownNotation, recognise
from tagging.schemes import tags_of
from tagging.spans import Span
from tagging.tables import BILOU, BIO, BIOES, IOB1, IOE2, Scheme


def evidence_of(*sentences: str) -> Evidence:
    evidence = Evidence()
    for sentence in sentences:
        evidence.add(sentence.split(" ") if sentence else [])
    return evidence


def read(*sentences: str, scheme: str = "auto", outside: str | None = None) -> str:
    return str(recognise(evidence_of(*sentences), scheme=scheme, outside=outside))


@pytest.mark.parametrize(
    ("sentences", "notation"),
    [
        (["O B-PER I-PER O"], "BIO"),
        (["O B-PER O", "B-LOC"], "BIO"),
        (["O I-PER I-PER O"], "IOB1"),
        (["I-PER B-PER O", "I-LOC"], "IOB1"),
        (["O S-PER O"], "BIOES"),
        (["B-PER E-PER O"], "BIOES"),
        (["U-PER O", "B-PER L-PER"], "BILOU"),
        (["B-PER M-PER E-PER O", "S-PER"], "BMES"),
        (["B-PER M-PER E-PER O", "W-PER"], "BMEW"),
        (["I-PER E-PER O", "E-PER O"], "IOE2"),
        (["O b-per i-per O"], "BIO, letters in either case, look-alikes accepted"),
        (["O B\u2013PER I\u2013PER O"], "BIO, letters in either case, look-alikes accepted"),
        (["O PER-B PER-I O"], "BIO, suffix form"),
        (["O B_PER I_PER O"], "BIO, joined by _"),
        (["O B:PER I:PER O"], "BIO, joined by :"),
        (["O B#PER I#PER O"], "BIO, joined by #"),
        (
            ["O O start_date start_date O end_date O"],
            "IO, labels without a prefix, adjacent tokens of a label are one entity",
        ),
        (["O PER_B PER_M PER_E O PER_S"], "BMES, suffix form, joined by _"),
        (["None B-PER I-PER None"], "BIO, outside written None"),
        (["- B-PER I-PER -"], "BIO, outside written -"),
        (["_ B-PER I-PER _"], "BIO, outside written _"),
        (["o B-PER I-PER o"], "BIO, outside written o"),
        (["O B-PER I-PER \u041e"], "BIO, outside written O or \u041e"),
        (
            ["O O PERSON PERSON O GPE O"],
            "IO, labels without a prefix, adjacent tokens of a label are one entity",
        ),
        (["DT NN VBZ ."], "PLAIN"),
        (["NOUN X X X"], "PLAIN"),
        # The O of Twitter's tagset is a pronoun.
        (["N V P O ^ N V N , N"], "PLAIN"),
        (["O O", "O"], "BIO"),
        ([], "BIO"),
        ([""], "BIO"),
    ],
)
def test_the_notation_is_recognised(sentences: list[str], notation: str) -> None:
    found = read(*[sentence for sentence in sentences if sentence])
    assert found == notation


@pytest.mark.parametrize(
    ("sentences", "found", "remedy"),
    [
        (["None PER None None LOC"], "may be entity tags", "outside=None"),
        (["XX PER XX XX LOC"], "may be entity tags", "outside=XX"),
        (["XX B-PER XX XX I-PER"], "without a known outside tag", "corpus.outside=XX"),
        (["O NN N-B VB O O"], "may be entity tags", "scheme=IO"),
        (["O NOUN O VERB"], "may be entity tags", "scheme=PLAIN"),
        (["0.9 0.8 0.9"], "numbers", "tag_column"),
        (["1 2 3"], "numbers", "tag_column"),
        (["_ _ _"], "the same tag", "tag_column"),
        (["B I I O B"], "letters without labels", "B-PER"),
        (["BEGIN-PER INSIDE-PER O O O"], "letters written out", "B-PER"),
        (["(PER* *) * (LOC)"], "brackets around entities", "B-PER"),
        (["PERSON X X X GPE"], "may be entity tags", "outside=X"),
        (["PER PER O LOC LOC"], "may be entity tags", "outside=O"),
        ([" ".join(f"word{n}" for n in range(300))], "300 different tags on 300 tokens", "tag_column"),
        ([" ".join(f"word{n}" for n in range(MOST_TAGS + 9))], "different tags", "tag_column"),
    ],
)
def test_what_cannot_be_told_stops_and_names_the_settings(
    sentences: list[str], found: str, remedy: str
) -> None:
    with pytest.raises(UnknownNotation) as caught:
        read(*sentences)
    assert found in caught.value.found
    assert remedy in caught.value.remedy


def test_settings_decide() -> None:
    assert read("None PER None", scheme="IO", outside="None").startswith("IO")
    assert read("None PER None", scheme="PLAIN") == "PLAIN"
    assert read("0.9 0.8", scheme="plain") == "PLAIN"
    assert read("XX B-PER XX", outside="XX") == "BIO, outside written XX"
    assert read("O B-PER", scheme="IOBES") == "BIOES"
    # Reading reports each tag that is not of the named scheme.
    assert read("NOUN VERB", scheme="BIO") == "BIO"


@pytest.mark.parametrize("scheme", [BIO, BIOES, BILOU, IOB1, IOE2], ids=lambda scheme: scheme.name)
def test_a_few_wrong_tags_do_not_hide_the_scheme(scheme: Scheme) -> None:
    spans = [Span(0, 2, "PER"), Span(2, 3, "PER"), Span(4, 5, "LOC"), Span(5, 8, "ORG")]
    evidence = Evidence()
    for _ in range(10):
        evidence.add(tags_of(spans, 9, scheme))
    evidence.add(["O", "I-PER", "B_PER", "I-LOC", "I-PER"])
    assert recognise(evidence) == Notation(scheme.name)


LETTERED = [name for name in ALPHABETS if name not in ("IO", "PLAIN")]


@st.composite
def corpora(draw: st.DrawFn) -> list[list[Span]]:
    """Sentences of 12 tokens, with so many entities of all lengths that no two alphabets fit."""
    fixed = [
        Span(0, 1, "ab"),
        Span(1, 4, "ab"),
        Span(4, 6, "cd"),
        Span(6, 7, "cd"),
        Span(7, 8, "e-f"),
        Span(9, 12, "e-f"),
    ]
    return [fixed, *(draw(st.lists(st.sampled_from(fixed), unique=True, max_size=4)) for _ in range(3))]


@given(
    sentences=corpora(),
    alphabet=st.sampled_from(LETTERED),
    side=st.sampled_from(["prefix", "suffix"]),
    join=st.sampled_from("-_:/|."),
    outside=st.sampled_from(["O", "o", "None", "_", "-", "\u041e"]),
)
def test_entities_survive_every_notation(
    sentences: list[list[Span]], alphabet: str, side: Side, join: str, outside: str
) -> None:
    notation = Notation(alphabet, side=side, join=join, outside=(outside,))
    written = [notation.tags_of(spans, 12) for spans in sentences]
    evidence = Evidence()
    for tags in written:
        evidence.add(tags)
    found = recognise(evidence)
    assert [found.parse(tags) for tags in written] == [(sorted(spans), []) for spans in sentences]
    assert [found.tags_of(spans, 12) for spans in sentences] == written


TAGS = st.lists(st.sampled_from(["O", "B-A", "I-A", "E-A", "S-A", "L-B", "U-B", "NN", "", "B"]), max_size=6)


@given(sentences=st.lists(TAGS, max_size=6), cut=st.integers(0, 6))
def test_merged_evidence_is_the_evidence_of_all(sentences: list[list[str]], cut: int) -> None:
    together, left, right = Evidence(), Evidence(), Evidence()
    for index, sentence in enumerate(sentences):
        together.add(sentence)
        (left if index < cut else right).add(sentence)
    merged = pickle.loads(pickle.dumps(right)).merge(left)
    assert (merged.steps, merged.tags) == (together.steps, together.tags)
