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
from tagging.schemes import PLAIN, Scheme, join_tag, split_tag
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
        self.functions = _Signatures(
            model, self.words, _TagNames(vocabulary.tags, scheme), tokenizer, n_best
        ).functions()


class _TagNames:
    """The K tags of a model and the S tags under which they are served."""

    def __init__(self, tags: tuple[str, ...], scheme: Scheme) -> None:
        names = [tag if scheme is PLAIN else _bio(tag) for tag in tags]
        served = sorted(set(names))
        index = [served.index(name) for name in names]
        merge = np.zeros([len(tags), len(served)], np.float32)
        merge[np.arange(len(tags)), index] = 1.0
        self._served_index = np.array([*index, len(served)], np.int32)
        self._served = np.array([*served, ""], object)
        self._own = np.array([*tags, ""], object)
        self._merge = merge  # [K,S]
        self._end = len(tags)

    def all_served(self, batch: tf.Tensor) -> tf.Tensor:
        """Repeat the served tags, in the order of `distribution`, in each row: string[B,S]."""
        return tf.repeat(tf.constant(self._served[np.newaxis, :-1], tf.string), batch, axis=0)

    def own(self, ids: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """Name tag ids int32[...] in the model's own scheme: string[...], "" where `mask` is false."""
        return tf.gather(tf.constant(self._own, tf.string), tf.where(mask, ids, self._end))

    def served(self, ids: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """Name tag ids int32[...] as served: string[...], "" where `mask` is false."""
        served = tf.gather(self._served_index, tf.where(mask, ids, self._end))
        return tf.gather(tf.constant(self._served, tf.string), served)

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
    ) -> None:
        self._model, self._words, self._names = model, words, names
        self._tokenizer, self._n_best = tokenizer, n_best

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
        return self._decode(*_tokens_of(examples))

    def decode_tokens(self, tokens: tf.Tensor) -> Outputs:
        return self._decode(tokens, _lengths(tokens))

    def decode_text(self, text: tf.Tensor) -> Outputs:
        tokens = tokenize(text, self._tokenizer)
        return {**self._decode(tokens.tokens, tokens.lengths), **_places(tokens)}

    def explain(self, text: tf.Tensor) -> Outputs:
        tokens = tokenize(text, self._tokenizer)
        padded = _Padded(tokens.tokens, tokens.lengths)
        decoded, paths = self._model.explain(self._inputs(padded), self._n_best)
        distribution = self._names.distribution(decoded.marginals)
        tags, probability = self._ranked(padded, paths)
        return {
            **self._best(padded, decoded, distribution),
            **_places(tokens),
            "tag_names": self._names.all_served(padded.batch),
            "distribution": padded.cut(distribution),
            "best_tags": tags,
            "best_probability": probability,
        }

    def decode_nbest(self, examples: tf.Tensor) -> Outputs:
        tokens, lengths = _tokens_of(examples)
        padded = _Padded(tokens, lengths)
        paths = self._model.decode_n_best(self._inputs(padded), self._n_best)
        tags, probability = self._ranked(padded, paths)
        return {"tags": tags, "lengths": lengths, "probability": probability}

    def evaluate(self, examples: tf.Tensor) -> Outputs:
        tokens, lengths = _tokens_of(examples)
        padded = _Padded(tokens, lengths)
        ids = self._model.predict(self._inputs(padded), fused=True)
        return {"tags": padded.cut(self._names.own(ids, padded.mask)), "lengths": lengths}

    def _inputs(self, padded: _Padded) -> Inputs:
        return inputs_of(padded.tokens, padded.lengths, self._words)

    def _decode(self, tokens: tf.Tensor, lengths: tf.Tensor) -> Outputs:
        padded = _Padded(tokens, lengths)
        decoded = self._model.decode(self._inputs(padded))
        return self._best(padded, decoded, self._names.distribution(decoded.marginals))

    def _best(self, padded: _Padded, decoded: Decoded, distribution: tf.Tensor) -> Outputs:
        confidence = tf.where(padded.mask, self._names.confidence(decoded.tags, distribution), 0.0)
        return {
            "tags": padded.cut(self._names.served(decoded.tags, padded.mask)),
            "lengths": padded.lengths[: padded.batch],
            "confidence": padded.cut(confidence),
            "score": decoded.probability[: padded.batch],
        }

    def _ranked(self, padded: _Padded, paths: BestPaths) -> tuple[tf.Tensor, tf.Tensor]:
        """Name the tags of the best paths: served tags string[B,N,T] and probabilities float32[B,N]."""
        # By the logarithm: the probability of a path of 1,000 tokens may well be too small for a float32.
        legal = tf.math.is_finite(paths.log_probability)[:, :, tf.newaxis]  # [B,N,1]
        tags = self._names.served(paths.tags, padded.mask[:, tf.newaxis, :] & legal)  # [B,N,T]
        return tags[: padded.batch, :, : padded.time], tf.exp(paths.log_probability[: padded.batch])


def _places(tokens: Tokens) -> Outputs:
    return {"tokens": tokens.tokens, "starts": tokens.starts, "ends": tokens.ends}


def _tokens_of(examples: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Parse serialized tf.Examples string[B] into tokens string[B,T] and lengths int32[B]."""
    parsed = tf.io.parse_example(examples, {"tokens": tf.io.RaggedFeature(tf.string)})
    return parsed["tokens"].to_tensor(""), tf.cast(parsed["tokens"].row_lengths(), tf.int32)


def _lengths(tokens: tf.Tensor) -> tf.Tensor:
    """Find the position of the last token that is not empty: string[B,T] -> int32[B]."""
    positions = tf.range(1, tf.shape(tokens)[1] + 1)
    # The 0 keeps the maximum defined when T is 0.
    present = tf.pad(tf.where(tokens != "", positions, 0), [[0, 0], [1, 0]])
    return tf.reduce_max(present, axis=1)


class _Padded:
    """Tokens padded to at least one sentence of one token, as LSTM kernels require; `cut` removes the padding."""

    def __init__(self, tokens: tf.Tensor, lengths: tf.Tensor) -> None:
        shape = tf.shape(tokens)
        self.batch, self.time = shape[0], shape[1]
        rows, columns = tf.cast(self.batch == 0, tf.int32), tf.cast(self.time == 0, tf.int32)
        self.tokens = tf.pad(tokens, [[0, rows], [0, columns]], constant_values="")
        self.lengths = tf.pad(lengths, [[0, rows]])
        self.mask = tf.sequence_mask(self.lengths, tf.shape(self.tokens)[1])  # [B,T]

    def cut(self, tensor: tf.Tensor) -> tf.Tensor:
        """Cut [B,T,...] of the padded tokens to [B,T,...] of the request."""
        return tensor[: self.batch, : self.time]
