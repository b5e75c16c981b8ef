"""The exported model, called as a client calls it; the oracle is the model in memory, one sentence at a time."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tagging.schemes import BIO, BIOES, convert
from tagging.tokenizer import tokenize
from tests.trainer.conftest import SENTENCES, SMALL, split
from trainer.export import saved_model
from trainer.features import token_features
from trainer.features.inputs import Inputs
from trainer.features.vocabulary import Vocabulary
from trainer.model.bilstm_crf import BiLstmCrf


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, tiny_model: BiLstmCrf, vocabulary: Vocabulary) -> Path:
    path = tmp_path_factory.mktemp("exported")
    saved_model.export(
        tiny_model, vocabulary, BIOES, directory=str(path), n_best=SMALL.n_best, extra={"a.json": "{}"}
    )
    return path


@pytest.fixture(scope="module")
def signatures(exported: Path) -> Any:
    loaded = tf.saved_model.load(str(exported))

    def signature(name: str) -> Any:
        # `loaded` is kept alive by the closure: its functions need it.
        return lambda **inputs: {k: v.numpy() for k, v in loaded.signatures[name](**inputs).items()}

    return {name: signature(name) for name in loaded.signatures}


def _example(tokens: list[str]) -> bytes:
    value = tf.train.BytesList(value=[token.encode() for token in tokens])
    feature = {"tokens": tf.train.Feature(bytes_list=value)}
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def _inputs(vocabulary: Vocabulary, tokens: list[str]) -> Inputs:
    strings = tf.constant([tokens])
    words = vocabulary.word_table().lookup(token_features.normalise(strings))
    return Inputs(strings, words, token_features.case_ids(strings), tf.constant([len(tokens)]))


def _in_memory(model: BiLstmCrf, vocabulary: Vocabulary, tokens: list[str]) -> list[str]:
    ids = model.predict(_inputs(vocabulary, tokens))
    return convert([vocabulary.tags[i] for i in ids.numpy()[0]], BIOES, BIO)[0]


def _weights(model: BiLstmCrf, vocabulary: Vocabulary, tokens: list[str]) -> dict[tuple[str, ...], float]:
    """Every legal path in BIO with its weight, in double precision."""
    emissions = model.encoder(_inputs(vocabulary, tokens)).numpy()[0].astype(np.float64)
    transitions, start, end = (
        variable.numpy().astype(np.float64) for variable in (model.transitions, model.start, model.end)
    )
    tags = vocabulary.tags
    weights: dict[tuple[str, ...], float] = {}
    for path in itertools.product(range(len(tags)), repeat=len(tokens)):
        named = [tags[i] for i in path]
        if convert(named, BIOES, BIOES)[1]:
            continue  # the scheme forbids it
        score = start[path[0]] + end[path[-1]] + sum(emissions[t, i] for t, i in enumerate(path))
        score += sum(transitions[i, j] for i, j in itertools.pairwise(path))
        weights[tuple(convert(named, BIOES, BIO)[0])] = np.exp(score)
    return weights


TOKENS = [split(sentence)[0] for sentence in SENTENCES]


def test_served_tags_are_those_in_memory_alone_and_in_a_padded_batch(
    signatures: Any, tiny_model: BiLstmCrf, vocabulary: Vocabulary
) -> None:
    batch = signatures["decode"](examples=tf.constant([_example(tokens) for tokens in TOKENS]))
    for row, tokens in enumerate(TOKENS):
        alone = signatures["decode"](examples=tf.constant([_example(tokens)]))
        length = len(tokens)
        assert batch["lengths"][row] == alone["lengths"][0] == length
        tags = [tag.decode() for tag in batch["tags"][row][:length]]
        assert (
            tags == [tag.decode() for tag in alone["tags"][0]] == _in_memory(tiny_model, vocabulary, tokens)
        )
        assert set(batch["tags"][row][length:].tolist()) <= {b""}
        np.testing.assert_allclose(batch["confidence"][row][:length], alone["confidence"][0], atol=1e-5)
        np.testing.assert_allclose(batch["score"][row], alone["score"][0], atol=1e-5)
        assert not batch["confidence"][row][length:].any()


def test_confidence_and_score_are_exact_by_enumeration(
    signatures: Any, tiny_model: BiLstmCrf, vocabulary: Vocabulary
) -> None:
    tokens = ["Anna", "left", "Rome"]
    weights = _weights(tiny_model, vocabulary, tokens)
    total = sum(weights.values())
    best = max(weights, key=lambda named: weights[named])

    answer = signatures["decode_tokens"](tokens=tf.constant([tokens]))
    assert [tag.decode() for tag in answer["tags"][0]] == list(best)
    np.testing.assert_allclose(answer["score"][0], weights[best] / total, rtol=1e-4)
    for t in range(3):
        marginal = sum(weight for named, weight in weights.items() if named[t] == best[t]) / total
        np.testing.assert_allclose(answer["confidence"][0][t], marginal, rtol=1e-4)

    ranked = sorted(weights, key=lambda named: -weights[named])[: SMALL.n_best]
    n_best = signatures["decode_nbest"](examples=tf.constant([_example(tokens)]))
    assert [[tag.decode() for tag in path] for path in n_best["tags"][0]] == [list(path) for path in ranked]
    np.testing.assert_allclose(
        n_best["probability"][0], [weights[path] / total for path in ranked], rtol=1e-4
    )


def test_text_is_tokenized_with_offsets_in_characters(signatures: Any) -> None:
    texts = ["Anna met Zoë in 東京 🙂.", "", "  ", "x"]
    answer = signatures["decode_text"](text=tf.constant(texts))
    for row, text in enumerate(texts):
        expected = tokenize(text)
        length = answer["lengths"][row]
        assert length == len(expected)
        assert [token.decode() for token in answer["tokens"][row][:length]] == [
            token.text for token in expected
        ]
        assert answer["starts"][row][:length].tolist() == [token.start for token in expected]
        assert answer["ends"][row][:length].tolist() == [token.end for token in expected]
    tokens = [token.text for token in tokenize(texts[0])]
    by_tokens = signatures["decode_tokens"](tokens=tf.constant([tokens]))
    assert by_tokens["tags"][0].tolist() == answer["tags"][0].tolist()


@pytest.mark.parametrize("name", ["decode", "decode_nbest", "evaluate", "decode_text", "explain"])
def test_no_examples_and_empty_sentences_are_answered(signatures: Any, name: str) -> None:
    key = "text" if name in ("decode_text", "explain") else "examples"
    empty = signatures[name](**{key: tf.zeros([0], tf.string)})
    assert all(value.shape[0] == 0 for value in empty.values())
    nothing = b"" if key == "text" else _example([])
    two = signatures[name](**{key: tf.constant([nothing, nothing])})
    assert two["lengths"].tolist() == [0, 0]
    assert two["tags"].size == 0
    if "score" in two:
        np.testing.assert_allclose(two["score"], 1.0)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (2, 0), (2, 3)])
def test_tokens_of_any_shape_are_answered(signatures: Any, shape: tuple[int, int]) -> None:
    answer = signatures["decode_tokens"](tokens=tf.zeros(shape, tf.string))
    assert answer["tags"].shape == shape
    assert answer["lengths"].tolist() == [0] * shape[0]


def test_an_example_without_tokens_is_an_empty_sentence(signatures: Any) -> None:
    assert signatures["decode"](examples=tf.constant([b""]))["lengths"].tolist() == [0]


@pytest.mark.parametrize("name", ["decode", "decode_nbest", "evaluate", "decode_text", "explain"])
def test_two_thousand_tokens_are_answered_in_full(signatures: Any, name: str) -> None:
    if name in ("decode_text", "explain"):
        answer = signatures[name](text=tf.constant(["word " * 2000, "a"]))
    else:
        answer = signatures[name](examples=tf.constant([_example(["word"] * 2000), _example(["a"])]))
    assert answer["lengths"].tolist() == [2000, 1]
    tags = answer["tags"][0] if name != "decode_nbest" else answer["tags"][0][0]
    assert all(tags)
    assert np.isfinite(answer.get("confidence", np.zeros(1))).all()


def test_any_bytes_are_answered(signatures: Any) -> None:
    odd = tf.constant([[b"\xff\xfe", b"\x00", "\U0001f468\u200d\U0001f469".encode(), b"a" * 10_000]])
    assert signatures["decode_tokens"](tokens=odd)["lengths"].tolist() == [4]


def test_an_explanation_is_the_answers_of_decode_text_and_decode_nbest_together(signatures: Any) -> None:
    texts = [" ".join(tokens) for tokens in TOKENS] + ["", "x", "Zoë 🙂 東京"]
    answer = signatures["explain"](text=tf.constant(texts))
    decoded = signatures["decode_text"](text=tf.constant(texts))
    for name, expected in decoded.items():
        if expected.dtype == np.float32:
            np.testing.assert_allclose(answer[name], expected, atol=1e-5)
        else:
            np.testing.assert_array_equal(answer[name], expected)
    examples = [_example([token.text for token in tokenize(text)]) for text in texts]
    n_best = signatures["decode_nbest"](examples=tf.constant(examples))
    np.testing.assert_array_equal(answer["best_tags"], n_best["tags"])
    np.testing.assert_allclose(answer["best_probability"], n_best["probability"], atol=1e-5)
    np.testing.assert_array_equal(answer["best_tags"][:, 0], answer["tags"])
    np.testing.assert_allclose(answer["best_probability"][:, 0], answer["score"], atol=1e-6)


def test_a_distribution_is_of_named_tags_and_gives_the_chosen_its_confidence(
    signatures: Any, vocabulary: Vocabulary
) -> None:
    texts = [" ".join(tokens) for tokens in TOKENS] + [""]
    answer = signatures["explain"](text=tf.constant(texts))
    served = sorted({{"S": "B", "E": "I"}.get(tag[0], tag[0]) + tag[1:] for tag in vocabulary.tags})
    for row, length in enumerate(answer["lengths"]):
        names = [name.decode() for name in answer["tag_names"][row]]
        assert names == served
        distribution = answer["distribution"][row]
        np.testing.assert_allclose(distribution[:length].sum(axis=1), 1.0, atol=1e-5)
        assert not distribution[length:].any()
        chosen = [names.index(tag.decode()) for tag in answer["tags"][row][:length]]
        confidence = distribution[np.arange(length), chosen]
        np.testing.assert_array_equal(confidence, answer["confidence"][row][:length])


def test_a_distribution_is_exact_by_enumeration(
    signatures: Any, tiny_model: BiLstmCrf, vocabulary: Vocabulary
) -> None:
    tokens = ["Anna", "left", "Rome"]
    weights = _weights(tiny_model, vocabulary, tokens)
    total = sum(weights.values())
    answer = signatures["explain"](text=tf.constant([" ".join(tokens)]))
    for t in range(3):
        for tag, found in zip(answer["tag_names"][0], answer["distribution"][0, t], strict=True):
            expected = sum(weight for named, weight in weights.items() if named[t] == tag.decode()) / total
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_an_explanation_alone_is_that_in_any_batch(signatures: Any) -> None:
    texts = [" ".join(tokens) for tokens in TOKENS]
    batch = signatures["explain"](text=tf.constant([*texts, "word " * 50, ""]))
    for row, text in enumerate(texts):
        alone = signatures["explain"](text=tf.constant([text]))
        for name, value in alone.items():
            beside = batch[name][row][tuple(slice(size) for size in value.shape[1:])]
            if value.dtype == np.float32:
                np.testing.assert_allclose(beside, value[0], atol=1e-5)
            else:
                np.testing.assert_array_equal(beside, value[0])


def test_an_explanation_takes_any_bytes(signatures: Any) -> None:
    odd = [b"\xff\xfe left", b"\x00", "\U0001f468\u200d\U0001f469".encode(), b"a" * 10_000]
    answer = signatures["explain"](text=tf.constant(odd))
    assert answer["lengths"].tolist() == [3, 0, 1, 1]
    sums = answer["distribution"].sum(axis=2)
    np.testing.assert_allclose(sums[answer["tokens"] != b""], 1.0, atol=1e-5)


def test_evaluate_speaks_the_scheme_of_training(signatures: Any, vocabulary: Vocabulary) -> None:
    answer = signatures["evaluate"](examples=tf.constant([_example(tokens) for tokens in TOKENS]))
    served = {tag.decode() for tag in answer["tags"].ravel()} - {""}
    assert served <= set(vocabulary.tags)
    assert any(tag.startswith(("S-", "E-")) for tag in served)


def test_a_process_with_tensorflow_alone_loads_it(exported: Path) -> None:
    program = (
        "import sys, tensorflow as tf\n"
        f"answer = tf.saved_model.load({str(exported)!r}).signatures['decode_text'](text=tf.constant(['Anna left']))\n"
        "assert answer['tokens'].numpy().tolist() == [[b'Anna', b'left']]\n"
        "assert not {'trainer', 'tagging', 'tfx', 'tensorflow_transform'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd="/")
    assert (exported / "assets.extra" / "a.json").read_text() == "{}"
