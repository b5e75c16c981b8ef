"""Mention replacement, compared with `tagging.schemes.parse` on lists of tags."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings

from tagging.schemes import BILOU, BIO, BIOES, IOB1, PLAIN, Scheme, parse, tags_of
from tagging.spans import Span
from trainer.input_pipeline import batches as inputs
from trainer.input_pipeline.batches import Batch
from trainer.input_pipeline.mention_replacement import Mentions, movable

Sentence = tuple[list[str], list[str]]


@st.composite
def sentences(draw: st.DrawFn, scheme: Scheme) -> Sentence:
    """Of pieces that are outside, or an entity; its tokens say which, so that none is like another's."""
    pieces = draw(st.lists(st.tuples(st.sampled_from(["", "PER", "LOC"]), st.integers(1, 3)), max_size=5))
    tokens: list[str] = []
    spans = []
    for label, size in pieces:
        if label:
            spans.append(Span(len(tokens), len(tokens) + size, label))
        tokens += [f"{label or 'out'}{draw(st.integers(0, 9))}" for _ in range(size)]
    return tokens, tags_of(spans, len(tokens), scheme)


@st.composite
def corpora(draw: st.DrawFn) -> tuple[Scheme, list[Sentence]]:
    scheme = draw(st.sampled_from([BIO, BIOES, BILOU]))
    return scheme, draw(st.lists(sentences(scheme), min_size=1, max_size=6))


def _dataset(corpus: list[Sentence], tags: list[str]) -> tf.data.Dataset:
    def numbers(values: list[int]) -> tf.Tensor:
        return tf.constant(values, tf.int64)

    rows = [
        Batch(
            tokens=tf.constant(tokens, tf.string),
            tags=tf.constant(of_tokens, tf.string),
            # Any function of the token will do: what must stay together is seen to stay together.
            words=numbers([_word(token) for token in tokens]),
            cases=numbers([len(token) for token in tokens]),
            labels=numbers([tags.index(tag) if tag in tags else -1 for tag in of_tokens]),
            lengths=tf.constant(len(tokens)),
        )
        for tokens, of_tokens in corpus
    ]
    kinds = (tf.string, tf.string, tf.int64, tf.int64, tf.int64)
    signature = Batch(*(tf.TensorSpec([None], kind) for kind in kinds), tf.TensorSpec([], tf.int32))
    return tf.data.Dataset.from_generator(lambda: iter(rows), output_signature=signature)


def _word(token: str) -> int:
    return sum(token.encode()) + 2


def _tags(corpus: list[Sentence]) -> list[str]:
    return sorted({tag for _, tags in corpus for tag in tags} | {"O"})


def _replaced(scheme: Scheme, corpus: list[Sentence], *, share: float, seed: int = 1) -> Batch:
    tags = _tags(corpus)
    dataset = _dataset(corpus, tags)
    mentions = Mentions(dataset, tags=tags, scheme=scheme, share=share)
    (batch,) = dataset.padded_batch(len(corpus))
    return mentions.replaced(batch, tf.constant([seed, 2], tf.int64)) if mentions.count else batch


def _rows(batch: Batch) -> list[Sentence]:
    return [
        ([token.decode() for token in tokens[:length]], [tag.decode() for tag in tags[:length]])
        for tokens, tags, length in zip(
            batch.tokens.numpy(), batch.tags.numpy(), batch.lengths.numpy(), strict=True
        )
    ]


def _pieces(sentence: Sentence, scheme: Scheme) -> list[tuple[str, tuple[str, ...]]]:
    """Its entities as (label, tokens), and each token outside as ("", token)."""
    tokens, tags = sentence
    spans = {span.start: span for span in parse(tags, scheme).spans}
    found, place = [], 0
    while place < len(tokens):
        span = spans.get(place, Span(place, place + 1, ""))
        found.append((span.label, tuple(tokens[span.start : span.end])))
        place = span.end
    return found


@settings(deadline=None, max_examples=15)
@given(corpora(), st.integers(0, 1000), st.sampled_from([0.5, 1.0]))
def test_a_mention_gives_way_to_one_of_its_label_and_nothing_else_moves(
    given_corpus: tuple[Scheme, list[Sentence]], seed: int, share: float
) -> None:
    scheme, corpus = given_corpus
    known = {piece for sentence in corpus for piece in _pieces(sentence, scheme)}
    batch = _replaced(scheme, corpus, share=share, seed=seed)
    for before, after in zip(corpus, _rows(batch), strict=True):
        pairs = list(zip(_pieces(before, scheme), _pieces(after, scheme), strict=True))
        assert not parse(after[1], scheme).repairs
        for (label, tokens), (new_label, new_tokens) in pairs:
            assert new_label == label
            assert (label, new_tokens) in known
            assert label or new_tokens == tokens


@settings(deadline=None, max_examples=8)
@given(corpora(), st.integers(0, 1000))
def test_what_belongs_to_a_token_goes_with_it(given_corpus: tuple[Scheme, list[Sentence]], seed: int) -> None:
    scheme, corpus = given_corpus
    tags = _tags(corpus)
    batch = _replaced(scheme, corpus, share=1.0, seed=seed)
    for row, (tokens, of_tokens) in enumerate(_rows(batch)):
        expected = Batch(
            tokens=tokens,
            tags=of_tokens,
            words=[_word(token) for token in tokens],
            cases=[len(token) for token in tokens],
            labels=[tags.index(tag) for tag in of_tokens],
            lengths=len(tokens),
        )
        for field in ("words", "cases", "labels"):
            found = getattr(batch, field).numpy()[row]
            assert found[: len(tokens)].tolist() == getattr(expected, field)
            assert not found[len(tokens) :].any()


def test_no_share_changes_nothing() -> None:
    corpus = [(["Anna", "met", "Bo"], ["B-PER", "O", "B-PER"]), (["Rome"], ["B-LOC"])]
    assert _rows(_replaced(BIO, corpus, share=0.0)) == corpus


def test_others_are_drawn_as_often_as_the_split_has_them() -> None:
    corpus = [([name], ["B-PER"]) for name in ["Anna"] * 300 + ["Bo"] * 100]
    drawn = [tokens[0] for tokens, _ in _rows(_replaced(BIO, corpus, share=1.0))]
    # Three standard deviations of 400 draws at 3/4 are 0.065.
    assert drawn.count("Anna") / 400 == pytest.approx(0.75, abs=0.065)
    assert set(drawn) == {"Anna", "Bo"}


def test_the_share_is_that_of_mentions() -> None:
    corpus = [([f"n{number}"], ["B-PER"]) for number in range(400)]
    after = _rows(_replaced(BIO, corpus, share=0.3))
    changed = np.mean([before != now for before, now in zip(corpus, after, strict=True)])
    assert changed == pytest.approx(0.3, abs=0.07)


def test_a_tag_unknown_to_the_vocabulary_stays_where_it_is() -> None:
    corpus = [(["Anna", "x", "Bo"], ["B-PER", "B-NEW", "B-PER"]), (["Cy"], ["B-PER"])]
    dataset = _dataset(corpus, ["B-PER", "O"])
    mentions = Mentions(dataset, tags=["B-PER", "O"], scheme=BIO, share=1.0)
    (batch,) = dataset.padded_batch(2)
    for seed in range(9):
        rows = _rows(mentions.replaced(batch, tf.constant([seed, 0], tf.int64)))
        assert (rows[0][0][1], rows[0][1][1]) == ("x", "B-NEW")


def test_an_epoch_is_drawn_by_its_number_and_has_as_many_batches() -> None:
    corpus = [([f"n{number}", "of", "n9"], ["B-PER", "I-PER", "I-PER"]) for number in range(4)]
    corpus += [([f"p{number}"], ["B-PER"]) for number in range(5)]
    tags = ["B-PER", "I-PER", "O"]
    dataset = _dataset(corpus, tags)
    mentions = Mentions(dataset, tags=tags, scheme=BIO, share=0.5)

    def epoch(number: int) -> list[list[Sentence]]:
        batches = inputs.training_batches(
            dataset,
            epochs=range(number, number + 1),
            batch_size=2,
            buffer_size=20,
            seed=3,
            change=mentions.replaced,
        )
        return [_rows(batch) for batch in batches]

    assert epoch(1) == epoch(1)
    assert sorted(map(str, epoch(1))) != sorted(map(str, epoch(2)))
    assert len(epoch(1)) == inputs.count(dataset, batch_size=2).batches


def test_which_schemes_have_movable_mentions() -> None:
    assert [movable(scheme) for scheme in (BIO, BIOES, BILOU, IOB1, PLAIN)] == [
        True,
        True,
        True,
        False,
        False,
    ]
