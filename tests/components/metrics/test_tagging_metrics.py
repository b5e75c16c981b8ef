"""`TaggingMetrics` on single sentences: counting, merging, and telling plain from entity tags."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_model_analysis.metrics import metric_types

from components.metrics.names import PRIMARY
from components.metrics.tagging_metrics import TaggingMetrics


def test_the_partial_measures_differ() -> None:
    gold = ["B-PER", "E-PER", "O", "S-LOC", "S-LOC", "O", "B-ORG", "E-ORG"]
    predicted = ["S-PER", "O", "O", "S-PER", "O", "S-LOC", "S-ORG", "O"]
    scoring = combiner()
    found = values(scoring, scoring.add_input(scoring.create_accumulator(), element(gold, predicted)))
    assert found["entity_f1_strict"] == 0.0
    assert found["entity_f1_overlap"] == pytest.approx(2 / 4)  # PER and ORG
    assert found["entity_f1_boundary"] == pytest.approx(1 / 4)  # a LOC that is called PER
    assert found["entity_f1_type"] == pytest.approx(3 / 4)  # PER, ORG, and a LOC somewhere


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


def test_merging_does_not_change_its_inputs() -> None:
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


def test_without_sentences_every_score_is_0() -> None:
    scoring = combiner()
    scores = values(scoring, scoring.create_accumulator())
    assert set(scores.values()) == {0.0}
