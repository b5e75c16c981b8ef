"""The page about a run: what it says, that data cannot break it, and that it stands alone."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import msgspec
import pytest

from components.corpus_gate.verdict import Verdict
from components.corpus_gen.summary import CorpusSummary, SplitCounts
from components.entity_metrics.results import Evaluation, Failure
from components.report.curve import curve
from components.report.page import Run, render
from corpus.report import Finding, Report, SplitStatistics

HOSTILE = "<script>alert('1')</script>&\"]]>"
VOID = {"meta", "br", "hr", "img", "link", "input"}


CORPUS = CorpusSummary(
    scheme="BIO",
    train_scheme="BIOES",
    fingerprint="0123456789abcdef" * 4,
    files={"train.conll": 7},
    splits={
        "train": SplitCounts(sentences=7, tokens=30, entities={"PER": 4, "LOC": 5}, repairs=2),
        "test": SplitCounts(sentences=3, tokens=11, entities={"PER": 1}),
    },
)
FINDINGS = Report(
    scheme="BIO",
    splits={"train": SplitStatistics()},
    findings=[
        Finding("D204", "warning", "label LOC has 5 examples", path="train.conll", line=3, remedy="add some"),
        Finding("D402", "warning", "a domain is new"),
    ],
    counts={"D204": 1, "D402": 1},
)
OVERALL = {
    "primary": 0.8125,
    "entity_f1_strict": 0.8125,
    "token_accuracy": 0.9,
    "entity_precision_strict/PER": 0.75,
    "entity_recall_strict/PER": 0.5,
    "entity_f1_strict/PER": 0.6,
    "entities/PER": 4.0,
    "entity_precision_strict/creative-work": 1.0,
    "entity_recall_strict/creative-work": 1.0,
    "entity_f1_strict/creative-work": 1.0,
    "entities/creative-work": 9.0,
}
PUSHED = Run(
    corpus=CORPUS,
    corpus_verdict=Verdict.of(FINDINGS),
    history={
        "epochs": [{"loss": 9.5, "dev_score": 0.4}, {"loss": 2.5, "dev_score": 0.8}],
        "best": 2,
        "metric": "entity_f1_strict",
    },
    evaluation=Evaluation(
        {"": OVERALL, "domain=news": {"primary": 0.5}}, {"": {"entity_f1_strict": 0.8}}, ()
    ),
    blessed=True,
    serving={"reasons": [], "answers": 82, "median_ms": 3.5, "seconds_to_ready": 4.2, "blessed": True},
    pushed_to="/srv/models/tagger/3",
    run_id="2026-01-01T00:00:00",
    settings="name: tagger\ntrainer:\n  epochs: 2\n",
)
REFUSED = replace(
    PUSHED,
    pushed_to="",
    blessed=False,
    evaluation=replace(
        PUSHED.evaluation, failures=(Failure("primary", "entity F1 (strict) is 0.8125; asked: 0.9"),)
    ),
    serving={**PUSHED.serving, "reasons": ["'Anna': the served offsets differ"], "blessed": False},
)
PLAIN = replace(
    PUSHED,
    corpus=CorpusSummary("PLAIN", "PLAIN", "ab" * 32, {}, {"train": SplitCounts(sentences=1, tokens=3)}),
    corpus_verdict=Verdict.of(Report(findings=[], counts={}, splits={})),
    history={"epochs": [{"loss": 1.0, "dev_score": 0.5}], "best": 1, "metric": "token_accuracy"},
    evaluation=Evaluation({"": {"primary": 0.9, "token_accuracy": 0.9}}, {}, ()),
    serving={"reasons": [], "answers": 0, "median_ms": None, "seconds_to_ready": None, "blessed": True},
)
RUNS = {"pushed": PUSHED, "refused": REFUSED, "plain": PLAIN}


class Page(HTMLParser):
    """Tags balanced, ids unique, links resolved; collects the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.words: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attributes)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attributes:
            assert not name.startswith("on"), name
            if name == "id":
                self.ids.append(value or "")
            elif name in ("href", "src", "xlink:href", "action", "data"):
                self.links.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and data.strip():
            self.words.append(" ".join(data.split()))
            if self.open and self.open[-1] in ("td", "th"):
                self.rows[-1].append(data)


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_the_page_is_sound_and_stands_alone(run: Run) -> None:
    html = render(run)
    page = Page(html)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert page.links
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert not page.tags & {"script", "link", "img", "iframe", "object", "embed", "form"}
    assert not re.search(r"@import|url\((?!#)", html)
    # Names of namespaces are no addresses to load.
    assert set(re.findall(r"https?://[^\"<\s]+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert len(html) < 60_000


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_the_same_run_gives_the_same_page(run: Run) -> None:
    assert render(run) == render(run)


def test_a_pushed_run_says_where_to() -> None:
    words = Page(render(PUSHED)).words
    assert "tagger: pushed" in words
    assert "to /srv/models/tagger/3" in words
    assert "Not pushed" not in words
    assert "Run 2026-01-01T00:00:00 on data 0123456789ab" in words
    assert "Best epoch 2 of 2." in words
    assert "82 answers compared with the model in memory; median 3.5 ms, ready after 4.2 s." in words


def test_the_tables_hold_the_runs_numbers() -> None:
    rows = Page(render(PUSHED)).rows
    assert ["train", "7", "30", "9", "2"] in rows
    assert ["entity F1 (strict)", "0.8125", "0.8000"] in rows
    assert ["token accuracy", "0.9000"] in rows
    assert ["domain=news", "0.500"] in rows
    labels = [row for row in rows if row[0] in ("PER", "creative-work")]
    # The most frequent label comes first.
    assert labels == [
        ["creative-work", "1.000", "1.000", "1.000", "9"],
        ["PER", "0.750", "0.500", "0.600", "4"],
    ]


def test_a_refused_run_says_why() -> None:
    words = Page(render(REFUSED)).words
    assert "tagger: not pushed" in words
    assert "entity F1 (strict) is 0.8125; asked: 0.9" in words
    assert words.count("'Anna': the served offsets differ") == 2  # with the verdict, and under Serving
    assert not any("/srv/models" in word for word in words)


def test_plain_tags_have_no_table_of_labels() -> None:
    words = Page(render(PLAIN)).words
    assert "By label" not in words
    assert "By slice" not in words
    assert "token accuracy" in words
    assert "0 answers compared with the model in memory." in words


def test_findings_are_listed_with_their_place() -> None:
    words = " ".join(Page(render(PUSHED)).words)
    assert "2 findings of CorpusGate" in words
    assert "D204 train.conll:3: label LOC has 5 examples; add some" in words
    assert "D402 a domain is new" in words


def hostile_run() -> Run:
    finding = Finding("D101", "error", HOSTILE, path=HOSTILE, line=1)
    overall = {
        "primary": 0.5,
        **{f"entity_{score}_strict/{HOSTILE}": 0.5 for score in ("precision", "recall", "f1")},
        f"entities/{HOSTILE}": 1.0,
    }
    return replace(
        REFUSED,
        corpus=msgspec.structs.replace(
            CORPUS, scheme=HOSTILE, splits={HOSTILE: SplitCounts(sentences=1, first_repairs=[HOSTILE])}
        ),
        corpus_verdict=Verdict(True, [], Report(findings=[finding], counts={}, splits={})),
        history={**PUSHED.history, "metric": HOSTILE},
        evaluation=Evaluation(
            {"": overall, f"domain={HOSTILE}": overall}, {}, (Failure("primary", HOSTILE),)
        ),
        serving={**REFUSED.serving, "reasons": [HOSTILE]},
        run_id=HOSTILE,
        settings=f"name: tagger\ndata: {HOSTILE}\n",
    )


def test_data_cannot_break_the_page() -> None:
    html = render(hostile_run())
    assert "<script" not in html
    page = Page(html)
    assert page.open == []
    assert "script" not in page.tags
    text = " ".join(page.words)
    # Run, scheme, split, finding twice, label, slice, two reasons twice and once, settings, a plot's title.
    assert text.count("alert('1')") >= 10


def test_the_settings_are_there_as_they_were() -> None:
    assert PUSHED.settings in render(PUSHED)


def test_a_curve_has_a_name_for_those_who_cannot_see_it() -> None:
    svg = curve([1.0, 0.5], 'a "title"')
    assert 'role="img" aria-label="a &#34;title&#34;"' in svg
    assert "#123456" not in svg
    assert "currentColor" in svg


def test_a_curve_of_one_epoch_is_drawn() -> None:
    assert curve([0.5], "loss").startswith("<svg")
