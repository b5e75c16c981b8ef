"""The scores as TFX's Evaluator computes them by TFMA, against seqeval and by hand."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOBES
from tensorflow_model_analysis.metrics import metric_types
from tfx.components.evaluator import executor as evaluator
from tfx.types import artifact_utils, standard_artifacts

from components.corpus_gen.example import to_example
from components.metrics import tagging_metrics as entity_metric
from components.metrics.display_names import spoken
from components.metrics.evaluation import eval_config
from components.metrics.names import PRIMARY
from components.metrics.results import Evaluation, read
from components.metrics.tagging_metrics import TaggingMetrics
from corpus.sentence import Sentence


class Row(NamedTuple):
    """A sentence: gold tags, the candidate's, the baseline's."""

    domain: str
    gold: str
    candidate: str
    baseline: str


# Tags are written short: label after the prefix, no hyphen. Some predictions break the scheme on purpose.
ROWS = [
    Row("news", "SPER O O", "SPER O O", "SPER O O"),
    Row("news", "BPER EPER O SLOC", "BPER EPER O SORG", "BPER EPER O SLOC"),
    Row("news", "BORG IORG EORG O", "BORG IORG IORG O", "BORG IORG EORG O"),
    Row("news", "O SLOC O", "O SLOC O", "O SLOC O"),
    Row("news", "SPER O BLOC ELOC", "SPER O IPER ELOC", "SPER O BLOC ELOC"),
    Row("news", "O O O", "O BPER O", "O O O"),
    Row("travel", "SLOC O SPER", "SLOC O SPER", "SLOC O O"),
    Row("travel", "O BLOC ILOC ELOC", "O BLOC ELOC SLOC", "O BLOC ILOC ELOC"),
    Row("weather", "O O", "O O", "O O"),
    Row("weather", "O", "O", "O"),
]
PLAIN_ROWS = [
    Row("", "NOUN VERB NOUN", "NOUN VERB VERB", "NOUN VERB NOUN"),
    Row("", "DET NOUN", "DET NOUN", "DET NOUN"),
    Row("", "X", "X", "X"),
]


def tags(short: str) -> list[str]:
    """`BPER EPER O` -> B-PER, E-PER, O; plain tags as they are."""
    return [
        f"{tag[0]}-{tag[1:]}" if tag[0] in "BIES" and tag[1:] in ("PER", "LOC", "ORG") else tag
        for tag in short.split()
    ]


class Recorded(tf.Module):
    """A model that answers what the example's feature `source` says, padded as models pad."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
    def evaluate(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        parsed = tf.io.parse_example(examples, {self._source: tf.io.RaggedFeature(tf.string)})
        return {"tags": parsed[self._source].to_tensor("")}


def model_artifact(folder: Path, source: str) -> Any:
    model = Recorded(source)
    tf.saved_model.save(model, str(folder / "Format-Serving"), signatures={"evaluate": model.evaluate})
    artifact = standard_artifacts.Model()
    artifact.uri, artifact.id = str(folder), len(source)
    return artifact


def examples_artifact(folder: Path, rows: list[Row]) -> Any:
    split = folder / "Split-test"
    split.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(split / "data-00000-of-00001.gz"), "GZIP") as writer:
        for row in rows:
            gold = tags(row.gold)
            words = tuple(f"w{i}" for i in range(len(gold)))
            example = to_example(Sentence(words, tuple(gold), domain=row.domain or None), gold)
            for source in ("candidate", "baseline"):
                guesses = [tag.encode() for tag in tags(getattr(row, source))]
                example.features.feature[source].bytes_list.value.extend(guesses)
            writer.write(example.SerializeToString())
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    artifact.split_names = artifact_utils.encode_split_names(["test"])
    artifact.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    return artifact


def evaluate(
    folder: Path,
    rows: list[Row],
    *,
    candidate: str = "candidate",
    baseline: str = "",
    slice_by: tuple[str, ...] = (),
    length_buckets: tuple[int, ...] = (),
) -> tuple[Evaluation, Any]:
    """Runs TFX's own Evaluator; what it found, and its ModelBlessing."""
    config = eval_config(scheme="BIOES", slice_by=slice_by, length_buckets=length_buckets)
    inputs = {
        "examples": [examples_artifact(folder / "examples", rows)],
        "model": [model_artifact(folder / "candidate", candidate)],
    }
    if baseline:
        inputs["baseline_model"] = [model_artifact(folder / "baseline", baseline)]
    blessing, evaluation = standard_artifacts.ModelBlessing(), standard_artifacts.ModelEvaluation()
    blessing.uri, evaluation.uri = str(folder / "blessing"), str(folder / "evaluation")
    evaluator.Executor().Do(
        inputs,
        {"blessing": [blessing], "evaluation": [evaluation]},
        {
            "eval_config": json_format.MessageToJson(config, preserving_proto_field_name=True),
            "example_splits": '["test"]',
            "fairness_indicator_thresholds": "null",
        },
    )
    return read(evaluation.uri), blessing


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evaluation, Any]:
    """Candidate and baseline at once, by slices."""
    return evaluate(
        tmp_path_factory.mktemp("scored"),
        ROWS,
        baseline="baseline",
        slice_by=("domain",),
        length_buckets=(1, 3),
    )


@pytest.fixture(scope="module")
def scored(evaluated: tuple[Evaluation, Any]) -> Evaluation:
    return evaluated[0]


def test_without_thresholds_the_evaluator_blesses_nothing(evaluated: tuple[Evaluation, Any]) -> None:
    # As the resolver of the latest blessed model looks at it: blessings are ModelGate's.
    assert evaluated[1].get_int_custom_property("blessed") != 1


@pytest.mark.parametrize("model", ["candidate", "baseline"])
def test_scores_equal_seqeval_strict(scored: Evaluation, model: str) -> None:
    by_slice = {"candidate": scored.metrics, "baseline": scored.baseline}[model]
    for name in ("", "domain=news", "domain=travel", "length=2-3", "length=4+"):
        rows = [row for row in ROWS if name in ("", f"domain={row.domain}", length_slice(row))]
        gold = [tags(row.gold) for row in rows]
        guessed = [tags(getattr(row, model)) for row in rows]
        found, strict = by_slice[name], {"mode": "strict", "scheme": IOBES, "zero_division": 0}
        assert found[PRIMARY] == found["entity_f1_strict"] == pytest.approx(f1_score(gold, guessed, **strict))
        assert found["entity_precision_strict"] == pytest.approx(precision_score(gold, guessed, **strict))
        assert found["entity_recall_strict"] == pytest.approx(recall_score(gold, guessed, **strict))
        assert found["entity_f1_conlleval"] == pytest.approx(f1_score(gold, guessed))
        for score, of in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
            macro = of(gold, guessed, average="macro", **strict)
            assert found[f"entity_{score}_strict_macro"] == pytest.approx(macro), name
        labels = sorted({tag[2:] for tag in itertools.chain(*gold, *guessed) if tag != "O"})
        for score, of in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
            per_label = dict(zip(labels, of(gold, guessed, average=None, **strict), strict=False))
            for label, value in per_label.items():
                assert found[f"entity_{score}_strict/{label}"] == pytest.approx(value), (name, label)


def length_slice(row: Row) -> str:
    length = len(row.gold.split())
    return "length=1" if length == 1 else "length=2-3" if length <= 3 else "length=4+"


def test_every_sentence_is_in_one_slice_of_each_kind(scored: Evaluation) -> None:
    assert set(scored.metrics) == {"", *(f"domain={row.domain}" for row in ROWS), *map(length_slice, ROWS)}
    for kind in ("domain", "length"):
        parts = [found for name, found in scored.metrics.items() if name.startswith(kind)]
        for label in ("PER", "LOC", "ORG"):
            total = sum(found.get(f"entities/{label}", 0) for found in parts)
            assert total == scored.overall[f"entities/{label}"]


def test_sentences_of_one_length_alone_are_sliced_too(tmp_path: Path) -> None:
    # TFMA hands batches of like length on as dense tensors.
    rows = [row for row in ROWS if len(row.gold.split()) == 3]
    evaluation, _ = evaluate(tmp_path, rows, length_buckets=(2,))
    assert set(evaluation.metrics) == {"", "length=3+"}
    assert evaluation.metrics["length=3+"] == evaluation.overall


def test_strict_and_conlleval_differ_on_these_sentences(scored: Evaluation) -> None:
    assert scored.overall["entity_f1_strict"] != scored.overall["entity_f1_conlleval"]


def test_counts_by_hand(scored: Evaluation) -> None:
    overall = scored.overall
    assert overall["entities/PER"] == 4
    assert overall["entities/LOC"] == 5
    assert overall["entities/ORG"] == 1
    assert overall["token_accuracy"] == pytest.approx(25 / 31)
    assert overall["sentence_accuracy"] == pytest.approx(5 / 10)
    assert scored.baseline[""]["sentence_accuracy"] == pytest.approx(9 / 10)


def test_partial_credit_by_hand(scored: Evaluation) -> None:
    # Of 10 gold and 9 predicted entities 6 are exact; one is an ORG instead of a LOC, one of two too short.
    overall = scored.overall
    assert overall["entity_f1_strict"] == pytest.approx(2 * 6 / (10 + 9))
    for measure in ("overlap", "boundary", "type"):
        assert overall[f"entity_f1_{measure}"] == pytest.approx(2 * 7 / (10 + 9))


def test_the_partial_measures_are_not_taken_for_each_other() -> None:
    gold = "BPER EPER O SLOC SLOC O BORG EORG"
    guessed = "SPER O O SPER O SLOC SORG O"
    scoring = combiner()
    found = values(
        scoring, scoring.add_input(scoring.create_accumulator(), element(tags(gold), tags(guessed)))
    )
    assert found["entity_f1_strict"] == 0.0
    assert found["entity_f1_overlap"] == pytest.approx(2 / 4)  # PER and ORG
    assert found["entity_f1_boundary"] == pytest.approx(1 / 4)  # a LOC that is called PER
    assert found["entity_f1_type"] == pytest.approx(3 / 4)  # PER, ORG, and a LOC somewhere


def test_a_slice_without_entities_scores_0_and_not_nan(scored: Evaluation) -> None:
    weather = scored.metrics["domain=weather"]
    assert weather["entity_f1_strict"] == weather["entity_f1_strict_macro"] == 0.0
    assert weather[PRIMARY] == 0.0
    assert weather["token_accuracy"] == 1.0
    assert all(value == value for values in scored.metrics.values() for value in values.values())


def test_a_first_model_has_no_baseline(tmp_path: Path) -> None:
    evaluation, blessing = evaluate(tmp_path, ROWS)
    assert evaluation.baseline == {}
    assert set(evaluation.metrics) == {""}
    assert blessing.get_int_custom_property("blessed") != 1


def test_plain_tags_are_scored_by_tag(tmp_path: Path) -> None:
    # The scheme is the pipeline's guess before it has seen the corpus.
    evaluation, _ = evaluate(tmp_path, PLAIN_ROWS)
    assert evaluation.overall == {
        PRIMARY: pytest.approx(5 / 6),
        "token_accuracy": pytest.approx(5 / 6),
        "sentence_accuracy": pytest.approx(2 / 3),
        "tag_accuracy/DET": 1.0,
        "tag_accuracy/NOUN": pytest.approx(2 / 3),
        "tag_accuracy/VERB": 1.0,
        "tag_accuracy/X": 1.0,
        "tag_f1/DET": 1.0,
        "tag_f1/NOUN": pytest.approx(4 / 5),
        "tag_f1/VERB": pytest.approx(2 / 3),
        "tag_f1/X": 1.0,
    }


def test_the_configuration_survives_being_rebuilt() -> None:
    rebuilt = TaggingMetrics.from_config(TaggingMetrics("BILOU", code="c0de").get_config())
    assert rebuilt.get_config()["scheme"] == "BILOU"
    assert rebuilt.get_config()["code"] == "c0de"
    (computation,) = rebuilt.computations()
    assert computation.combiner._scheme.name == "BILOU"


def combiner(scheme: str = "BIOES") -> Any:
    (computation,) = TaggingMetrics(scheme).computations(model_names=[""])
    return computation.combiner


def element(gold: list[str], guessed: list[str]) -> metric_types.StandardMetricInputs:
    return metric_types.StandardMetricInputs(
        label=np.array([tag.encode() for tag in gold], object),
        prediction=np.array([tag.encode() for tag in guessed], object),
        example_weight=np.array([1.0]),
    )


def values(tagging_combiner: Any, tally: Any) -> dict[str, float]:
    return {key.name: value for key, value in tagging_combiner.extract_output(tally).items()}


ALPHABET = ["O", *(f"{prefix}-{label}" for prefix in "BIES" for label in ("PER", "LOC"))]
PAIR = st.integers(0, 4).flatmap(
    lambda t: st.tuples(*[st.lists(st.sampled_from(ALPHABET), min_size=t, max_size=t)] * 2)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PAIR, max_size=8), st.data())
def test_accumulators_merge_in_any_grouping_and_order(
    pairs: list[tuple[list[str], list[str]]], data: st.DataObject
) -> None:
    scoring = combiner()
    in_one = scoring.create_accumulator()
    for gold, guessed in pairs:
        in_one = scoring.add_input(in_one, element(gold, guessed))
    parts: dict[int, Any] = {}
    for gold, guessed in data.draw(st.permutations(pairs)):
        part = data.draw(st.integers(0, 3))
        tally = parts.get(part, scoring.create_accumulator())
        parts[part] = scoring.add_input(tally, element(gold, guessed))
    merged = scoring.create_accumulator()
    for tally in data.draw(st.permutations(list(parts.values()))):
        merged = scoring.merge_accumulators([tally, merged])
    assert values(scoring, merged) == values(scoring, in_one)


def test_merging_leaves_what_it_merges_alone() -> None:
    scoring = combiner()
    tally = scoring.add_input(scoring.create_accumulator(), element(["S-PER"], ["S-PER"]))
    scoring.merge_accumulators([tally, tally])
    assert values(scoring, tally)["entities/PER"] == 1


def test_padding_after_the_gold_tags_is_cut() -> None:
    scoring = combiner()
    tally = scoring.add_input(scoring.create_accumulator(), element(["S-PER"], ["S-PER", "", ""]))
    assert values(scoring, tally)[PRIMARY] == 1.0


def test_predictions_cannot_make_a_corpus_plain() -> None:
    scoring = combiner()
    tally = scoring.create_accumulator()
    # Nine tokens of ten right: as plain tags it would be 0.9.
    tally = scoring.add_input(tally, element(["O"] * 9 + ["S-PER"], ["O"] * 9 + ["PER"]))
    assert values(scoring, tally)[PRIMARY] == 0.0


def test_one_plain_sentence_makes_the_corpus_plain_wherever_it_stands() -> None:
    scoring = combiner()
    first = scoring.add_input(scoring.create_accumulator(), element(["O"], ["O"]))
    second = scoring.add_input(scoring.create_accumulator(), element(["NOUN"], ["O"]))
    for order in ([first, second], [second, first]):
        assert values(scoring, scoring.merge_accumulators(order)) == {
            PRIMARY: 0.5,
            "token_accuracy": 0.5,
            "sentence_accuracy": 0.5,
            "tag_accuracy/NOUN": 0.0,
            "tag_f1/NOUN": 0.0,
            "tag_accuracy/O": 1.0,
            "tag_f1/O": pytest.approx(2 / 3),
        }


def test_nothing_at_all_scores_0() -> None:
    scoring = combiner()
    scores = values(scoring, scoring.create_accumulator())
    assert set(scores.values()) == {0.0}


def test_every_metric_is_in_the_modules_table(scored: Evaluation) -> None:
    assert entity_metric.__doc__ is not None
    for name in scored.overall:
        spelled = f"{name.split('/')[0]}/L" if "/" in name else name
        assert f"`{spelled}`" in entity_metric.__doc__
    for name in ("tag_accuracy/T", "tag_f1/T"):
        assert f"`{name}`" in entity_metric.__doc__


def test_every_metric_has_a_name_that_people_say(scored: Evaluation) -> None:
    said = {
        name: spoken(name, scored.overall) for name in [*scored.overall, "tag_accuracy/NOUN", "tag_f1/NOUN"]
    }
    assert not any("_" in name for name in said.values())
    # `primary` is one of the others.
    assert len(set(said.values())) == len(said) - 1
    assert said["tag_f1/NOUN"] == "F1 of NOUN"
