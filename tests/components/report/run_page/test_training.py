"""The page on several seeds, a warm start and pretrained vectors."""

from __future__ import annotations

import json
from dataclasses import replace

from components.report.run_page.page import render
from tests.components.report.handmade_runs import PUSHED
from tests.components.report.run_page.test_page import Page
from trainer.initial_weights.warm_start import Carried, Kind
from trainer.training.history import Epoch, History
from trainer.training.seeds import Seeds

METRIC = "entity F1 (strict) on dev"


def history(*scores: float) -> History:
    return History(
        "entity_f1_strict",
        tuple(Epoch(number, 1.0, score, 0.1, 1.0, 1.0) for number, score in enumerate(scores, start=1)),
    )


def page(**changes: object) -> Page:
    return Page(render(replace(PUSHED, **changes)))  # type: ignore[arg-type]


def test_each_seed_is_a_row_and_the_median_is_marked() -> None:
    seeds = Seeds({4: history(0.25, 0.75), 5: history(0.5), 6: history(0.25, 0.375, 0.125)})
    shown = page(seeds=json.loads(seeds.to_json()))
    assert "3 models that differ by their seed alone." in shown.text
    assert f"The model is the median by {METRIC}: 0.5000, between 0.3750 and 0.7500." in shown.text
    start = shown.rows.index(["seed", METRIC, "best epoch", "epochs"])
    assert shown.rows[start + 1 : start + 4] == [
        ["4", "0.7500", "2", "2"],
        ["5 the model", "0.5000", "1", "1"],
        ["6", "0.3750", "2", "3"],
    ]


def test_a_warm_start_shows_carried_new_and_dropped_rows() -> None:
    carried = Carried(
        base_model="/runs/Trainer/model/7/Format-Serving",
        kinds={
            "words": Kind(carried=2300, new=57, dropped=12),
            "tags": Kind(carried=16, new=1, dropped=0),
        },
        new_tags=["S-<ORG>"],
        not_carried={"encoder.forward.kernel": "160 x 600 there, 160 x 400 here"},
    )
    shown = page(warm_start=json.loads(carried.to_json()))
    assert (
        "The training began with the weights of /runs/Trainer/model/7/Format-Serving, by name." in shown.text
    )
    start = shown.rows.index(["rows of", "carried over", "new", "dropped"])
    assert shown.rows[start + 1 : start + 3] == [["words", "2,300", "57", "12"], ["tags", "16", "1", "0"]]
    assert "New tags: S-<ORG>." in shown.text
    assert "Dropped tags" not in shown.text
    assert "encoder.forward.kernel: 160 x 600 there, 160 x 400 here" in shown.text


def test_a_missing_warm_start_is_explained() -> None:
    shown = page(
        warm_start=json.loads(Carried(reason="there is no blessed model to start from yet").to_json())
    )
    assert "No warm start: there is no blessed model to start from yet." in shown.text


def test_without_seeds_and_warm_start_the_page_has_no_such_parts() -> None:
    text = page().text
    assert "Warm start" not in text
    assert "warm start" not in text
    assert "Seeds" not in text
