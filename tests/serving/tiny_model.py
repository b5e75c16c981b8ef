"""A real SavedModel with the tagger's signatures and a fixed rule: a capitalised word is B-PER."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

CONFIDENCE = 0.75
LAST_CONFIDENCE = 0.5


class CapitalsTagger(tf.Module):
    """Tags capitalised words B-PER (I-PER after another), with `label` in place of PER."""

    def __init__(self, label: str, *, scheme: str = "BIO") -> None:
        super().__init__()
        self._label = label
        self._plain = scheme == "plain"
        self._factor = tf.Variable(1.0, name="factor")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
    def decode_text(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        tokens = tf.strings.split(text)  # [B, (T)]
        # Offsets from lengths: words are assumed to be one space apart.
        lengths = tf.strings.length(tokens, unit="UTF8_CHAR")
        ends = tf.cumsum(lengths.to_tensor() + 1, axis=1) - 1
        ends = tf.RaggedTensor.from_tensor(ends, lengths=tokens.row_lengths())
        return self._tagged(tokens) | {
            "tokens": tokens.to_tensor(""),
            "starts": (ends - lengths).to_tensor(),
            "ends": ends.to_tensor(),
        }

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
    def explain(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """`decode_text`, a second-best path of the last tag name alone, and evenly spread other tags."""
        answer = self.decode_text(text)
        names = [self._label, "word"] if self._plain else ["B-" + self._label, "I-" + self._label, "O"]
        chosen = answer["tags"][:, :, tf.newaxis] == tf.constant(names)  # [B, T, S]
        confidence = answer["confidence"][:, :, tf.newaxis]
        is_token = answer["tags"][:, :, tf.newaxis] != ""
        distribution = tf.where(chosen, confidence, (1 - confidence) / (len(names) - 1))
        second = tf.where(answer["tags"] == "", "", names[-1])
        batch = tf.shape(text)[0]
        return answer | {
            "tag_names": tf.repeat(tf.constant([names]), batch, axis=0),
            "distribution": tf.where(is_token, distribution, 0.0),
            "best_tags": tf.stack([answer["tags"], second], axis=1),
            "best_probability": tf.repeat(tf.constant([[0.25, 0.125]]), batch, axis=0),
        }

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
    def decode(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        parsed = tf.io.parse_example(examples, {"tokens": tf.io.RaggedFeature(tf.string)})
        return self._tagged(parsed["tokens"])

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string, "tokens")])
    def decode_tokens(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        lengths = tf.reduce_sum(tf.cast(tokens != "", tf.int64), axis=1)
        return self._tagged(tf.RaggedTensor.from_tensor(tokens, lengths=lengths))

    @tf.function(
        input_signature=[tf.TensorSpec([None, 2], tf.float32, "x"), tf.TensorSpec([], tf.float32, "y")]
    )
    def arithmetic(self, x: tf.Tensor, y: tf.Tensor) -> dict[str, tf.Tensor]:
        return {
            "sum": tf.reduce_sum(x * self._factor, axis=1) + y,
            "product": tf.matmul(x, tf.ones([2, 2])) * y,
        }

    @tf.function(input_signature=[tf.TensorSpec([], tf.int32, "rounds")])
    def slow(self, rounds: tf.Tensor) -> dict[str, tf.Tensor]:
        start = tf.ones([64, 64]) * self._factor
        _, total = tf.while_loop(
            lambda i, _: i < rounds, lambda i, x: (i + 1, tf.tanh(tf.matmul(x, x))), [0, start]
        )
        return {"total": tf.reduce_sum(total)}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "s"),
            tf.TensorSpec([None], tf.int64, "i"),
            tf.TensorSpec([None], tf.bool, "b"),
        ]
    )
    def echo(self, s: tf.Tensor, i: tf.Tensor, b: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"s_bytes": tf.identity(s), "i": tf.identity(i), "b": tf.identity(b)}

    def _tagged(self, tokens: tf.RaggedTensor) -> dict[str, tf.Tensor]:
        words = tokens.to_tensor("")  # [B, T]
        capital = tf.strings.regex_full_match(words, r"\p{Lu}.*")
        after = tf.pad(capital, [[0, 0], [1, 0]])[:, :-1]
        if self._plain:
            tags = tf.where(capital, self._label, "word")
        else:
            tags = tf.where(capital, tf.where(after, "I-" + self._label, "B-" + self._label), "O")
        lengths = tf.cast(tokens.row_lengths(), tf.int32)
        mask = tf.sequence_mask(lengths, tf.shape(words)[1])
        last = tf.one_hot(lengths - 1, tf.shape(words)[1], on_value=True, off_value=False)
        confidence = tf.where(last, LAST_CONFIDENCE, CONFIDENCE * self._factor)
        return {
            "tags": tf.where(mask, tags, ""),
            "lengths": lengths,
            "confidence": tf.where(mask, confidence, 0.0),
            "score": tf.fill([tf.shape(words)[0]], 0.25),
        }


def export(
    folder: Path, label: str = "PER", *, scheme: str = "BIO", signatures: tuple[str, ...] = ()
) -> None:
    """Write the model to `folder`, with all signatures or only `signatures`."""
    model = CapitalsTagger(label, scheme=scheme)
    functions = {
        name: getattr(model, name) for name in ("decode_text", "decode", "decode_tokens", "arithmetic")
    }
    functions |= {"explain": model.explain}
    functions |= {"slow": model.slow, "echo": model.echo, "serving_default": model.decode}
    chosen = {name: functions[name] for name in signatures or functions}
    tf.saved_model.save(model, str(folder), signatures=chosen)
