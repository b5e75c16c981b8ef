"""The committed corpus: its contents, and that its seed generates it byte for byte."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from sample import names
from sample.generate import CORPUS, LONGEST, main, splits
from sample.names import Pool
from sample.rules import DOMAINS
from tagging.schemes import BIO, parse
from tagging.tokenizer import tokenize

SPLITS = ["train", "dev", "test"]
TYPES = {"PER", "LOC", "ORG", "MISC"}
Sentence = tuple[str, list[str], list[str]]


def read(split: str) -> list[Sentence]:
    """Domain, tokens and tags of each sentence."""
    sentences = []
    for block in (CORPUS / f"{split}.conll").read_text(encoding="utf-8").split("\n\n"):
        if block:
            comment, *lines = block.split("\n")
            columns = [line.split("\t") for line in lines]
            sentences.append(
                (
                    comment.removeprefix("# domain = "),
                    [token for token, _ in columns],
                    [tag for _, tag in columns],
                )
            )
    return sentences


@pytest.fixture(scope="module")
def corpus() -> dict[str, list[Sentence]]:
    return {split: read(split) for split in SPLITS}


def test_the_committed_seed_gives_the_committed_files(tmp_path: Path) -> None:
    main(["--output", str(tmp_path)])
    for split in SPLITS:
        assert (tmp_path / f"{split}.conll").read_bytes() == (CORPUS / f"{split}.conll").read_bytes(), split


def test_another_seed_gives_another_corpus_of_the_requested_size(tmp_path: Path) -> None:
    main(["--output", str(tmp_path / "one"), "--seed", "1", "--sentences", "50"])
    main(["--output", str(tmp_path / "two"), "--seed", "2", "--sentences", "50"])
    one, two = ((tmp_path / name / "train.conll").read_text() for name in ("one", "two"))
    assert one != two
    assert one.count("# domain = ") == 40


def test_the_files_are_small() -> None:
    assert sum(path.stat().st_size for path in CORPUS.iterdir()) < 2_000_000


def test_every_split_has_every_type_and_every_domain(corpus: dict[str, list[Sentence]]) -> None:
    assert {split: len(sentences) for split, sentences in corpus.items()} == {
        "train": 2400,
        "dev": 300,
        "test": 300,
    }
    for sentences in corpus.values():
        types = Counter(span.label for _, _, tags in sentences for span in parse(tags, BIO).spans)
        assert set(types) == TYPES
        assert min(types.values()) > 0.05 * types.total()
        assert {domain for domain, _, _ in sentences} == set(DOMAINS)


def test_tags_need_no_repairs(corpus: dict[str, list[Sentence]]) -> None:
    assert not any(parse(tags, BIO).repairs for sentences in corpus.values() for _, _, tags in sentences)


def test_sentences_have_1_to_60_tokens(corpus: dict[str, list[Sentence]]) -> None:
    lengths = [len(tokens) for sentences in corpus.values() for _, tokens, _ in sentences]
    assert min(lengths) == 1
    assert 50 < max(lengths) <= LONGEST == 60


def test_no_sentence_occurs_twice(corpus: dict[str, list[Sentence]]) -> None:
    keys = [
        tuple(token.lower() for token in tokens)
        for sentences in corpus.values()
        for _, tokens, _ in sentences
    ]
    assert len(keys) == len(set(keys))


def test_held_out_names_are_in_test_and_not_in_train(corpus: dict[str, list[Sentence]]) -> None:
    pools = [pool for pool in vars(names).values() if isinstance(pool, Pool)]
    words = {word.lower() for pool in pools for name in pool.held_out for word in name.split()}
    assert words == names.HELD_OUT_WORDS
    train, test = (
        {token.lower() for _, tokens, _ in corpus[split] for token in tokens} for split in ("train", "test")
    )
    assert words & train == set()
    assert len(words & test) > len(words) / 3


def test_many_entities_in_test_are_unseen(corpus: dict[str, list[Sentence]]) -> None:
    def entities(split: str) -> list[tuple[str, ...]]:
        return [
            tuple(token.lower() for token in tokens[span.start : span.end])
            for _, tokens, tags in corpus[split]
            for span in parse(tags, BIO).spans
        ]

    known = set(entities("train"))
    unseen = [entity not in known for entity in entities("test")]
    assert 0.3 < sum(unseen) / len(unseen) < 0.8


def test_the_same_word_has_several_roles_in_train(corpus: dict[str, list[Sentence]]) -> None:
    roles: dict[str, set[str]] = {}
    for _, tokens, tags in corpus["train"]:
        for token, tag in zip(tokens, tags, strict=True):
            roles.setdefault(token, set()).add(tag.partition("-")[2])
    for word in ("Washington", "Jordan", "Paris", "Chelsea", "Lincoln", "Victoria"):
        assert {"PER", "LOC", "ORG"} <= roles[word], word
    for word in ("May", "Will", "Orange"):
        assert len(roles[word]) >= 2, word
        assert "" in roles[word], word


def test_tokens_are_those_of_the_project_tokenizer() -> None:
    corpus = splits(seed=3, sentences=200)
    for line in (line for lines in corpus.values() for line in lines):
        assert line.tokens == tuple(token.text for token in tokenize(line.text))


def test_most_sentences_can_be_tokenized_from_their_joined_tokens(corpus: dict[str, list[Sentence]]) -> None:
    # A clitic needs the word before it: "John 's" with a space is an apostrophe and a word.
    for _, tokens, _ in corpus["train"]:
        if not any(token[0] == "'" for token in tokens):
            assert [token.text for token in tokenize(" ".join(tokens))] == tokens


def test_no_wording_dominates(corpus: dict[str, list[Sentence]]) -> None:
    # A sentence's small words, without names and numbers, identify its rule.
    wordings = Counter(
        " ".join(
            token
            for token, tag in zip(tokens, tags, strict=True)
            if tag == "O" and token.islower() and token.isalpha()
        )
        for _, tokens, tags in corpus["train"]
    )
    del wordings[""]
    assert wordings.most_common(1)[0][1] < 0.02 * len(corpus["train"])


def test_the_global_random_state_does_not_change() -> None:
    random.seed(5)
    state = random.getstate()
    splits(seed=1, sentences=20)
    assert random.getstate() == state
