"""The entity scores as TFMA computes them, against seqeval, and the gate that TFX's Evaluator makes of them."""

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
from components.entity_metrics import metric as entity_metric
from components.entity_metrics.evaluation import eval_config
from components.entity_metrics.metric import PRIMARY, SMALLEST_PRIMARY, TaggingMetrics
from components.entity_metrics.results import Evaluation, read
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
    folder: Path, rows: list[Row], *, candidate: str = "candidate", baseline: str = "", **gate: Any
) -> tuple[Evaluation, bool]:
    """Runs TFX's own Evaluator; what it found, and whether it blessed the candidate."""
    asked: dict[str, Any] = {"scheme": "BIOES", "floor": 0.0, "allowed_fall": 1.0, "label_floors": {}}
    config = eval_config(**{**asked, "slice_by": (), **gate})
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
    return read(evaluation.uri), blessing.get_int_custom_property("blessed") == 1


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evaluation, bool]:
    """Candidate and baseline at once, by slices, with floors that the candidate reaches."""
    return evaluate(
        tmp_path_factory.mktemp("scored"),
        ROWS,
        baseline="baseline",
        floor=0.3,
        allowed_fall=0.9,
        label_floors={"PER": 0.1, "ORG": 0.0},
        slice_by=("domain",),
    )


@pytest.mark.parametrize("model", ["candidate", "baseline"])
def test_scores_equal_seqeval_strict(scored: tuple[Evaluation, bool], model: str) -> None:
    by_slice = {"candidate": scored[0].metrics, "baseline": scored[0].baseline}[model]
    for name in ("", "domain=news", "domain=travel"):
        rows = [row for row in ROWS if not name or name == f"domain={row.domain}"]
        gold = [tags(row.gold) for row in rows]
        guessed = [tags(getattr(row, model)) for row in rows]
        found, strict = by_slice[name], {"mode": "strict", "scheme": IOBES, "zero_division": 0}
        assert found[PRIMARY] == found["entity_f1_strict"] == pytest.approx(f1_score(gold, guessed, **strict))
        assert found["entity_precision_strict"] == pytest.approx(precision_score(gold, guessed, **strict))
        assert found["entity_recall_strict"] == pytest.approx(recall_score(gold, guessed, **strict))
        assert found["entity_f1_conlleval"] == pytest.approx(f1_score(gold, guessed))
        labels = sorted({tag[2:] for tag in itertools.chain(*gold, *guessed) if tag != "O"})
        for score, of in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
            per_label = dict(zip(labels, of(gold, guessed, average=None, **strict), strict=False))
            for label, value in per_label.items():
                assert found[f"entity_{score}_strict/{label}"] == pytest.approx(value), (name, label)


def test_strict_and_conlleval_differ_on_these_sentences(scored: tuple[Evaluation, bool]) -> None:
    assert scored[0].overall["entity_f1_strict"] != scored[0].overall["entity_f1_conlleval"]


def test_counts_by_hand(scored: tuple[Evaluation, bool]) -> None:
    overall = scored[0].overall
    assert overall["entities/PER"] == 4
    assert overall["entities/LOC"] == 5
    assert overall["entities/ORG"] == 1
    assert overall["token_accuracy"] == pytest.approx(25 / 31)
    assert overall["sentence_accuracy"] == pytest.approx(5 / 10)
    assert scored[0].baseline[""]["sentence_accuracy"] == pytest.approx(9 / 10)


def test_a_slice_without_entities_scores_0_and_not_nan(scored: tuple[Evaluation, bool]) -> None:
    weather = scored[0].metrics["domain=weather"]
    assert weather["entity_f1_strict"] == weather["entity_f1_strict_macro"] == 0.0
    assert weather[PRIMARY] == SMALLEST_PRIMARY
    assert weather["token_accuracy"] == 1.0
    assert all(value == value for values in scored[0].metrics.values() for value in values.values())


def test_a_label_floor_is_not_held_against_slices_without_the_label(scored: tuple[Evaluation, bool]) -> None:
    evaluation, blessed = scored
    assert evaluation.failures == ()
    assert blessed
    assert evaluation.metrics["domain=travel"]["entities/ORG"] == 0


def test_refusals_name_the_metric_the_value_and_the_bound(tmp_path: Path) -> None:
    evaluation, blessed = evaluate(
        tmp_path,
        ROWS,
        baseline="baseline",
        floor=0.9,
        allowed_fall=0.05,
        label_floors={"PER": 0.95, "ORG": 0.5, "DATE": 0.2},
        slice_by=("domain",),
    )
    assert not blessed
    found, before = evaluation.overall[PRIMARY], evaluation.baseline[""][PRIMARY]
    assert sorted(map(str, evaluation.failures)) == sorted(
        [
            f"entity F1 (strict) is {found:.4f} on the test split; asked: at least 0.9",
            f"entity F1 (strict) fell by {before - found:.4f} below the latest blessed model; allowed: 0.05",
            "entity F1 (strict) of ORG is 0.0000 on the test split; asked: at least 0.5",
            "entity F1 (strict) of DATE is asked for, but the test split has no entity of that label",
        ]
    )


def test_a_first_model_is_held_to_the_floors_alone(tmp_path: Path) -> None:
    evaluation, blessed = evaluate(tmp_path, ROWS, floor=0.3, allowed_fall=0.0)
    assert blessed
    assert evaluation.baseline == {}


def test_an_equal_model_does_not_fall(tmp_path: Path) -> None:
    evaluation, blessed = evaluate(tmp_path, ROWS, baseline="candidate", floor=0.3, allowed_fall=0.0)
    assert evaluation.failures == ()
    assert blessed


def test_plain_tags_are_gated_by_token_accuracy(tmp_path: Path) -> None:
    # The scheme is the pipeline's guess before it has seen the corpus.
    evaluation, blessed = evaluate(tmp_path, PLAIN_ROWS, floor=0.9, label_floors={"NOUN": 0.5})
    assert evaluation.overall == {
        PRIMARY: pytest.approx(5 / 6),
        "token_accuracy": pytest.approx(5 / 6),
        "sentence_accuracy": pytest.approx(2 / 3),
    }
    assert not blessed
    assert sorted(map(str, evaluation.failures)) == [
        "entity F1 (strict) of NOUN is asked for, but was not computed; plain tags have no entity scores",
        "token accuracy is 0.8333 on the test split; asked: at least 0.9",
    ]


def test_the_configuration_survives_being_rebuilt() -> None:
    rebuilt = TaggingMetrics.from_config(TaggingMetrics("BILOU", ["PER"], code="c0de").get_config())
    assert rebuilt.get_config()["scheme"] == "BILOU"
    assert rebuilt.get_config()["labels"] == ["PER"]
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
    assert values(scoring, tally)[PRIMARY] == SMALLEST_PRIMARY


def test_one_plain_sentence_makes_the_corpus_plain_wherever_it_stands() -> None:
    scoring = combiner()
    first = scoring.add_input(scoring.create_accumulator(), element(["O"], ["O"]))
    second = scoring.add_input(scoring.create_accumulator(), element(["NOUN"], ["O"]))
    for order in ([first, second], [second, first]):
        assert values(scoring, scoring.merge_accumulators(order)) == {
            PRIMARY: 0.5,
            "token_accuracy": 0.5,
            "sentence_accuracy": 0.5,
        }


def test_nothing_at_all_scores_0() -> None:
    scoring = combiner()
    scores = values(scoring, scoring.create_accumulator())
    assert scores.pop(PRIMARY) == SMALLEST_PRIMARY
    assert set(scores.values()) == {0.0}


def test_every_metric_is_in_the_modules_table(scored: tuple[Evaluation, bool]) -> None:
    assert entity_metric.__doc__ is not None
    for name in scored[0].overall:
        spelled = f"{name.split('/')[0]}/L" if "/" in name else name
        assert f"`{spelled}`" in entity_metric.__doc__


def test_a_baseline_without_a_right_entity_refuses_nobody(tmp_path: Path) -> None:
    """TFMA divides by the baseline's value."""
    rows = [row._replace(baseline=" ".join("O" for _ in row.gold.split())) for row in ROWS]
    evaluation, blessed = evaluate(tmp_path, rows, baseline="baseline", floor=0.3, allowed_fall=0.01)
    assert evaluation.baseline[""]["entity_f1_strict"] == 0.0
    assert evaluation.failures == ()
    assert blessed
