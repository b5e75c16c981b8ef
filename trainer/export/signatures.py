"""The six signatures under which a trained model is served.

| name | inputs | outputs |
|---|---|---|
| `decode`, `serving_default` | `examples` string[B], tf.Examples | `tags`, `lengths`, `confidence`, `score` |
| `decode_tokens` | `tokens` string[B,T], "" after the end | the same |
| `decode_text` | `text` string[B] | the same, and `tokens`, `starts`, `ends` |
| `decode_nbest` | `examples` string[B] | `tags` string[B,N,T], `lengths`, `probability` float32[B,N] |
| `explain` | `text` string[B] | as `decode_text`, and `tag_names`, `distribution`, `best_tags`, `best_probability` |
| `evaluate` | `examples` string[B] | `tags` in the scheme the model trains in, `lengths` |

An example is serialized and has the feature `tokens`. `tags` is string[B,T], "" after the end, in BIO (or plain
tags as they are); `lengths` int32[B]; `confidence` float32[B,T] the exact marginal of the chosen tag; `score`
float32[B] the probability of the whole path; `starts` and `ends` int32[B,T] count Unicode characters.

`explain` is for people: `distribution` float32[B,T,S] holds the marginals of all served tags, which
`tag_names` string[B,S] names (the same in every row: under batching dimension 0 must be B); `best_tags`
string[B,N,T] and `best_probability` float32[B,N] are what `decode_nbest` answers.

Shape letters: `B` batch, `T` tokens, `K` tags the model knows, `S` served tags, `N` best paths.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tagging.schemes import PLAIN, Scheme, join_tag, split_tag
from trainer.export.tokenizer import Tokens, tokenize
from trainer.features import token_features
from trainer.features.vocabulary import Vocabulary
from trainer.model.bilstm_crf import BestPaths, BiLstmCrf, Decoded
from trainer.model.encoder import Inputs

Outputs = dict[str, tf.Tensor]

# Every scheme that a model trains in says more than BIO does, tag by tag.
_BIO_PREFIX = {"B": "B", "S": "B", "U": "B", "I": "I", "E": "I", "L": "I"}


class Served(tf.Module):
    """A model as it is exported: the variables, the word table and the signatures; no Keras object."""

    def __init__(self, model: BiLstmCrf, vocabulary: Vocabulary, scheme: Scheme, *, n_best: int) -> None:
        super().__init__(name="served")
        self.model_variables = list(model.variables)
        self.words = vocabulary.word_table()
        self.affixes = model.encoder.affix_table
        # The model itself stays out of what is tracked: only the functions close over it.
        self.functions = _signatures(model, self.words, _Names(vocabulary.tags, scheme), n_best)


class _Names:
    """The K tags a model knows and the S under which they are served."""

    def __init__(self, tags: tuple[str, ...], scheme: Scheme) -> None:
        spoken = [tag if scheme is PLAIN else _bio(tag) for tag in tags]
        served = sorted(set(spoken))
        index = [served.index(tag) for tag in spoken]
        merge = np.zeros([len(tags), len(served)], np.float32)
        merge[np.arange(len(tags)), index] = 1.0
        self._served_index = np.array([*index, len(served)], np.int32)
        self._served = np.array([*served, ""], object)
        self._own = np.array([*tags, ""], object)
        self._merge = merge  # [K,S]
        self._end = len(tags)

    def all_served(self, batch: tf.Tensor) -> tf.Tensor:
        """string[B,S]: the served tags in the order of `distribution`, once a row."""
        return tf.repeat(tf.constant(self._served[np.newaxis, :-1], tf.string), batch, axis=0)

    def own(self, ids: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """int32[...] tag ids -> string[...] in the model's own scheme, "" where `mask` is false."""
        return tf.gather(tf.constant(self._own, tf.string), tf.where(mask, ids, self._end))

    def served(self, ids: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """int32[...] tag ids -> string[...] as served, "" where `mask` is false."""
        served = tf.gather(self._served_index, tf.where(mask, ids, self._end))
        return tf.gather(tf.constant(self._served, tf.string), served)

    def distribution(self, marginals: tf.Tensor) -> tf.Tensor:
        """Marginals of the served tags, exact: what the model's tags behind each come to together.

        float32[B,T,K] -> float32[B,T,S].
        """
        return tf.einsum("btk,ks->bts", marginals, self._merge)

    def confidence(self, ids: tf.Tensor, distribution: tf.Tensor) -> tf.Tensor:
        """What `distribution` float32[B,T,S] gives the tags `ids` int32[B,T]: float32[B,T]."""
        return tf.gather(distribution, tf.gather(self._served_index, ids), batch_dims=2)


def _bio(tag: str) -> str:
    prefix, label = split_tag(tag)
    return join_tag(_BIO_PREFIX[prefix], label) if label else tag


def _signatures(
    model: BiLstmCrf, words: tf.lookup.StaticHashTable, names: _Names, n_best: int
) -> dict[str, Callable[..., Outputs]]:
    examples = tf.TensorSpec([None], tf.string, name="examples")

    def inputs_of(tokens: tf.Tensor, lengths: tf.Tensor) -> Inputs:
        # Bytes that are no UTF-8 would stop the look-up; they become the replacement character.
        tokens = tf.strings.unicode_transcode(tokens, "UTF-8", "UTF-8", errors="replace")
        return Inputs(
            tokens, words.lookup(token_features.normalise(tokens)), token_features.case_ids(tokens), lengths
        )

    def decode(tokens: tf.Tensor, lengths: tf.Tensor) -> Outputs:
        padded = _Padded(tokens, lengths)
        decoded = model.decode(inputs_of(padded.tokens, padded.lengths))
        return best(padded, decoded, names.distribution(decoded.marginals))

    def best(padded: _Padded, decoded: Decoded, distribution: tf.Tensor) -> Outputs:
        confidence = tf.where(padded.mask, names.confidence(decoded.tags, distribution), 0.0)
        return {
            "tags": padded.cut(names.served(decoded.tags, padded.mask)),
            "lengths": padded.lengths[: padded.batch],
            "confidence": padded.cut(confidence),
            "score": decoded.probability[: padded.batch],
        }

    def ranked(padded: _Padded, found: BestPaths) -> tuple[tf.Tensor, tf.Tensor]:
        """Served tags string[B,N,T] and probabilities float32[B,N]."""
        # By the logarithm: the probability of a path of 1,000 tokens may well be too small for a float32.
        legal = tf.math.is_finite(found.log_probability)[:, :, tf.newaxis]  # [B,N,1]
        tags = names.served(found.tags, padded.mask[:, tf.newaxis, :] & legal)  # [B,N,T]
        return tags[: padded.batch, :, : padded.time], tf.exp(found.log_probability[: padded.batch])

    def located(found: Tokens) -> Outputs:
        return {"tokens": found.tokens, "starts": found.starts, "ends": found.ends}

    @tf.function(input_signature=[examples], autograph=False)
    def decode_examples(examples: tf.Tensor) -> Outputs:
        return decode(*_tokens_of(examples))

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string, name="tokens")], autograph=False)
    def decode_tokens(tokens: tf.Tensor) -> Outputs:
        return decode(tokens, _lengths(tokens))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")], autograph=False)
    def decode_text(text: tf.Tensor) -> Outputs:
        found = tokenize(text)
        return {**decode(found.tokens, found.lengths), **located(found)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")], autograph=False)
    def explain(text: tf.Tensor) -> Outputs:
        found = tokenize(text)
        padded = _Padded(found.tokens, found.lengths)
        decoded, paths = model.explain(inputs_of(padded.tokens, padded.lengths), n_best)
        distribution = names.distribution(decoded.marginals)
        tags, probability = ranked(padded, paths)
        return {
            **best(padded, decoded, distribution),
            **located(found),
            "tag_names": names.all_served(padded.batch),
            "distribution": padded.cut(distribution),
            "best_tags": tags,
            "best_probability": probability,
        }

    @tf.function(input_signature=[examples], autograph=False)
    def decode_nbest(examples: tf.Tensor) -> Outputs:
        tokens, lengths = _tokens_of(examples)
        padded = _Padded(tokens, lengths)
        paths = model.decode_n_best(inputs_of(padded.tokens, padded.lengths), n_best)
        tags, probability = ranked(padded, paths)
        return {"tags": tags, "lengths": lengths, "probability": probability}

    @tf.function(input_signature=[examples], autograph=False)
    def evaluate(examples: tf.Tensor) -> Outputs:
        tokens, lengths = _tokens_of(examples)
        padded = _Padded(tokens, lengths)
        ids = model.predict(inputs_of(padded.tokens, padded.lengths), fused=True)
        return {"tags": padded.cut(names.own(ids, padded.mask)), "lengths": lengths}

    return {
        "serving_default": decode_examples,
        "decode": decode_examples,
        "decode_tokens": decode_tokens,
        "decode_text": decode_text,
        "decode_nbest": decode_nbest,
        "explain": explain,
        "evaluate": evaluate,
    }


def _tokens_of(examples: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Serialized tf.Examples string[B] -> tokens string[B,T], lengths int32[B]."""
    parsed = tf.io.parse_example(examples, {"tokens": tf.io.RaggedFeature(tf.string)})
    return parsed["tokens"].to_tensor(""), tf.cast(parsed["tokens"].row_lengths(), tf.int32)


def _lengths(tokens: tf.Tensor) -> tf.Tensor:
    """string[B,T] padded with "" -> int32[B]: up to and with the last token that is not empty."""
    positions = tf.range(1, tf.shape(tokens)[1] + 1)
    # The 0 keeps the maximum defined when T is 0.
    present = tf.pad(tf.where(tokens != "", positions, 0), [[0, 0], [1, 0]])
    return tf.reduce_max(present, axis=1)


class _Padded:
    """At least one sentence of one token, since LSTM kernels take no less; `cut` takes it away again."""

    def __init__(self, tokens: tf.Tensor, lengths: tf.Tensor) -> None:
        shape = tf.shape(tokens)
        self.batch, self.time = shape[0], shape[1]
        rows, columns = tf.cast(self.batch == 0, tf.int32), tf.cast(self.time == 0, tf.int32)
        self.tokens = tf.pad(tokens, [[0, rows], [0, columns]], constant_values="")
        self.lengths = tf.pad(lengths, [[0, rows]])
        self.mask = tf.sequence_mask(self.lengths, tf.shape(self.tokens)[1])  # [B,T]

    def cut(self, tensor: tf.Tensor) -> tf.Tensor:
        """[B,T] of the padded -> [B,T] of what was asked for."""
        return tensor[: self.batch, : self.time]
