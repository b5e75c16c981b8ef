"""`TaggingMetrics`: the scores of `tagging.scoring` as TFMA metrics.

| key | value |
|---|---|
| `primary` | the metric of the gate: `entity_f1_strict`, or `token_accuracy` for plain tags |
| `entity_precision_strict`, `entity_recall_strict`, `entity_f1_strict` | over all entities (micro) |
| `entity_precision_strict_macro`, `entity_recall_strict_macro`, `entity_f1_strict_macro` | mean over the labels |
| `entity_precision_strict/L`, `entity_recall_strict/L`, `entity_f1_strict/L` | of the label L |
| `entities/L` | number of gold entities of the label L |
| `entity_f1_conlleval` | over all entities, read leniently |
| `entity_f1_overlap`, `entity_f1_boundary`, `entity_f1_type` | partial credit, as `tagging.partial` gives it |
| `tag_accuracy/T`, `tag_f1/T` | of the plain tag T: share of its tokens tagged right, and F1 |
| `token_accuracy` | share of tokens tagged right |
| `sentence_accuracy` | share of sentences with every token tagged right |

Entity tags have no `tag_` keys, plain tags no `entity_` keys. A baseline's tags are read in the candidate's scheme:
after a change of `corpus.train_scheme` the baseline's scores here mean nothing; those of ModelGate, which scores
Predictor's converted answers, are right.

A slice without entities scores 0 on them, and `token_accuracy` 0 without tokens: never NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types, metric_util
from tensorflow_model_analysis.proto import config_pb2

from components.metrics.names import PRIMARY
from tagging.partial import PartialCounts, partial_counts
from tagging.schemes import can_read, scheme_named
from tagging.scoring import Counts, EntityScores, Score, add_counts, entity_counts, tag_counts
from tagging.tables import OUTSIDE

NAME = "tagging_metrics"


class TaggingMetrics(metric_types.Metric):
    """All scores of string tags; label and prediction are of any length.

    Args:
        scheme: the scheme that gold and predicted tags are in, such as BIOES. A corpus whose gold tags cannot be
            read in it has plain tags; predicted tags that cannot be read in it name no entity.
        name: of the computation; the metric keys are those of the module's table.
        code: a hash of the code behind the metric; as part of the evaluation's configuration it makes the
            Evaluator's cache follow the code.
    """

    def __init__(self, scheme: str = "BIOES", name: str = NAME, code: str = "") -> None:
        # TFMA rebuilds a metric from the arguments passed here.
        super().__init__(_computations, name=name, scheme=scheme, code=code)


metric_types.register_metric(TaggingMetrics)


def _computations(
    name: str,
    scheme: str,
    code: str,
    eval_config: config_pb2.EvalConfig | None = None,
    model_names: list[str] | None = None,
) -> metric_types.MetricComputations:
    """One computation per model: the candidate's, and the baseline's where there is one."""
    del code
    keys = [
        # `example_weighted` stays open: TFMA looks thresholds up under such a key.
        metric_types.MetricKey(name=name, model_name=model_name, example_weighted=None)
        for model_name in model_names or [""]
    ]
    return [
        metric_types.MetricComputation(
            keys=[key], preprocessors=None, combiner=_Combiner(key, eval_config, scheme)
        )
        for key in keys
    ]


@dataclass
class _Tally:
    """Summed counts of a slice's sentences."""

    strict: dict[str, Counts] = field(default_factory=dict)
    conlleval: dict[str, Counts] = field(default_factory=dict)
    partial: PartialCounts = field(default_factory=PartialCounts)
    tags: dict[str, Counts] = field(default_factory=dict)
    tokens: int = 0
    right_tokens: int = 0
    sentences: int = 0
    right_sentences: int = 0
    plain: bool = False


class _Combiner(beam.CombineFn):
    """Sums counts of sentences; returns all metrics at once."""

    def __init__(
        self,
        key: metric_types.MetricKey,
        eval_config: config_pb2.EvalConfig | None,
        scheme: str,
    ) -> None:
        self._key = key
        self._eval_config = eval_config
        self._scheme = scheme_named(scheme)

    def create_accumulator(self) -> _Tally:
        return _Tally(plain=self._scheme.is_plain)

    def add_input(self, tally: _Tally, element: metric_types.StandardMetricInputs) -> _Tally:
        for gold, predicted in self._sentences(element):
            right = sum(g == p for g, p in zip(gold, predicted, strict=True))
            tally.tokens += len(gold)
            tally.right_tokens += right
            tally.sentences += 1
            tally.right_sentences += right == len(gold)
            # Counted for entity tags too: only a later sentence may show that the corpus has plain tags.
            add_counts(tally.tags, tag_counts(gold, predicted))
            if not tally.plain and not can_read(gold, self._scheme):
                tally.plain = True
            if not tally.plain:
                # Gold tags alone decide the kind of corpus: a model's tags must not choose its metric.
                readable = predicted if can_read(predicted, self._scheme) else [OUTSIDE] * len(gold)
                add_counts(tally.strict, entity_counts(gold, readable, self._scheme, "strict"))
                add_counts(tally.conlleval, entity_counts(gold, readable, self._scheme, "conlleval"))
                tally.partial = tally.partial.add(partial_counts(gold, readable, self._scheme))
        return tally

    def _sentences(self, element: metric_types.StandardMetricInputs) -> Iterator[tuple[list[str], list[str]]]:
        for label, prediction, _ in metric_util.to_label_prediction_example_weight(
            element,
            eval_config=self._eval_config,
            model_name=self._key.model_name,
            output_name=self._key.output_name,
            flatten=False,
            squeeze=False,
        ):
            gold = _texts(label)
            # A prediction is padded with "" to the longest of its batch.
            yield gold, _texts(prediction)[: len(gold)]

    def merge_accumulators(self, tallies: Iterable[_Tally]) -> _Tally:
        merged = self.create_accumulator()
        for tally in tallies:
            add_counts(merged.strict, tally.strict)
            add_counts(merged.conlleval, tally.conlleval)
            merged.partial = merged.partial.add(tally.partial)
            add_counts(merged.tags, tally.tags)
            merged.tokens += tally.tokens
            merged.right_tokens += tally.right_tokens
            merged.sentences += tally.sentences
            merged.right_sentences += tally.right_sentences
            merged.plain |= tally.plain
        return merged

    def extract_output(self, tally: _Tally) -> dict[metric_types.MetricKey, float]:
        return {self._key._replace(name=name): value for name, value in _values(tally).items()}


def _texts(array: np.ndarray) -> list[str]:
    return [value.decode() for value in np.asarray(array, object).ravel().tolist()]


def _values(tally: _Tally) -> dict[str, float]:
    accuracy = tally.right_tokens / tally.tokens if tally.tokens else 0.0
    values = {
        "token_accuracy": accuracy,
        "sentence_accuracy": tally.right_sentences / tally.sentences if tally.sentences else 0.0,
    }
    if tally.plain:
        for tag, score in EntityScores.of(tally.tags).per_label.items():
            values |= {f"tag_accuracy/{tag}": score.recall, f"tag_f1/{tag}": score.f1}
        return {PRIMARY: accuracy, **values}
    strict, conlleval = EntityScores.of(tally.strict), EntityScores.of(tally.conlleval)
    values |= {
        PRIMARY: strict.micro.f1,
        "entity_precision_strict": strict.micro.precision,
        "entity_recall_strict": strict.micro.recall,
        "entity_f1_strict": strict.micro.f1,
        "entity_precision_strict_macro": strict.macro.precision,
        "entity_recall_strict_macro": strict.macro.recall,
        "entity_f1_strict_macro": strict.macro.f1,
        "entity_f1_conlleval": conlleval.micro.f1,
    }
    for measure, counts in tally.partial._asdict().items():
        values[f"entity_f1_{measure}"] = Score.of(counts).f1
    for label, score in strict.per_label.items():
        values |= {
            f"entity_precision_strict/{label}": score.precision,
            f"entity_recall_strict/{label}": score.recall,
            f"entity_f1_strict/{label}": score.f1,
            f"entities/{label}": float(score.support),
        }
    return values
