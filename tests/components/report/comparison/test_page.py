"""The page that compares two runs: its content, hostile data, and in a browser."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Browser
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

from components.corpus_gen.summary import CorpusSummary, SplitCounts
from components.report.comparison.page import Comparison, Side, compare, differing_settings, render
from components.report.comparison.sentences import compare_sentences
from components.scores.options import ScoreOptions
from components.verdict import Rule, Verdict
from tagging.schemes import BIO
from tests.components.report.comparison.answer_files import written

HOSTILE = "<script>document.title='broken'</script>&\"]]>"
OPTIONS = ScoreOptions(resamples=200, slice_by=("domain",), length_buckets=(2,))
LABELS = ("PER", "LOC")


def corpus(fingerprint: str, labels: Sequence[str] = LABELS) -> CorpusSummary:
    split = SplitCounts(sentences=1_234, tokens=20_000, entities=dict.fromkeys(labels, 9))
    return CorpusSummary("BIO", "BIO", fingerprint, {}, {"train": split, "test": SplitCounts(sentences=7)})


def side(name: str, **changes: object) -> Side:
    history = {
        "metric": "entity_f1_strict",
        "best": 2,
        "epochs": [
            {"loss": 4.0, "dev_score": 0.5, "learning_rate": 0.1},
            {"loss": 2.0, "dev_score": 0.75, "learning_rate": 0.05},
        ],
    }
    made = Side(
        name=name,
        run_id=f"{name}-id",
        began="2026-01-01 10:00 UTC",
        ending="pushed",
        verdict="pushed as version 1",
        settings={"name": "tagger", "trainer": {"epochs": 2, "crf": {"constrained": True}}},
        corpus=corpus("a" * 64),
        history=history,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def tags(random: Random, length: int) -> tuple[str, ...]:
    made: list[str] = []
    while len(made) < length:
        label = random.choice((*LABELS, "O", "O"))
        made += ["O"] if label == "O" else [f"B-{label}", *[f"I-{label}"] * random.randrange(2)]
    return tuple(made[:length])


@pytest.fixture
def two(tmp_path: Path) -> tuple[list[tuple[str, ...]], ...]:
    """Gold tags, and what two models make of them."""
    random = Random(2)
    gold = [tags(random, random.randrange(1, 9)) for _ in range(80)]
    first, second = ([t if random.random() < 0.6 else tags(random, len(t)) for t in gold] for _ in range(2))
    return gold, first, second


@pytest.fixture
def compared(two: tuple[list[tuple[str, ...]], ...], tmp_path: Path) -> Comparison:
    gold, first, second = two
    return compare(
        side("before", answers=written(tmp_path / "1.gz", gold, first)),
        side("after", answers=written(tmp_path / "2.gz", gold, second)),
        BIO,
        OPTIONS,
    )


def test_scores_of_the_same_sentences_are_paired(
    compared: Comparison, two: tuple[list[tuple[str, ...]], ...]
) -> None:
    gold, first, second = (list(map(list, each)) for each in two)
    oracle = {"mode": "strict", "scheme": IOB2}
    assert compared.paired
    row = compared.headline
    assert row is not None
    assert row.name == compared.primary == "entity_f1_strict"
    assert row.first is not None
    assert row.second is not None
    assert row.difference is not None
    assert row.first.value == pytest.approx(f1_score(gold, first, **oracle))
    assert row.second.value == pytest.approx(f1_score(gold, second, **oracle))
    assert row.difference.value == pytest.approx(row.second.value - row.first.value)
    assert row.difference.low is not None
    assert row.difference.high is not None
    assert row.difference.low <= row.difference.value <= row.difference.high
    by_label = f1_score(gold, second, average=None, **oracle)
    assert [label.second.value for label in compared.labels if label.second] == pytest.approx(list(by_label))
    assert [row.name for row in compared.labels] == ["entity_f1_strict/LOC", "entity_f1_strict/PER"]
    names = [row.name for row in compared.slices]
    assert {"domain=chat", "domain=news"} <= set(names)


def test_sentences_are_counted_by_which_model_is_right(
    compared: Comparison, two: tuple[list[tuple[str, ...]], ...]
) -> None:
    gold, first, second = two
    right = [(one == given, other == given) for given, one, other in zip(gold, first, second, strict=True)]
    found = compared.sentences
    assert found is not None
    assert (found.both, found.first_only, found.second_only, found.neither) == tuple(
        right.count(each) for each in ((True, True), (True, False), (False, True), (False, False))
    )
    assert [each.number for each in found.lost] == [
        place for place, each in enumerate(right, 1) if each == (True, False)
    ]
    assert min(found.first_only, found.second_only) > 5


@pytest.mark.parametrize("other", ["fewer", "more", "another"])
def test_other_sentences_are_not_compared(tmp_path: Path, other: str) -> None:
    gold = [("B-PER",), ("O", "O")]
    changed = {"fewer": gold[:1], "more": [*gold, ("O",)], "another": [("B-LOC",), gold[1]]}[other]
    one, two_ = written(tmp_path / "1", gold, gold), written(tmp_path / "2", changed, changed)
    assert compare_sentences(one, two_, BIO) is None
    found = compare(side("a", answers=one), side("b", answers=two_), BIO, OPTIONS)
    assert not found.paired
    assert "Not compared: they did not answer the same sentences" in render(found)


def test_differing_settings_are_listed_by_their_keys() -> None:
    before = {"a": 1, "deep": {"same": [1], "x": None}, "gone": "y"}
    after = {"a": 2, "deep": {"same": [1], "x": {}}, "new": False}
    assert differing_settings(before, after) == [
        ("a", "1", "2"), ("deep.x", "null", "{}"), ("new", "", "False"), ("gone", "y", ""),
    ]  # fmt: skip


def test_runs_without_an_analysis_are_compared_by_their_metrics() -> None:
    found = compare(
        side("old", metrics={"primary": 0.5, "entity_f1_strict": 0.5, "entity_f1_strict/PER": 0.25}),
        side("newer", metrics={"primary": 0.75, "entity_f1_strict": 0.75}),
        BIO,
        OPTIONS,
    )
    assert found.primary == "entity_f1_strict"
    assert [(row.name, row.difference.value) for row in found.overall if row.difference] == [
        ("entity_f1_strict", 0.25)
    ]
    assert "+0.2500" in render(found)


def test_runs_without_any_results_make_a_page_too() -> None:
    nothing = side(
        "a", corpus=None, history=None, settings={}, ending="broken", verdict="broken in CorpusGen"
    )
    page = render(compare(nothing, replace(nothing, name="b"), BIO, OPTIONS))
    for text in ("broken in CorpusGen", "Neither run has scores", "Neither run has trained", "None."):
        assert text in page


def test_rules_of_both_verdicts_are_paired() -> None:
    floor = Rule(name="floor", metric="entity_f1_strict", words="0.4 is below 0.5", passed=False)
    fall = Rule(name="no significant fall", words="no baseline", passed=True, skipped="no baseline yet")
    found = compare(
        side("a", gate=Verdict.of("ModelGate", [floor])),
        side("b", gate=Verdict.of("ModelGate", [replace_rule(floor), fall])),
        BIO,
        OPTIONS,
    )
    assert [(pair.name, bool(pair.first), bool(pair.second)) for pair in found.rules] == [
        ("floor entity_f1_strict", True, True), ("no significant fall", False, True),
    ]  # fmt: skip
    assert "not applied" in render(found)


def replace_rule(rule: Rule) -> Rule:
    return Rule(name=rule.name, metric=rule.metric, words="0.6 is above 0.5", passed=True)


def test_in_a_browser_nothing_breaks_it(browser: Browser, tmp_path: Path) -> None:
    """At two widths, in light and dark, with hostile names everywhere: no error, no network, no sideways scrolling."""
    gold, wrong = [("B-<b>", "O"), ("O",)], [("O", "O"), ("B-<b>",)]
    page = render(
        compare(
            side(HOSTILE, answers=written(tmp_path / "1", gold, gold), verdict=HOSTILE * 5),
            side(
                "after",
                answers=written(tmp_path / "2", gold, wrong),
                ending="refused",
                corpus=corpus(HOSTILE, ("PER", HOSTILE)),
                settings={HOSTILE: HOSTILE * 10, "name": HOSTILE},
                gate=Verdict.of("ModelGate", [Rule(name=HOSTILE, words=HOSTILE, passed=False)]),
            ),
            BIO,
            OPTIONS,
        )
    )
    path = tmp_path / "page.html"
    path.write_text(page, encoding="utf-8")
    assert not re.search(r"""(src|href)=["']?https?:""", page)
    for width in (1400, 400):
        for scheme in ("light", "dark"):
            opened = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
            messages: list[str] = []
            opened.on("console", lambda message, messages=messages: messages.append(message.text))
            opened.on("pageerror", lambda error, messages=messages: messages.append(str(error)))
            opened.on("request", lambda request, messages=messages: messages.append(request.url))
            opened.goto(path.as_uri())
            assert messages == [path.as_uri()]
            assert opened.title() == f"{HOSTILE} and after"
            assert opened.locator("#lost + ol > li").count() == 2
            assert opened.locator("mark").first.inner_text() == "w0 <b>"
            assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
            opened.close()
