"""The hash split: stable, in proportion to its shares, and dependent on the sentence alone."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.options import Shares
from corpus.splits.by_hash import split_of, text_key


def test_keys_are_the_same_in_every_version() -> None:
    # Written down once: another value would move every corpus's sentences to other splits.
    assert text_key(("Ann", "sings")) == 0xB59206601AA9E754  # printf "Ann sings" | b2sum -l 64
    assert split_of(text_key(("Ann", "sings")), Shares()) == "train"


def test_splits_have_their_shares() -> None:
    counts = Counter(
        split_of(text_key((str(number),)), Shares(train=8, dev=1, test=1)) for number in range(20000)
    )
    assert abs(counts["dev"] - 2000) < 200
    assert abs(counts["test"] - 2000) < 200


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.text("ab\u00e9", min_size=1, max_size=3), min_size=1, max_size=4), max_size=20),
    st.randoms(),
)
def test_a_sentence_stays_whatever_the_others_are(sentences: list[list[str]], chance: random.Random) -> None:
    def placed(order: list[list[str]]) -> dict[tuple[str, ...], str]:
        return {tuple(tokens): split_of(text_key(tokens), Shares()) for tokens in order}

    shuffled = list(sentences)
    chance.shuffle(shuffled)
    alone = {key: value for tokens in sentences for key, value in placed([tokens]).items()}
    assert placed(sentences) == placed(shuffled) == alone


def test_a_share_of_zero_gets_no_sentence() -> None:
    shares = Shares(train=1, dev=1, test=0)
    assert {split_of(text_key((str(n),)), shares) for n in range(200)} == {"train", "dev"}
    assert split_of(0, shares) == "dev"
    assert split_of(2**64 - 1, shares) == "train"


def test_a_larger_dev_moves_sentences_from_train_only() -> None:
    before, after = Shares(train=8, dev=1, test=1), Shares(train=7, dev=2, test=1)
    for number in range(2000):
        key = text_key((str(number),))
        moved = (split_of(key, before), split_of(key, after))
        assert moved[0] == moved[1] or moved == ("train", "dev")
