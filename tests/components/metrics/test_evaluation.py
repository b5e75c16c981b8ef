"""The scores as TFX's Evaluator computes them by TFMA, against seqeval and by hand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOBES
from tfx.components.evaluator import executor as evaluator
from tfx.types import standard_artifacts

from components.metrics import tagging_metrics
from components.metrics.display_names import display_name
from components.metrics.evaluation import eval_config
from components.metrics.names import PRIMARY
from components.metrics.results import Evaluation, read
from tests.components.recorded import Row, examples_in, model_in


def tags(short: str) -> list[str]:
    """`BPER EPER O` -> B-PER, E-PER, O; plain tags as they are."""
    return [
        f"{tag[0]}-{tag[1:]}" if tag[0] in "BIES" and tag[1:] in ("PER", "LOC", "ORG") else tag
        for tag in short.split()
    ]


def row(domain: str, gold: str, candidate: str, baseline: str) -> Row:
    """A sentence with both models' answers, tags written short."""
    text = " ".join(f"w{index}/{tag}" for index, tag in enumerate(tags(gold)))
    answers = {"candidate": " ".join(tags(candidate)), "baseline": " ".join(tags(baseline))}
    return Row(text, domain, answers)


# Some predictions break the scheme on purpose.
ROWS = [
    row("news", "SPER O O", "SPER O O", "SPER O O"),
    row("news", "BPER EPER O SLOC", "BPER EPER O SORG", "BPER EPER O SLOC"),
    row("news", "BORG IORG EORG O", "BORG IORG IORG O", "BORG IORG EORG O"),
    row("news", "O SLOC O", "O SLOC O", "O SLOC O"),
    row("news", "SPER O BLOC ELOC", "SPER O IPER ELOC", "SPER O BLOC ELOC"),
    row("news", "O O O", "O BPER O", "O O O"),
    row("travel", "SLOC O SPER", "SLOC O SPER", "SLOC O O"),
    row("travel", "O BLOC ILOC ELOC", "O BLOC ELOC SLOC", "O BLOC ILOC ELOC"),
    row("weather", "O O", "O O", "O O"),
    row("weather", "O", "O", "O"),
]
PLAIN_ROWS = [
    row("", "NOUN VERB NOUN", "NOUN VERB VERB", "NOUN VERB NOUN"),
    row("", "DET NOUN", "DET NOUN", "DET NOUN"),
    row("", "X", "X", "X"),
]


def evaluate(
    folder: Path,
    rows: Sequence[Row],
    *,
    baseline: bool = False,
    floor: float = 0.5,
    slice_by: tuple[str, ...] = (),
    length_buckets: tuple[int, ...] = (),
) -> tuple[Evaluation, Any]:
    """Run TFX's own Evaluator; returns its scores and its ModelBlessing."""
    config = eval_config(scheme="BIOES", floor=floor, slice_by=slice_by, length_buckets=length_buckets)
    inputs = {
        "examples": [examples_in(folder / "examples", {"test": rows}, shards=1)],
        "model": [model_in(folder / "candidate", "candidate")],
    }
    if baseline:
        inputs["baseline_model"] = [model_in(folder / "baseline", "baseline")]
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
        baseline=True,
        slice_by=("domain",),
        length_buckets=(1, 3),
    )


@pytest.fixture(scope="module")
def scored(evaluated: tuple[Evaluation, Any]) -> Evaluation:
    return evaluated[0]


F1 = 2 * 6 / (10 + 9)


@pytest.mark.parametrize("baseline", [False, True])
@pytest.mark.parametrize(("floor", "blessed"), [(0.0, True), (F1, True), (math.nextafter(F1, 1), False)])
def test_the_evaluator_blesses_what_reaches_the_floor(
    tmp_path: Path, floor: float, blessed: bool, baseline: bool
) -> None:
    # The baseline is better than any floor here, and one slice, without entities, is at 0.
    _, blessing = evaluate(tmp_path, ROWS, baseline=baseline, floor=floor, slice_by=("domain",))
    assert blessing.get_int_custom_property("blessed") == blessed
    assert [path.name for path in Path(blessing.uri).iterdir()] == ["BLESSED" if blessed else "NOT_BLESSED"]


@pytest.mark.parametrize(("floor", "blessed"), [(5 / 6, True), (0.84, False)])
def test_the_floor_of_plain_tags_is_of_their_accuracy(tmp_path: Path, floor: float, blessed: bool) -> None:
    _, blessing = evaluate(tmp_path, PLAIN_ROWS, floor=floor)
    assert blessing.get_int_custom_property("blessed") == blessed


def test_a_bad_baseline_blesses_nothing_and_refuses_nothing(tmp_path: Path) -> None:
    rows = [row._replace(answers={**row.answers, "baseline": "O " * len(row.tokens)}) for row in ROWS]
    for name, floor, blessed in (("low", F1, 1), ("high", 0.64, 0)):
        _, blessing = evaluate(tmp_path / name, rows, baseline=True, floor=floor)
        assert blessing.get_int_custom_property("blessed") == blessed


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
    assert overall["entity_f1_strict"] == F1
    for measure in ("overlap", "boundary", "type"):
        assert overall[f"entity_f1_{measure}"] == pytest.approx(2 * 7 / (10 + 9))


def test_a_slice_without_entities_scores_0_and_not_nan(scored: Evaluation) -> None:
    weather = scored.metrics["domain=weather"]
    assert weather["entity_f1_strict"] == weather["entity_f1_strict_macro"] == 0.0
    assert weather[PRIMARY] == 0.0
    assert weather["token_accuracy"] == 1.0
    assert all(value == value for values in scored.metrics.values() for value in values.values())


def test_a_first_model_has_no_baseline(tmp_path: Path) -> None:
    evaluation, _ = evaluate(tmp_path, ROWS)
    assert evaluation.baseline == {}
    assert set(evaluation.metrics) == {""}


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


def test_every_metric_is_in_the_modules_table(scored: Evaluation) -> None:
    assert tagging_metrics.__doc__ is not None
    for name in scored.overall:
        spelled = f"{name.split('/')[0]}/L" if "/" in name else name
        assert f"`{spelled}`" in tagging_metrics.__doc__
    for name in ("tag_accuracy/T", "tag_f1/T"):
        assert f"`{name}`" in tagging_metrics.__doc__


@pytest.mark.parametrize("model", ["candidate", "baseline"])
def test_scores_equal_seqeval_strict(scored: Evaluation, model: str) -> None:
    by_slice = {"candidate": scored.metrics, "baseline": scored.baseline}[model]
    for name in ("", "domain=news", "domain=travel", "length=2-3", "length=4+"):
        rows = [row for row in ROWS if name in ("", f"domain={row.domain}", length_slice(row))]
        gold = [list(row.gold) for row in rows]
        predicted = [row.answers[model].split() for row in rows]
        values, strict = by_slice[name], {"mode": "strict", "scheme": IOBES, "zero_division": 0}
        assert values[PRIMARY] == values["entity_f1_strict"]
        assert values["entity_f1_conlleval"] == pytest.approx(f1_score(gold, predicted))
        labels = sorted({tag[2:] for tag in itertools.chain(*gold, *predicted) if tag != "O"})
        for score, of in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
            key = f"entity_{score}_strict"
            assert values[key] == pytest.approx(of(gold, predicted, **strict)), name
            macro = of(gold, predicted, average="macro", **strict)
            assert values[f"{key}_macro"] == pytest.approx(macro), name
            of_labels = of(gold, predicted, average=None, **strict)
            assert [values[f"{key}/{label}"] for label in labels] == pytest.approx(list(of_labels)), name


def length_slice(row: Row) -> str:
    length = len(row.tokens)
    return "length=1" if length == 1 else "length=2-3" if length <= 3 else "length=4+"


def test_every_sentence_is_in_one_slice_of_each_kind(scored: Evaluation) -> None:
    assert set(scored.metrics) == {"", *(f"domain={row.domain}" for row in ROWS), *map(length_slice, ROWS)}
    for kind in ("domain", "length"):
        parts = [values for name, values in scored.metrics.items() if name.startswith(kind)]
        for label in ("PER", "LOC", "ORG"):
            total = sum(values.get(f"entities/{label}", 0) for values in parts)
            assert total == scored.overall[f"entities/{label}"]


def test_sentences_of_a_single_length_are_sliced_too(tmp_path: Path) -> None:
    # TFMA passes batches of one length on as dense tensors.
    rows = [row for row in ROWS if len(row.tokens) == 3]
    evaluation, _ = evaluate(tmp_path, rows, length_buckets=(2,))
    assert set(evaluation.metrics) == {"", "length=3+"}
    assert evaluation.metrics["length=3+"] == evaluation.overall


def test_every_metric_has_a_display_name(scored: Evaluation) -> None:
    keys = [key for key in (*scored.overall, "tag_accuracy/NOUN", "tag_f1/NOUN") if key != PRIMARY]
    names = {key: display_name(key) for key in keys}
    assert not any("_" in name for name in names.values())
    assert len(set(names.values())) == len(names)
    assert names["tag_f1/NOUN"] == "F1 of NOUN"
    assert scored.primary_name == "entity F1 (strict)"
