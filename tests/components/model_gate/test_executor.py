"""ModelGate's executor on hand-made artifacts: what it writes, what it sets, and what stops it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import tensorflow as tf
from tensorflow_model_analysis.proto import metrics_for_slice_pb2
from tfx.components.evaluator import constants
from tfx.types import standard_artifacts

from components.artifacts import Predictions
from components.model_gate.executor import BLESSED_DIGEST, Executor
from components.model_gate.floors import FloorWithoutData
from components.model_gate.options import CrfsuiteRule, Evaluation
from components.predictor import most_frequent_tag
from components.predictor.answer import SKIPPED, Answer
from components.scores.analysis import Analysis
from components.scores.measure import OtherSentences
from components.serving_check.verdict import ServingVerdict, answers_rule
from components.verdict import Rule, Verdict
from files.sums import digest_of, sums_below
from tests.components.scores.handmade_answers import answer, answer_files

SERVED = ServingVerdict(
    blessed=True, reasons=[], answers=7, median_ms=3.0, seconds_to_ready=1.0, rules=[answers_rule([], 7)]
)
GOOD = [
    answer("S-PER O", features={"domain": "news"}),
    answer("O S-LOC O", features={"domain": "chat"}),
    answer("O"),
]
BAD = [answer(" ".join(one.gold), "O " * len(one.gold), features=one.features) for one in GOOD]


def artifact(kind: type, number: int, folder: Path) -> Any:
    made = kind()
    made.id, made.uri = number, str(folder)
    return made


def evaluation(folder: Path, primary: float) -> Any:
    """What TFMA's writer leaves behind, for the overall slice alone."""
    folder.mkdir(parents=True)
    row = metrics_for_slice_pb2.MetricsForSlice()
    item = row.metric_keys_and_values.add()
    item.key.name, item.value.double_value.value = "primary", primary
    with tf.io.TFRecordWriter(str(folder / "metrics-00000-of-00001.tfrecord")) as writer:
        writer.write(row.SerializeToString())
    return artifact(standard_artifacts.ModelEvaluation, 3, folder)


def judged(
    folder: Path,
    *,
    primary: float = 1.0,
    evaluator_blessed: bool = True,
    most_frequent: float = 0.0,
    no_crfsuite: str = "",
    served: ServingVerdict = SERVED,
    scheme: str = "BIOES",
    options: Evaluation | None = None,
    **models: list[Answer],
) -> Any:
    """Runs the executor on what models answered. Returns the blessing."""
    answer_files(
        folder / "predictions", **{name: found for name, found in models.items() if name != "crfsuite"}
    )
    inputs = {
        "predictions": [artifact(Predictions, 1, folder / "predictions")],
        "model": [artifact(standard_artifacts.Model, 2, folder / "model")],
        "evaluation": [evaluation(folder / "evaluation", primary)],
        "evaluator_blessing": [artifact(standard_artifacts.ModelBlessing, 8, folder / "evaluator")],
        "infra_blessing": [artifact(standard_artifacts.InfraBlessing, 4, folder / "infra")],
        "baseline_model": [],
    }
    (folder / "model" / "Format-Serving").mkdir(parents=True)
    (folder / "model" / "Format-Serving" / "saved_model.pb").write_bytes(b"graph")
    inputs["evaluator_blessing"][0].set_int_custom_property("blessed", int(evaluator_blessed))
    most_frequent_tag.write(
        str(folder / "predictions"), most_frequent_tag.Counts(100, round(100 * most_frequent))
    )
    if no_crfsuite:
        (folder / "crfsuite").mkdir()
        (folder / "crfsuite" / SKIPPED).write_text(no_crfsuite)
        inputs["crfsuite"] = [artifact(Predictions, 6, folder / "crfsuite")]
    if "baseline" in models:
        inputs["baseline_model"] = [artifact(standard_artifacts.Model, 5, folder / "before")]
    if "crfsuite" in models:
        answer_files(folder / "crfsuite", crfsuite=models["crfsuite"])
        inputs["crfsuite"] = [artifact(Predictions, 6, folder / "crfsuite")]
    (folder / "infra").mkdir()
    (folder / "infra" / "verdict.json").write_text(served.to_json())
    blessing = artifact(standard_artifacts.ModelBlessing, 7, folder / "blessing")
    options = options or Evaluation(resamples=200, slice_by=("domain",))
    Executor().Do(
        inputs,
        {"blessing": [blessing]},
        {"scheme": scheme, "options": msgspec.json.encode(options).decode(), "code": ""},
    )
    return blessing


def verdict_of(blessing: Any) -> Verdict:
    return Verdict.from_json(Path(blessing.uri, "verdict.json").read_bytes())


def files(blessing: Any) -> set[str]:
    return {path.name for path in Path(blessing.uri).iterdir()}


def test_a_good_model_is_blessed_as_tfx_blesses(tmp_path: Path) -> None:
    blessing = judged(tmp_path, candidate=GOOD)
    assert files(blessing) == {"BLESSED", "verdict.json", "analysis.json"}
    assert blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY) == 1
    assert blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY) == 2
    assert blessing.get_string_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY) == str(
        tmp_path / "model"
    )
    assert not blessing.has_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY)
    assert blessing.get_string_custom_property(BLESSED_DIGEST) == digest_of(
        sums_below(tmp_path / "model" / "Format-Serving")
    )
    verdict = verdict_of(blessing)
    assert verdict.blessed
    assert verdict.gate == "ModelGate"
    assert verdict.reasons == []
    analysis = Analysis.from_json(Path(blessing.uri, "analysis.json").read_bytes())
    assert analysis.overall.candidate["entity_f1_strict"].value == 1.0


def test_a_worse_model_is_refused_with_the_reason(tmp_path: Path) -> None:
    blessing = judged(
        tmp_path, primary=0.0, candidate=BAD * 20, baseline=GOOD * 20, options=Evaluation(floor=0.0)
    )
    assert files(blessing) == {"NOT_BLESSED", "verdict.json", "analysis.json"}
    assert blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY) == 0
    assert blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY) == 5
    verdict = verdict_of(blessing)
    assert not verdict.blessed
    # The model answers O alone.
    *constant, reason = verdict.reasons
    assert len(constant) == 2
    assert reason == (
        "entity F1 (strict) fell by 1.0000 below the latest blessed model (95 % interval of the difference "
        "-1.0000 to -1.0000); allowed: 0.01"
    )


def test_a_model_below_crfsuite_is_refused(tmp_path: Path) -> None:
    blessing = judged(
        tmp_path, primary=0.0, candidate=BAD * 20, crfsuite=GOOD * 20, options=Evaluation(floor=0.0)
    )
    *_, reason = verdict_of(blessing).reasons
    assert reason.startswith("entity F1 (strict) fell by 1.0000 below CRFsuite on the same data")


def test_a_crfsuite_that_was_not_trained_skips_its_rule_with_the_reason(tmp_path: Path) -> None:
    verdict = verdict_of(judged(tmp_path, candidate=GOOD, no_crfsuite="train has 50,000 tokens"))
    (rule,) = [rule for rule in verdict.rules if rule.name == "not below CRFsuite"]
    assert (rule.passed, rule.skipped) == (True, "train has 50,000 tokens")


def test_without_the_evaluators_blessing_a_model_is_refused(tmp_path: Path) -> None:
    blessing = judged(tmp_path, candidate=GOOD, evaluator_blessed=False)
    assert "NOT_BLESSED" in files(blessing)
    (reason,) = verdict_of(blessing).reasons
    assert reason == (
        "the Evaluator did not bless the model: it found 1.0000 as entity F1 (strict); required: at least 0.5"
    )


LAXEST = Evaluation(
    resamples=200, floor=0.0, allowed_fall=1.0, most_frequent_tag=False, crfsuite=CrfsuiteRule(enabled=False)
)


@pytest.mark.parametrize("tag", ["O", "S-PER", "NOUN"])
def test_no_setting_blesses_a_model_that_answers_one_tag(tmp_path: Path, tag: str) -> None:
    scheme = "PLAIN" if tag == "NOUN" else "BIOES"
    golds = ("NOUN VERB", "DET NOUN") if scheme == "PLAIN" else ("S-PER O", "O S-LOC")
    constant = [answer(gold, f"{tag} {tag}") for gold in golds]
    # Were the tag the only right one, it would not do either.
    for name, answers in (("wrong", constant), ("right", [answer(f"{tag} {tag}")])):
        right = sum(one.gold.count(tag) for one in answers) / (2 * len(answers))
        f1 = 2 * (tag == "S-PER") * right / (right + 1)
        primary = right if scheme == "PLAIN" else f1
        blessing = judged(tmp_path / name, candidate=answers, primary=primary, scheme=scheme, options=LAXEST)
        assert "NOT_BLESSED" in files(blessing)
        assert f"the model gives every token of the test split the tag {tag}; required: at least 2" in (
            verdict_of(blessing).reasons
        )


def test_no_setting_blesses_a_model_that_finds_no_entity(tmp_path: Path) -> None:
    # Two tags, but no entity as the scheme writes one.
    broken = [answer("S-PER O S-LOC", "I-PER O O")]
    (reason,) = verdict_of(judged(tmp_path / "a", candidate=broken, primary=0.0, options=LAXEST)).reasons
    assert reason.startswith("entities that the model finds in the test split: 0; those there are: 2")
    # Where there are none to find it is not asked.
    none_there = [answer("O O", "I-PER O")]
    assert verdict_of(judged(tmp_path / "b", candidate=none_there, primary=0.0, options=LAXEST)).blessed


@pytest.mark.parametrize(("baseline", "passed"), [(0.74, True), (0.75, True), (0.76, False)])
def test_plain_tags_are_compared_with_the_most_frequent_tag(
    tmp_path: Path, baseline: float, passed: bool
) -> None:
    right_in_three = [answer("NOUN VERB NOUN DET", "NOUN VERB NOUN NOUN")]
    for required in (True, False):
        blessing = judged(
            tmp_path / str(required), candidate=right_in_three, primary=0.75, scheme="PLAIN",
            most_frequent=baseline, options=Evaluation(resamples=200, most_frequent_tag=required),
        )  # fmt: skip
        verdict = verdict_of(blessing)
        assert verdict.blessed == (passed or not required)
        (rule,) = [rule for rule in verdict.rules if rule.name == "not below the most frequent tag"]
        assert (rule.value, rule.bound) == (0.75, baseline)
        assert rule.words == (
            f"token accuracy is 0.7500, that of the most frequent tag of each word {baseline:.4f}; required: no less"
        )
        assert bool(rule.skipped) != required


def test_entity_tags_have_no_such_rule(tmp_path: Path) -> None:
    verdict = verdict_of(judged(tmp_path, candidate=GOOD, most_frequent=1.0))
    assert "not below the most frequent tag" not in {rule.name for rule in verdict.rules}


def test_a_disagreement_with_the_evaluator_is_refused(tmp_path: Path) -> None:
    (reason,) = verdict_of(judged(tmp_path, primary=0.9, candidate=GOOD)).reasons
    assert reason.startswith(
        "the Evaluator found 0.900000 as entity F1 (strict), the answers amount to 1.000000"
    )


def test_a_refusal_of_serving_check_is_one_of_the_gate(tmp_path: Path) -> None:
    slow = Rule(
        name="median latency", words="the median latency is 9 ms; allowed: at most 5 ms", passed=False
    )
    served = msgspec.structs.replace(SERVED, blessed=False, reasons=[slow.words], rules=[*SERVED.rules, slow])
    verdict = verdict_of(judged(tmp_path, served=served, candidate=GOOD))
    assert verdict.reasons == [slow.words]
    assert verdict.rules[-2:] == [*SERVED.rules, slow]


def test_the_same_answers_give_the_same_verdict(tmp_path: Path) -> None:
    one, other = (judged(tmp_path / name, candidate=GOOD, baseline=BAD) for name in ("one", "other"))
    for name in ("verdict.json", "analysis.json"):
        assert Path(one.uri, name).read_bytes() == Path(other.uri, name).read_bytes()


@pytest.mark.parametrize(
    ("floor", "message"),
    [
        ("entity_f1_strict/ORG", "the test split has no entity of the label ORG; it has LOC, PER"),
        ("primary@domain=sport", "no sentence of the test split is domain=sport; domain is chat, news"),
        ("tag_f1/PER", "the corpus has entity tags"),
    ],
)
def test_a_floor_without_data_stops_the_run_and_refuses_no_model(
    tmp_path: Path, floor: str, message: str
) -> None:
    options = Evaluation(resamples=200, slice_by=("domain",), floors={floor: 0.5})
    with pytest.raises(FloorWithoutData, match=message):
        judged(tmp_path, candidate=GOOD, options=options)
    assert not (tmp_path / "blessing").exists()


def test_answers_to_other_sentences_stop_the_run(tmp_path: Path) -> None:
    with pytest.raises(OtherSentences):
        judged(tmp_path, candidate=GOOD, baseline=GOOD[::-1])
