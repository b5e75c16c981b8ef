"""The six signatures under which a trained model is served.

| name | inputs | outputs |
|---|---|---|
| `decode`, `serving_default` | `examples` string[B], tf.Examples | `tags`, `lengths`, `confidence`, `score` |
| `decode_tokens` | `tokens` string[B,T], "" after the end | the same |
| `decode_text` | `text` string[B] | the same, and `tokens`, `starts`, `ends` |
| `decode_nbest` | `examples` string[B] | `tags` string[B,N,T], `lengths`, `probability` float32[B,N] |
| `explain` | `text` string[B] | as `decode_text`, and `tag_names`, `distribution`, `best_tags`, `best_probability` |
| `evaluate` | `examples` string[B] | `tags` in the scheme the model trains in, `lengths` |

An example is serialized and has the feature `tokens`. `tags` is string[B,T], "" after the end, in BIO (or
plain tags as they are); `lengths` int32[B]; `confidence` float32[B,T] the exact marginal of the chosen tag;
`score` float32[B] the probability of the path; `starts` and `ends` int32[B,T] count Unicode characters.

`explain` is for the demo page: `distribution` float32[B,T,S] holds the marginals of all served tags, which
`tag_names` string[B,S] names (the same in every row: under batching dimension 0 must be B); `best_tags`
string[B,N,T] and `best_probability` float32[B,N] are `tags` and `probability` of `decode_nbest`.

Shape letters: `B` batch, `T` tokens, `K` tags of the model, `S` served tags, `N` best paths.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tagging.characters import TokenizerName
from tagging.limits import Limits, limits_of
from tagging.schemes import PLAIN, Scheme, join_tag, split_tag
from trainer.export.blocks import Answers, Sentences, in_blocks
from trainer.export.limits import checked_request, checked_sentences
from trainer.export.tokenizer import Tokens, tokenize
from trainer.features.inputs import Inputs, inputs_of
from trainer.features.vocabulary import Vocabulary
from trainer.model.bilstm_crf import BestPaths, BiLstmCrf, Decoded

Outputs = dict[str, tf.Tensor]

# Each tag of every training scheme maps to one BIO tag.
_BIO_PREFIX = {"B": "B", "S": "B", "U": "B", "I": "I", "E": "I", "L": "I"}


class Served(tf.Module):
    """A model as it is exported: the variables, the word table and the signatures; no Keras object.

    Attributes:
        functions: the tf.functions by signature name, each of one input.
        limits: of a request.
    """

    def __init__(
        self,
        model: BiLstmCrf,
        vocabulary: Vocabulary,
        scheme: Scheme,
        tokenizer: TokenizerName = "words",
        *,
        n_best: int,
    ) -> None:
        super().__init__(name="served")
        self.model_variables = list(model.variables)
        self.words = vocabulary.word_table()
        self.affixes = model.encoder.affix_table
        # The model itself is not tracked: only the functions refer to it.
        names = _TagNames(vocabulary.tags, scheme)
        self.limits = limits_of(names.served_tags, n_best)
        self.functions = _Signatures(model, self.words, names, tokenizer, n_best, self.limits).functions()


class _TagNames:
    """The K tags of a model and the S tags under which they are served."""

    def __init__(self, tags: tuple[str, ...], scheme: Scheme) -> None:
        names = [tag if scheme is PLAIN else _bio(tag) for tag in tags]
        served = sorted(set(names))
        index = [served.index(name) for name in names]
        merge = np.zeros([len(tags), len(served)], np.float32)
        merge[np.arange(len(tags)), index] = 1.0
        self.served_tags = len(served)  # S
        self.none = len(tags)  # the id after the last, whose name is ""
        self._all_served = np.array(served, object)
        self._served_index = np.array(index, np.int32)
        self._served = np.array([*names, ""], object)
        self._own = np.array([*tags, ""], object)
        self._merge = merge  # [K,S]

    def all_served(self, batch: tf.Tensor) -> tf.Tensor:
        """Repeat the served tags, in the order of `distribution`, in each row: string[B,S]."""
        return tf.repeat(tf.constant(self._all_served[np.newaxis], tf.string), batch, axis=0)

    def own(self, ids: tf.Tensor) -> tf.Tensor:
        """Name tag ids int32[...] in the model's own scheme: string[...]."""
        return tf.gather(tf.constant(self._own, tf.string), ids)

    def served(self, ids: tf.Tensor) -> tf.Tensor:
        """Name tag ids int32[...] as served: string[...]."""
        return tf.gather(tf.constant(self._served, tf.string), ids)

    def distribution(self, marginals: tf.Tensor) -> tf.Tensor:
        """Sum the marginals of the model's tags behind each served tag: float32[B,T,K] -> float32[B,T,S]."""
        return tf.einsum("btk,ks->bts", marginals, self._merge)

    def confidence(self, ids: tf.Tensor, distribution: tf.Tensor) -> tf.Tensor:
        """Look up the tags `ids` int32[B,T] in `distribution` float32[B,T,S]: float32[B,T]."""
        return tf.gather(distribution, tf.gather(self._served_index, ids), batch_dims=2)


def _bio(tag: str) -> str:
    prefix, label = split_tag(tag)
    return join_tag(_BIO_PREFIX[prefix], label) if label else tag


class _Signatures:
    """A method for each signature."""

    def __init__(
        self,
        model: BiLstmCrf,
        words: tf.lookup.StaticHashTable,
        names: _TagNames,
        tokenizer: TokenizerName,
        n_best: int,
        limits: Limits,
    ) -> None:
        self._model, self._words, self._names = model, words, names
        self._tokenizer, self._n_best = tokenizer, n_best
        self._limits = limits

    def functions(self) -> dict[str, Any]:
        """Return the tf.functions by signature name."""
        examples = tf.TensorSpec([None], tf.string, name="examples")
        text = tf.TensorSpec([None], tf.string, name="text")
        tokens = tf.TensorSpec([None, None], tf.string, name="tokens")

        def function(method: Any, spec: tf.TensorSpec) -> Any:
            return tf.function(method, input_signature=[spec], autograph=False)

        decode = function(self.decode_examples, examples)
        return {
            "serving_default": decode,
            "decode": decode,
            "decode_tokens": function(self.decode_tokens, tokens),
            "decode_text": function(self.decode_text, text),
            "decode_nbest": function(self.decode_nbest, examples),
            "explain": function(self.explain, text),
            "evaluate": function(self.evaluate, examples),
        }

    def decode_examples(self, examples: tf.Tensor) -> Outputs:
        return self._decode(self._of_examples(examples, "decode"))

    def decode_tokens(self, tokens: tf.Tensor) -> Outputs:
        tokens = checked_request(tokens, self._limits)
        lengths, time = _lengths(tokens), tf.shape(tokens)[1]
        present = tf.boolean_mask(tokens, tf.sequence_mask(lengths, time))
        sentences = checked_sentences(Sentences(present, lengths), self._limits, "decode_tokens", time)
        return self._decode(sentences, time)

    def decode_text(self, text: tf.Tensor) -> Outputs:
        tokens = self._of_text(text, "decode_text")
        return {**self._decode(Sentences(tokens.tokens, tokens.lengths)), **_places(tokens)}

    def explain(self, text: tf.Tensor) -> Outputs:
        tokens = self._of_text(text, "explain")
        answers = in_blocks(self._explain_block, Sentences(tokens.tokens, tokens.lengths))
        tags, probability = self._ranked(answers, tokens.lengths)
        return {
            **self._best(answers, tokens.lengths),
            **_places(tokens),
            "tag_names": self._names.all_served(tf.size(tokens.lengths)),
            "distribution": _padded(answers.of_tokens["distribution"], tokens.lengths),
            "best_tags": tags,
            "best_probability": probability,
        }

    def decode_nbest(self, examples: tf.Tensor) -> Outputs:
        sentences = self._of_examples(examples, "decode_nbest")
        tags, probability = self._ranked(in_blocks(self._n_best_block, sentences), sentences.lengths)
        return {"tags": tags, "lengths": sentences.lengths, "probability": probability}

    def evaluate(self, examples: tf.Tensor) -> Outputs:
        sentences = self._of_examples(examples, "evaluate")
        ids = in_blocks(self._evaluate_block, sentences).of_tokens["tags"]
        tags = self._names.own(_padded(ids, sentences.lengths, self._names.none))
        return {"tags": tags, "lengths": sentences.lengths}

    def _of_examples(self, examples: tf.Tensor, signature: str) -> Sentences:
        """Parse serialized tf.Examples string[B]."""
        checked = checked_request(examples, self._limits)
        tokens = tf.io.parse_example(checked, {"tokens": tf.io.RaggedFeature(tf.string)})["tokens"]
        sentences = Sentences(tokens.values, tf.cast(tokens.row_lengths(), tf.int32))
        return checked_sentences(sentences, self._limits, signature)

    def _of_text(self, text: tf.Tensor, signature: str) -> Tokens:
        """Tokenize texts string[B]."""
        tokens = tokenize(checked_request(text, self._limits), self._tokenizer)
        sentences = checked_sentences(Sentences(tokens.tokens, tokens.lengths), self._limits, signature)
        # Nothing may be padded by lengths that are not checked.
        return tokens._replace(tokens=sentences.tokens, lengths=sentences.lengths)

    def _decode(self, sentences: Sentences, time: tf.Tensor | None = None) -> Outputs:
        return self._best(in_blocks(self._decode_block, sentences), sentences.lengths, time)

    # What is computed of a block: tokens string[b,t], lengths int32[b].

    def _decode_block(self, tokens: tf.Tensor, lengths: tf.Tensor) -> Answers:
        decoded = self._model.decode(self._inputs(tokens, lengths))
        return self._decoded(decoded, self._names.distribution(decoded.marginals))

    def _explain_block(self, tokens: tf.Tensor, lengths: tf.Tensor) -> Answers:
        decoded, paths = self._model.explain(self._inputs(tokens, lengths), self._n_best)
        distribution = self._names.distribution(decoded.marginals)
        best, ranked = self._decoded(decoded, distribution), self._paths(paths)
        return Answers(
            {**best.of_tokens, **ranked.of_tokens, "distribution": distribution},
            {**best.of_sentences, **ranked.of_sentences},
        )

    def _n_best_block(self, tokens: tf.Tensor, lengths: tf.Tensor) -> Answers:
        return self._paths(self._model.decode_n_best(self._inputs(tokens, lengths), self._n_best))

    def _evaluate_block(self, tokens: tf.Tensor, lengths: tf.Tensor) -> Answers:
        return Answers({"tags": self._model.predict(self._inputs(tokens, lengths), fused=True)}, {})

    def _inputs(self, tokens: tf.Tensor, lengths: tf.Tensor) -> Inputs:
        return inputs_of(tokens, lengths, self._words)

    def _decoded(self, decoded: Decoded, distribution: tf.Tensor) -> Answers:
        confidence = self._names.confidence(decoded.tags, distribution)
        return Answers({"tags": decoded.tags, "confidence": confidence}, {"score": decoded.probability})

    def _paths(self, paths: BestPaths) -> Answers:
        # By the logarithm: the probability of a path of 1,000 tokens may well be too small for a float32.
        legal = tf.math.is_finite(paths.log_probability)[:, :, tf.newaxis]  # [b,N,1]
        tags = tf.transpose(tf.where(legal, paths.tags, self._names.none), [0, 2, 1])  # [b,t,N]
        return Answers({"best_tags": tags}, {"best_probability": tf.exp(paths.log_probability)})

    # What is answered for all sentences, padded.

    def _best(self, answers: Answers, lengths: tf.Tensor, time: tf.Tensor | None = None) -> Outputs:
        return {
            "tags": self._names.served(_padded(answers.of_tokens["tags"], lengths, self._names.none, time)),
            "lengths": lengths,
            "confidence": _padded(answers.of_tokens["confidence"], lengths, time=time),
            "score": answers.of_sentences["score"],
        }

    def _ranked(self, answers: Answers, lengths: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the served tags string[B,N,T] and the probabilities float32[B,N] of the best paths."""
        tags = _padded(answers.of_tokens["best_tags"], lengths, self._names.none)  # [B,T,N]
        return self._names.served(tf.transpose(tags, [0, 2, 1])), answers.of_sentences["best_probability"]


def _places(tokens: Tokens) -> Outputs:
    return {
        "tokens": _padded(tokens.tokens, tokens.lengths, ""),
        "starts": _padded(tokens.starts, tokens.lengths),
        "ends": _padded(tokens.ends, tokens.lengths),
    }


def _lengths(tokens: tf.Tensor) -> tf.Tensor:
    """Find the position of the last token that is not empty: string[B,T] -> int32[B]."""
    positions = tf.range(1, tf.shape(tokens)[1] + 1)
    # The 0 keeps the maximum defined when T is 0.
    present = tf.pad(tf.where(tokens != "", positions, 0), [[0, 0], [1, 0]])
    return tf.reduce_max(present, axis=1)


def _padded(
    values: tf.Tensor, lengths: tf.Tensor, padding: int | str = 0, time: tf.Tensor | None = None
) -> tf.Tensor:
    """Pad the values [M,...] of all tokens to [B,T,...], T the longest sentence or `time`."""
    rows = tf.RaggedTensor.from_row_lengths(values, lengths, validate=False).to_tensor(padding)
    if time is None:
        return rows
    return tf.pad(rows, [[0, 0], [0, time - tf.shape(rows)[1]]], constant_values=padding)
