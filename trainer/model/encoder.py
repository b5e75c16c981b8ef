"""Tokens to emissions: byte CNN, embeddings of word, case, affixes and shape, bidirectional LSTMs, a projection.

Shape letters: `B` batch, `T` tokens, `C` bytes of a token, `A` affixes of a token, `D` width of a token's
input, `H` LSTM units, `K` tags.

No mask is handed to the LSTM. Sentences are padded on the right, so the forward direction never sees padding
before a token, and the backward direction reads each sentence reversed within its own length: a sentence gets
the same emissions alone and in any batch, an empty sentence is harmless, and cuDNN's kernel stays usable.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import tensorflow as tf

from trainer.features import spelling, token_features
from trainer.features.inputs import Inputs
from trainer.hyperparameters import Hyperparameters
from trainer.model import byte_cnn, lstm, precision


class Encoder(tf.Module):
    """The trainable map from `Inputs` to emissions float32[B,T,K]."""

    def __init__(
        self,
        hyperparameters: Hyperparameters,
        *,
        word_ids: int,
        num_tags: int,
        affixes: tuple[bytes, ...],
        singletons: list[bool],
    ) -> None:
        """Args:
        hyperparameters: the sizes.
        word_ids: rows of the word embedding.
        num_tags: K.
        affixes: those that have a vector, as `spelling.known_affixes` returns them.
        singletons: whether the training split has the word just once, by word id.
        """
        super().__init__(name="encoder")
        self._hp = hyperparameters
        self._compute = precision.compute_type(hyperparameters.precision)
        self._singletons = tf.constant(singletons)
        # Drawn in this order: the same seed must give the same weights in every version.
        draw = _Draw(hyperparameters.seed)
        width = self._make_embeddings(draw, word_ids, affixes)
        self._make_lstms(draw, width)
        self._make_projections(draw, num_tags)

    def _make_embeddings(self, draw: _Draw, word_ids: int, affixes: tuple[bytes, ...]) -> int:
        """Make the variables of the token features; returns D, the width of all of them side by side."""
        hp = self._hp
        # Frozen vectors are not trainable: no gradient, and no state of the optimiser.
        trainable = not (hp.vectors and hp.vectors_frozen)
        self.word_embedding = draw.embedding(
            word_ids, hp.word_embedding, "word_embedding", trainable=trainable
        )
        self.case_embedding = draw.embedding(len(token_features.CASES), hp.case_embedding, "case_embedding")
        self.byte_embedding = draw.embedding(256, hp.byte_embedding, "byte_embedding")
        filters = [hp.byte_filter_width, hp.byte_embedding, hp.byte_filters]
        self.byte_filters = draw.glorot(filters, "byte_filters")
        self.byte_bias = tf.Variable(tf.zeros([hp.byte_filters]), name="byte_bias")
        width = hp.word_embedding + hp.case_embedding + hp.byte_filters
        # A table is no variable: the exported module must track it itself.
        self.affix_table = spelling.affix_table(affixes) if hp.affix_embedding else None
        if hp.affix_embedding:
            rows = spelling.affix_rows(affixes)
            self.affix_embedding = draw.embedding(rows, hp.affix_embedding, "affix_embedding")
            width += spelling.AFFIXES * hp.affix_embedding
        if hp.shape_embedding:
            self.shape_embedding = draw.embedding(spelling.SHAPE_IDS, hp.shape_embedding, "shape_embedding")
            width += hp.shape_embedding
        return width

    def _make_lstms(self, draw: _Draw, width: int) -> None:
        hp = self._hp

        def pair(width: int, suffix: str = "") -> tuple[lstm.Lstm, lstm.Lstm]:
            forward, backward = (
                lstm.Lstm(width, hp.lstm_units, seed=draw.seed(), name=name + suffix, precision=hp.precision)
                for name in ("forward", "backward")
            )
            return forward, backward

        self.forward, self.backward = pair(width)
        self.deeper = [pair(2 * hp.lstm_units, f"_{layer}") for layer in range(2, hp.lstm_layers + 1)]

    def _make_projections(self, draw: _Draw, num_tags: int) -> None:
        hp = self._hp
        self.projection = draw.glorot([2 * hp.lstm_units, num_tags], "projection")
        if hp.sentence_vector:
            self.sentence_filters = draw.glorot([2 * hp.lstm_units, hp.sentence_vector], "sentence_filters")
            self.sentence_bias = tf.Variable(tf.zeros([hp.sentence_vector]), name="sentence_bias")
            self.sentence_projection = draw.glorot([hp.sentence_vector, num_tags], "sentence_projection")
        self.projection_bias = tf.Variable(tf.zeros([num_tags]), name="projection_bias")

    def __call__(self, inputs: Inputs, *, seed: tf.Tensor | None = None, fused: bool = False) -> tf.Tensor:
        """Compute the emissions float32[B,T,K]; after a sentence's end they are undefined.

        Args:
            inputs: B sentences.
            seed: int32[2]; in training, draws the dropout. None: no dropout.
            fused: the LSTM as one operation without gradient, for the exported model on a CPU.
        """
        hp = self._hp
        dropout = _Dropout(seed)
        words = inputs.words
        if seed is not None and hp.singleton_dropout:
            words = self._drop_singletons(words, dropout.next_seed())
        x = tf.concat(
            [
                tf.gather(self.word_embedding, words),
                tf.gather(self.case_embedding, inputs.cases),
                self._byte_features(inputs.tokens, dropout, tf.float32 if fused else self._compute),
                *self._spelling(inputs.tokens),
            ],
            axis=-1,
        )  # [B,T,D]
        x = dropout(x, hp.input_dropout)
        states = lstm.bidirectional(x, inputs.lengths, self.forward, self.backward, fused=fused)  # [B,T,2H]
        states = dropout(states, hp.output_dropout)
        for forward, backward in self.deeper:
            # Residual: a second layer is then as easily trained as none.
            above = lstm.bidirectional(states, inputs.lengths, forward, backward, fused=fused)
            states += dropout(above, hp.output_dropout)
        emissions = tf.einsum("bth,hk->btk", states, self.projection) + self.projection_bias
        if not hp.sentence_vector:
            return emissions
        return emissions + self._sentence_scores(states, inputs.lengths, dropout)[:, tf.newaxis]

    def _sentence_scores(self, states: tf.Tensor, lengths: tf.Tensor, dropout: _Dropout) -> tf.Tensor:
        """Score each tag for all tokens of a sentence by its strongest states: float32[B,T,2H] -> float32[B,K]."""
        present = tf.sequence_mask(lengths, tf.shape(states)[1])[..., tf.newaxis]
        # Lower than any state, even scaled by dropout and layers; finite, as a sentence may have no token.
        strongest = tf.reduce_max(tf.where(present, states, -99.0), axis=1)
        strongest = dropout(strongest, self._hp.output_dropout)
        vector = tf.tanh(tf.matmul(strongest, self.sentence_filters) + self.sentence_bias)
        return tf.matmul(vector, self.sentence_projection)

    def _byte_features(self, tokens: tf.Tensor, dropout: _Dropout, compute: tf.DType) -> tf.Tensor:
        """Convolve each token's bytes, and take each filter's maximum: string[B,T] -> float32[B,T,filters]."""
        hp = self._hp
        row = byte_cnn.row_of(tokens, max_bytes=hp.max_token_bytes, width=hp.byte_filter_width)
        present = tf.cast(row.ids > 0, tf.float32)[:, tf.newaxis]
        x = dropout(tf.gather(self.byte_embedding, row.ids) * present, hp.byte_dropout)
        filters = tf.cast(self.byte_filters, compute)
        x = byte_cnn.strongest(tf.cast(x, compute), filters, self.byte_bias, row)
        return tf.reshape(x, tf.concat([tf.shape(tokens), [hp.byte_filters]], 0))

    def _spelling(self, tokens: tf.Tensor) -> Iterator[tf.Tensor]:
        """Look up the affixes' vectors side by side, float32[B,T,A*width], and the shape's, of string[B,T]."""
        hp = self._hp
        if self.affix_table is not None:
            ids = self.affix_table.lookup(spelling.affixes_of(tokens))  # [B,T,A]
            width = spelling.AFFIXES * hp.affix_embedding
            vectors = tf.gather(self.affix_embedding, ids)  # [B,T,A,width of one]
            yield tf.reshape(vectors, tf.concat([tf.shape(tokens), [width]], 0))
        if hp.shape_embedding:
            yield tf.gather(self.shape_embedding, spelling.shape_ids(tokens))

    def _drop_singletons(self, words: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Replace some words seen once by `unknown`, so that its vector learns what rare words are like."""
        drop = tf.random.stateless_uniform(tf.shape(words), seed) < self._hp.singleton_dropout
        drop = tf.logical_and(drop, tf.gather(self._singletons, words))
        return tf.where(drop, tf.constant(token_features.UNKNOWN_ID, tf.int64), words)


class _Draw:
    """Draws the initial values of each variable from a seed of its own."""

    def __init__(self, seed: int) -> None:
        self._seeds = iter(range(seed * 1000, seed * 1000 + 1000))

    def seed(self) -> int:
        """Return the next variable's seed."""
        return next(self._seeds)

    def embedding(self, rows: int, width: int, name: str, *, trainable: bool = True) -> tf.Variable:
        """Make float32[rows,width]; the bound sqrt(3 / width) gives a row a mean squared norm of 1 at any width."""
        return self._uniform([rows, width], (3 / width) ** 0.5, name, trainable=trainable)

    def glorot(self, shape: list[int], name: str) -> tf.Variable:
        """Make float32[shape] with the bounds of Glorot & Bengio 2010; all axes but the last are inputs."""
        fan_in = math.prod(shape[:-1])
        return self._uniform(shape, (6.0 / (fan_in + shape[-1])) ** 0.5, name)

    def _uniform(self, shape: list[int], bound: float, name: str, *, trainable: bool = True) -> tf.Variable:
        values = tf.random.stateless_uniform(shape, [self.seed(), 0], -bound, bound)
        return tf.Variable(values, name=name, trainable=trainable)


class _Dropout:
    """Draws each of a step's dropout masks from a seed of its own; without a seed, drops nothing."""

    def __init__(self, seed: tf.Tensor | None) -> None:
        self._seed = seed

    def next_seed(self) -> tf.Tensor:
        self._seed = tf.random.experimental.stateless_fold_in(self._seed, 1)
        return self._seed

    def __call__(self, x: tf.Tensor, rate: float) -> tf.Tensor:
        if self._seed is None or not rate:
            return x
        return tf.nn.experimental.stateless_dropout(x, rate, seed=self.next_seed())
