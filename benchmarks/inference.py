"""The cost of tagging in a process: `python -m benchmarks.inference [--data FOLDER] [--set trainer.KEY=V]`.

Exported models, loaded again, CPU milliseconds per sentence, in turn. keras is a Keras BiLSTM with the CRF
decoder of TensorFlow Addons, of our sizes, with our features made in its graph as well. It returns tags only,
and so does ours where the two are compared; the served model returns confidences and the path's probability
too. Neither uses XLA. The bulk path takes batches of sentences sorted by length. The weights are untrained,
which makes no difference to time.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import tensorflow as tf

from benchmarks.measuring import results
from benchmarks.measuring.command_line import parser_of
from benchmarks.measuring.figures import Figure, show
from benchmarks.measuring.results import ROOT
from benchmarks.measuring.timing import medians
from benchmarks.quality import Corpus, read
from benchmarks.rivals.training_keras import Tagger
from benchmarks.rivals.training_rivals import sizes_of
from pipeline.settings import load
from trainer.crf import LinearChain
from trainer.export import saved_model
from trainer.features import spelling, token_features
from trainer.features.inputs import inputs_of
from trainer.hyperparameters import Hyperparameters
from trainer.model import addons
from trainer.model.bilstm_crf import BiLstmCrf

TOKENS = 20
# Sentences of the bulk path, and of a batch of it.
SENTENCES, BATCH = 256, 64

Sentences = list[list[bytes]]


class KerasTagger(tf.Module):
    """The Keras rival as it would be exported: tokens string[B,T], "" after the end, to tags string[B,T]."""

    def __init__(self, model: BiLstmCrf, corpus: Corpus, hp: Hyperparameters) -> None:
        super().__init__()
        self.tagger = Tagger(sizes_of(model, hp, 0))
        self.words = corpus.vocabulary.word_table()
        self.affixes = model.encoder.affix_table
        self._hp, self._tags = hp, list(corpus.vocabulary.tags)

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string, name="tokens")])
    def decode(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        lengths = tf.reduce_sum(tf.cast(tokens != "", tf.int32), 1)
        inputs = inputs_of(tokens, lengths, self.words)
        arrays = {
            "words": inputs.words,
            "cases": inputs.cases,
            "bytes": token_features.byte_ids(inputs.tokens, self._hp.max_token_bytes),
            "lengths": lengths,
        }
        if self.affixes is not None:
            arrays["affixes"] = self.affixes.lookup(spelling.affixes_of(inputs.tokens))
        if self._hp.shape_embedding:
            arrays["shapes"] = spelling.shape_ids(inputs.tokens)
        ids, _ = addons.viterbi(LinearChain(self.tagger(arrays), self.tagger.transitions, lengths=lengths))
        return {"tags": tf.gather(tf.constant(self._tags), ids)}


class OurTags(tf.Module):
    """Ours with the rival's inputs and outputs: tags alone, by Viterbi."""

    def __init__(self, model: BiLstmCrf, corpus: Corpus) -> None:
        super().__init__()
        self.model_variables = list(model.variables)
        self.words = corpus.vocabulary.word_table()
        self.affixes = model.encoder.affix_table
        self._predict = lambda inputs: model.predict(inputs, fused=True)
        self._tags = list(corpus.vocabulary.tags)

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string, name="tokens")])
    def decode(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        lengths = tf.reduce_sum(tf.cast(tokens != "", tf.int32), 1)
        ids = self._predict(inputs_of(tokens, lengths, self.words))
        return {"tags": tf.gather(tf.constant(self._tags), ids)}


def grid(sentences: Sentences) -> tf.Tensor:
    """string[B,T], "" after the end."""
    return tf.ragged.constant(sentences, tf.string, ragged_rank=1).to_tensor("")


def measure(corpus: Corpus, hp: Hyperparameters, seconds: float) -> list[Figure]:
    """Measure the time a sentence takes; return figures with their bounds."""
    sentences = [list(sentence.tokens.numpy()) for sentence in corpus.splits["train"].take(SENTENCES)]
    words = [word for sentence in sentences for word in sentence]
    model = BiLstmCrf(hp, corpus.vocabulary, corpus.scheme)
    with tempfile.TemporaryDirectory(prefix="tagline-bench-") as home:
        saved_model.export(
            model, corpus.vocabulary, corpus.scheme, directory=f"{home}/ours", n_best=hp.n_best, extra={}
        )
        for name, tagger in (
            ("keras", KerasTagger(model, corpus, hp)),
            ("our tags", OurTags(model, corpus)),
        ):
            tf.saved_model.save(tagger, f"{home}/{name}", signatures={"decode_tokens": tagger.decode})
        signatures = {
            name: tf.saved_model.load(f"{home}/{name}").signatures["decode_tokens"]
            for name in ("ours", "our tags", "keras")
        }

    def over(signature: Callable[..., dict[str, tf.Tensor]], grids: Sequence[tf.Tensor]) -> tf.Tensor:
        for tokens in grids:
            tags = signature(tokens=tokens)["tags"]
        return tags

    def milliseconds(grids: dict[str, tuple[str, list[tf.Tensor]]]) -> dict[str, float]:
        contestants = {
            what: (lambda name=name, tokens=tokens: over(signatures[name], tokens))
            for what, (name, tokens) in grids.items()
        }
        return {what: 1e3 * cpu for what, cpu in medians(contestants, [], seconds=seconds).items()}

    one = [grid([words[:TOKENS]])]
    alone = milliseconds({name: (name, one) for name in signatures})
    by_length = sorted(sentences, key=len)
    batches = [grid(by_length[start : start + BATCH]) for start in range(0, len(by_length), BATCH)]
    singles = [grid([sentence]) for sentence in sentences]
    many = milliseconds({"alone": ("ours", singles), "bulk": ("ours", batches)})
    return [
        Figure(f"ours, one sentence of {TOKENS} tokens, tags alone", alone["our tags"], "CPU ms"),
        Figure("the same as served, with confidences", alone["ours"], "CPU ms"),
        Figure(f"keras, one sentence of {TOKENS} tokens", alone["keras"], "CPU ms"),
        Figure("speed, our tags alone / keras", alone["keras"] / alone["our tags"], "x", least=2.0),
        Figure(
            f"ours, {len(sentences)} sentences one by one, each", many["alone"] / len(sentences), "CPU ms"
        ),
        Figure(
            f"ours, in batches of {BATCH} sorted by length, each", many["bulk"] / len(sentences), "CPU ms"
        ),
        Figure("speed, bulk / one by one", many["alone"] / many["bulk"], "x", least=2.0),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if every bound is met, else 1."""
    parser = parser_of("inference", __doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "sample" / "corpus", help="a corpus's folder")
    parser.add_argument("--seconds", type=float, default=5.0, help="of measuring, each comparison")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="such as trainer.lstm_units=200"
    )
    options = parser.parse_args(arguments)
    figures = measure(read(options.data), load(assignments=options.set).trainer, options.seconds)
    show(figures)
    results.write(
        "inference",
        tensorflow=tf.__version__,
        figures={figure.what: figure.value for figure in figures},
    )
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
