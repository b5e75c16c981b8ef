"""From files of answers to scores, on sentences counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy import stats

from components.metrics import names
from components.model_gate.floors import parse_target
from components.predictor.answer import Answer
from components.scores.analysis import Analysis, Slice
from components.scores.measure import Measurement, OtherSentences, measure
from components.scores.options import ScoreOptions
from components.scores.slice_scores import BASELINE, CANDIDATE, CRFSUITE
from tagging.schemes import BIOES, PLAIN
from tests.components.scores.handmade_answers import answer, answer_files

OPTIONS = ScoreOptions(resamples=400, slice_by=("domain",), length_buckets=(2,))
NEWS, CHAT = {"domain": "news"}, {"domain": "chat"}
# Of four gold entities three are found, of four predicted ones three are right.
ANSWERS = [
    answer("S-PER O O", confidence=(0.9, 0.8, 0.7), features=NEWS, seen=(True,)),
    answer("S-PER O", "S-LOC O", confidence=(0.6, 0.9), features=NEWS, seen=(False,)),
    answer("B-LOC E-LOC S-PER", confidence=(0.9, 0.5, 0.9), features=CHAT, seen=(True, False)),
    answer("O", confidence=(1.0,)),
]
WORSE = [answer(" ".join(one.gold), "O " * len(one.gold), features=one.features) for one in ANSWERS]


def measured(folder: Path, options: ScoreOptions = OPTIONS, **models: list[Answer]) -> Measurement:
    return measure(answer_files(folder, **models), BIOES, options)


def part(analysis: Analysis, name: str) -> Slice:
    return next(found for found in analysis.slices if found.name == name)


def test_overall_scores_by_hand(tmp_path: Path) -> None:
    found = measured(tmp_path, candidate=ANSWERS)
    analysis = found.analysis
    overall = analysis.overall
    assert (overall.name, overall.sentences, overall.tokens, overall.entities) == ("", 4, 9, 4)
    values = {key: estimate.value for key, estimate in overall.candidate.items()}
    assert values["entity_f1_strict"] == values["entity_recall_strict"] == 0.75
    assert values["entity_f1_strict/PER"] == pytest.approx(0.8)
    assert values["entities/PER"] == 3
    assert values["token_accuracy"] == pytest.approx(8 / 9)
    assert values["sentence_accuracy"] == 0.75
    assert values["entity_f1_boundary"] == 1.0
    assert overall.baseline == overall.difference == overall.crfsuite == {}
    assert found.above_crfsuite is None
    assert (found.plain, found.labels, found.values) == (False, {"PER", "LOC"}, {"domain": {"news", "chat"}})
    assert (analysis.primary, analysis.level, analysis.resamples) == ("entity_f1_strict", 0.95, 400)


def test_slices_by_hand(tmp_path: Path) -> None:
    analysis = measured(tmp_path, candidate=ANSWERS).analysis
    assert [found.name for found in analysis.slices] == [
        "", "domain=chat", "domain=news", "entity=seen", "entity=unseen", "length=1-2", "length=3+",
    ]  # fmt: skip
    news = part(analysis, "domain=news")
    assert (news.sentences, news.tokens, news.entities) == (2, 5, 2)
    assert news.candidate["entity_f1_strict"].value == 0.5
    assert "entity_f1_strict/LOC" in news.candidate, "predicted there"
    seen, unseen = part(analysis, "entity=seen"), part(analysis, "entity=unseen")
    assert (seen.sentences, seen.entities) == (2, 2)
    assert seen.candidate["entity_recall_strict"].value == 1.0
    assert unseen.candidate["entity_recall_strict"].value == 0.5
    assert set(unseen.candidate) == {"entity_recall_strict", "entity_recall_strict/PER", "entities/PER"}


def test_a_slice_scores_like_a_test_split_of_its_sentences(tmp_path: Path) -> None:
    whole = measured(tmp_path / "whole", candidate=ANSWERS, baseline=WORSE).analysis
    alone = measured(tmp_path / "alone", candidate=ANSWERS[:2], baseline=WORSE[:2]).analysis
    news = part(whole, "domain=news")
    assert news.candidate == alone.overall.candidate
    assert news.difference == alone.overall.difference


def test_empty_slices_are_named_and_no_value_is_nan(tmp_path: Path) -> None:
    options = ScoreOptions(resamples=100, slice_by=("genre",), length_buckets=(2, 50))
    analysis = measured(
        tmp_path, options, candidate=[answer("O O", seen=())], baseline=[answer("O O")]
    ).analysis
    assert analysis.empty == ["entity=seen", "entity=unseen", "genre", "length=3-50", "length=51+"]
    for found in analysis.slices:
        for estimate in (*found.candidate.values(), *found.difference.values()):
            assert estimate.value == estimate.value
            assert estimate.low == estimate.low
    assert analysis.overall.candidate["entity_f1_strict"].value == 0.0
    assert analysis.overall.candidate["entity_f1_strict"].low is None
    assert "NaN" not in analysis.to_json()
    assert Analysis.from_json(analysis.to_json()) == analysis


def test_identical_models_differ_by_nothing(tmp_path: Path) -> None:
    found = measured(tmp_path, candidate=ANSWERS, baseline=ANSWERS, crfsuite=ANSWERS)
    for slice_ in found.analysis.slices:
        for estimate in slice_.difference.values():
            assert (estimate.value, estimate.low or 0.0, estimate.high or 0.0) == (0.0, 0.0, 0.0)
    assert found.above_crfsuite is not None
    assert (found.above_crfsuite.low, found.above_crfsuite.high) == (0.0, 0.0)


def test_the_difference_is_candidate_less_baseline(tmp_path: Path) -> None:
    found = measured(tmp_path, candidate=ANSWERS, baseline=WORSE, crfsuite=WORSE)
    overall = found.analysis.overall
    assert overall.baseline["token_accuracy"].value == pytest.approx(4 / 9)
    assert overall.difference["token_accuracy"].value == pytest.approx(4 / 9)
    assert found.above_crfsuite is not None
    assert found.above_crfsuite.value == overall.candidate["entity_f1_strict"].value == 0.75


def test_the_order_of_the_sentences_changes_nothing(tmp_path: Path) -> None:
    forth = measured(tmp_path / "forth", candidate=ANSWERS, baseline=WORSE)
    back = measured(tmp_path / "back", candidate=ANSWERS[::-1], baseline=WORSE[::-1])
    assert forth.analysis.slices == back.analysis.slices


def test_exact_intervals_by_option(tmp_path: Path) -> None:
    options = ScoreOptions(intervals="exact", level=0.9, resamples=200)
    overall = measured(tmp_path, options, candidate=ANSWERS).analysis.overall
    for key, right, total in (
        ("token_accuracy", 8, 9),
        ("entity_recall_strict", 3, 4),
        ("entity_precision_strict/LOC", 1, 2),
    ):
        exact = stats.binomtest(right, total).proportion_ci(0.9, method="exact")
        found = overall.candidate[key]
        assert (found.low, found.high) == pytest.approx((exact.low, exact.high))
    bootstrapped = measured(
        tmp_path, ScoreOptions(level=0.9, resamples=200), candidate=ANSWERS
    ).analysis.overall
    assert overall.candidate["entity_f1_strict"] == bootstrapped.candidate["entity_f1_strict"]


def test_calibration_by_hand(tmp_path: Path) -> None:
    analysis = measured(tmp_path, candidate=ANSWERS).analysis
    assert analysis.token_calibration is not None
    assert sum(bin_.count for bin_ in analysis.token_calibration.bins) == 9
    assert analysis.entity_calibration is not None
    # S-PER 0.9, S-LOC 0.6 (wrong), B-LOC E-LOC 0.5, S-PER 0.9.
    assert [(bin_.mean_confidence, bin_.count, bin_.right) for bin_ in analysis.entity_calibration.bins] == [
        (0.5, 1, 1.0), (0.6, 1, 0.0), (0.9, 2, 1.0),
    ]  # fmt: skip
    assert analysis.entity_calibration.expected_error == pytest.approx((0.5 + 0.6 + 2 * 0.1) / 4)


def test_without_confidence_there_is_no_calibration(tmp_path: Path) -> None:
    analysis = measured(tmp_path, candidate=WORSE).analysis
    assert analysis.token_calibration is None
    assert analysis.entity_calibration is None


@pytest.mark.parametrize("scheme", [BIOES, PLAIN])
def test_gold_tags_that_the_scheme_cannot_read_are_plain(tmp_path: Path, scheme: object) -> None:
    answers = [answer("S-PER", confidence=(0.5,)), answer("NOUN VERB", "NOUN NOUN", confidence=(0.9, 0.9))]
    found = measure(answer_files(tmp_path, candidate=answers), BIOES if scheme is BIOES else PLAIN, OPTIONS)
    assert found.plain
    assert found.labels == {"S-PER", "NOUN", "VERB"}
    overall = found.analysis.overall
    assert found.analysis.primary == "token_accuracy"
    assert overall.entities == 0
    assert overall.candidate["tag_f1/NOUN"].value == pytest.approx(2 / 3)
    assert overall.candidate["tag_accuracy/VERB"].value == 0.0
    assert not any(key.startswith("entit") for key in overall.candidate)
    assert found.analysis.entity_calibration is None


@pytest.mark.parametrize("answers", [ANSWERS, [answer("NOUN VERB")]], ids=["entities", "plain"])
def test_every_computed_metric_may_have_a_floor(tmp_path: Path, answers: list[Answer]) -> None:
    """The names that settings know are those that there are."""
    overall = measured(tmp_path, candidate=answers).analysis.overall
    keys = {key for key in overall.candidate if not key.startswith("entities/")}
    metrics = {parse_target(key).metric for key in keys}
    of_kind = names.TAG_METRICS if answers is not ANSWERS else names.ENTITY_METRICS
    assert metrics == {*names.COMMON_METRICS, *of_kind} - {names.PRIMARY}


@pytest.mark.parametrize("other", [BASELINE, CRFSUITE])
@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (ANSWERS[:-1], "sentence 4 is not that of"),
        ([*ANSWERS, answer("O")], "found more sentences than in"),
        (ANSWERS[::-1], "sentence 1 is not that of"),
        ([answer("O O O"), *ANSWERS[1:]], "sentence 1 is not that of"),
    ],
)
def test_answers_to_other_sentences_are_an_error(
    tmp_path: Path, other: str, answers: list[Answer], message: str
) -> None:
    with pytest.raises(OtherSentences, match=message) as caught:
        measured(tmp_path, **{CANDIDATE: ANSWERS, other: answers})
    assert f"{other}.jsonl.gz" in str(caught.value)


def test_an_empty_or_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OtherSentences, match="found no sentence"):
        measured(tmp_path, candidate=[])
    with pytest.raises(FileNotFoundError):
        measure({CANDIDATE: tmp_path / "missing"}, BIOES, OPTIONS)
