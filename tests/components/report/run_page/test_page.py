"""The page about a run: what it says, that data cannot break it, and that it stands alone."""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from html.parser import HTMLParser

import msgspec
import pytest

from components.predictor.answer import Answer
from components.report.errors.error_analysis import analyse_errors
from components.report.run_page.page import render
from components.report.run_page.run import Pushed, Run
from tagging.schemes import BIO
from tests.components.report.handmade_runs import HOSTILE, PUSHED, REFUSED, RUNS, long_run

# Plots take their time: each of the runs is rendered once.
rendered = functools.cache(lambda name: render(RUNS[name]))
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Tags balanced, ids unique, links resolved; collects the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self._cells: list[list[str]] = []
        self.headings: list[int] = []
        self.errors: list[dict[str, str]] = []
        self._text: list[str] = []
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return " ".join("".join(self._text).split())

    @property
    def rows(self) -> list[list[str]]:
        return [[" ".join(cell.split()) for cell in row] for row in self._cells]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attributes)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self._cells.append([])
        if tag in ("td", "th"):
            self._cells[-1].append("")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in ("p", "li", "td", "th", "dt", "dd", "h2", "h3", "tr"):
            self._text.append("\n")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = {name: value or "" for name, value in attributes}
        for name, value in given.items():
            assert not name.startswith("on"), name
            if name == "id":
                self.ids.append(value)
            elif name in ("href", "src", "xlink:href", "action", "data"):
                self.links.append(value)
        if tag == "li" and "data-kind" in given:
            self.errors.append(given)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open or "script" in self.open:
            return
        self._text.append(data)
        if "td" in self.open or "th" in self.open:
            self._cells[-1][-1] += data


@pytest.mark.parametrize("name", RUNS)
def test_the_page_is_valid_and_self_contained(name: str) -> None:
    html = rendered(name)
    page = Page(html)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    inside = {link for link in page.links if not link.startswith("data:image/png;base64,")}
    assert inside
    # A filter stands behind the name of the place.
    assert {link.removeprefix("#").partition("?")[0] for link in inside} <= set(page.ids)
    assert not set(page.tags) & {"link", "img", "iframe", "object", "embed", "form"}
    assert page.tags.count("script") == 2
    assert not re.search(r"@import|url\((?!#)", html)
    # Names of namespaces are no addresses to load.
    assert set(re.findall(r"https?://[^\"<\s]+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert len(html.encode()) < 500_000


@pytest.mark.parametrize("name", RUNS)
def test_heading_levels_are_not_skipped(name: str) -> None:
    page = Page(rendered(name))
    assert page.headings.count(1) == 1
    assert page.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert page.tags.count("main") == page.tags.count("nav") == page.tags.count("header") == 1


@pytest.mark.parametrize("name", ["pushed", "plain", "hostile"])
def test_the_same_run_gives_the_same_bytes(name: str) -> None:
    assert render(RUNS[name]) == rendered(name)


def test_a_pushed_run_shows_its_version_and_hashes() -> None:
    text = Page(rendered("pushed")).text
    assert "tagger: pushed" in text
    assert "Pushed as version 3 It passed every gate." in text
    assert "/srv/models/tagger/3" in text
    assert "Not pushed" not in text
    assert "7 files" not in text
    assert "12 sentences in 1 file SHA-256 0123456789abcdef" in text
    assert "artifact 7, epoch 2 of 3 SHA-256 fedcba9876543210" in text
    assert "99 % within 7.25 ms; ready after 4.2 s; 82 answers equal those in memory" in text


def test_a_refused_run_shows_reasons_and_rules() -> None:
    page = Page(rendered("refused"))
    assert "tagger: not pushed" in page.text
    assert "Not pushed This model was refused:" in page.text
    assert (
        page.text.count("of PER is 0.6000 on domain=news; required: at least 0.7") == 2
    )  # above, and in the table
    assert "'Anna': the served offsets differ" in page.text
    assert "/srv/models" not in page.text
    assert "3 rules: 1 failed, 2 passed, 0 skipped." in page.text


def test_every_rule_is_a_row() -> None:
    rows = Page(rendered("refused")).rows
    floor = next(row for row in rows if row[0].startswith("floor") and "✗" in row[1])
    assert floor == [
        "floor ModelGate",
        "✗ failed",
        "entity F1 (strict) of PER is 0.6000 on domain=news; required: at least 0.7",
        "≥ 0.7",
        "0.6000",
        "domain=news",
    ]
    rows = Page(rendered("pushed")).rows
    assert ["≥ 0.5", "0.8125 0.7125 to 0.8625", ""] in [row[3:] for row in rows]
    # ModelGate repeats the other gate's rules; each is vectors once, under the gate that measured.
    assert [row for row in rows if row[0].startswith("median latency")] == [
        [
            "median latency ServingCheck",
            "✓ passed",
            "median 3.5 ms; allowed: at most 10 ms",
            "≤ 10",
            "3.5",
            "",
        ]
    ]
    assert ["calibration of tokens ModelGate", "– skipped", "no bound is set (it is not set)"] in [
        row[:3] for row in rows
    ]


def test_a_forced_push_is_shown_with_its_reason() -> None:
    page = Page(rendered("forced"))
    assert "tagger: forced" in page.text
    assert "although a gate refused it. Reason: the fair is on Monday" in page.text
    assert "Pushed by force as version 3 This model was refused:" in page.text
    assert "It passed every gate" not in page.text


def test_a_push_that_could_not_be_forced_says_so() -> None:
    text = Page(render(replace(REFUSED, pushed=Pushed(not_forced="it does not serve")))).text
    assert "The push could not be forced: it does not serve." in text


def test_a_duplicate_is_no_new_version() -> None:
    text = Page(render(replace(PUSHED, pushed=replace(PUSHED.pushed, duplicate=True)))).text
    assert "In place already as version 3" in text


def test_the_tables_have_the_runs_numbers_and_settings() -> None:
    assert PUSHED.settings in rendered("pushed")
    rows = Page(rendered("pushed")).rows
    assert ["train", "7", "30", "9", "9", "", "2", "0"] in rows
    assert ["test", "5", "17", "6", "4", "25.0 %", "0", "0"] in rows
    assert ["LOC", "5", "2"] in rows  # by split
    # The candidate with its interval, the latest blessed, the difference with its own, CRFsuite.
    assert [
        "entity F1 (strict)", "0.8125 0.713 to 0.863", "0.7925", "+0.0200 −0.010 to 0.040", "0.7625",
    ] in rows  # fmt: skip
    # The most frequent label comes first.
    labels = [row[:5] for row in rows if row[0] in ("PER", "creative-work") and len(row) == 7]
    assert labels == [
        ["creative-work", "9", "1.000", "1.000", "1.000"],
        ["PER", "3", "0.750", "0.500", "0.600 0.400 to 0.700"],
    ]


def test_slices_are_in_natural_order_and_name_their_metric() -> None:
    page = Page(rendered("pushed"))
    assert [row[0] for row in page.rows if row[0] in ("1-10", "11-20")] == ["1-10", "11-20"]
    assert ["news", "3", "4", "0.5000 0.400 to 0.550"] in page.rows
    # Of entities that train has not, recall alone can be vectors.
    assert ["unseen", "2", "2", "0.1250 0.000 to 0.250"] in page.rows
    assert ["entity", "sentences", "entities", "entity recall (strict)"] in page.rows
    assert "Empty in the test split: length=21+" in page.text


def test_without_baseline_and_crfsuite_there_are_no_such_columns() -> None:
    assert PUSHED.analysis is not None
    whole = PUSHED.analysis.slices[1]
    alone = replace_overall(PUSHED, whole)
    page = Page(render(alone))
    assert "there is no other blessed model yet" in page.text
    assert "CRFsuite" not in page.text
    assert "latest blessed" not in [cell for row in page.rows for cell in row]


def replace_overall(run: Run, whole: object) -> Run:
    assert run.analysis is not None
    renamed = msgspec.structs.replace(whole, name="")  # type: ignore[type-var]
    return replace(run, analysis=msgspec.structs.replace(run.analysis, slices=[renamed]))


def test_mistakes_are_counted_and_lead_to_their_errors() -> None:
    html = rendered("pushed")
    page = Page(html)
    assert "5 errors in 4 of 5 sentences; 2 entities are right." in page.text
    for kind in ("missed", "spurious", "wrong boundary", "wrong type", "wrong boundary and type"):
        assert f"#errors?kind={kind.replace(' ', '%20')}" in page.links
    # Gold down, predicted across: LOC, ORG, PER, nothing.
    matrix = [row for row in page.rows if len(row) == 5 and row[0] in ("LOC", "ORG", "PER", "nothing")]
    assert matrix == [
        ["LOC", "1", "·", "1", "·"],
        ["ORG", "1", "·", "·", "·"],
        ["PER", "·", "·", "1+1", "1"],
        ["nothing", "1", "·", "·", ""],
    ]
    assert "#errors?gold=LOC&predicted=PER" in page.links
    assert "#errors?kind=missed&gold=PER" in page.links
    assert "#errors?kind=spurious&predicted=LOC" in page.links
    assert "#errors?kind=wrong%20boundary&gold=PER&predicted=PER" in page.links


def test_the_worst_errors_are_those_of_the_highest_confidence() -> None:
    page = Page(rendered("pushed"))
    assert [(error["data-kind"], error["data-gold"], error["data-predicted"]) for error in page.errors] == [
        ("missed", "PER", ""),  # 0.95
        ("wrong type", "LOC", "PER"),  # 0.9
        ("spurious", "", "LOC"),  # 0.8
        ("wrong boundary", "PER", "PER"),  # 0.6
        ("wrong boundary and type", "ORG", "LOC"),  # 0.3
    ]
    first = page.text[page.text.index("1 missed gold") :]
    assert first.startswith("1 missed gold PER Bo confidence 0.9500 sentence 2, domain chat we met PER")
    assert "All 5 errors, the worst first" in page.text


def test_gold_is_above_the_token_and_predicted_below_it() -> None:
    html = rendered("pushed")
    start = html.index('data-gold="LOC" data-predicted="PER"')
    sentence = re.sub(
        "<[^>]*>", "|", html[html.index('<p class="sentence"', start) : html.index("</li>", start)]
    )
    shown = [word.strip() for word in sentence.split("|") if word.strip()]
    # Anna is right; of Rome the gold type comes first, and what was predicted last.
    assert shown == ["PER", "Anna", "&nbsp;", "PER", "0.99", "saw", "LOC", "Rome", "&nbsp;", "PER", "0.90"]


def test_plain_tags_have_tags_and_no_entities() -> None:
    page = Page(rendered("plain"))
    assert "2 errors in 2 of 2 sentences; 3 tokens are right." in page.text
    assert [(error["data-kind"], error["data-gold"], error["data-predicted"]) for error in page.errors] == [
        ("wrong tag", "ADV", "NOUN"),
        ("wrong tag", "NOUN", "VERB"),
    ]
    assert "By tag" in page.text
    # Accuracy and F1 of NOUN, of which gold has two tokens.
    assert ["NOUN", "2", "0.500", "0.400"] in page.rows
    assert "entities" not in [cell for row in page.rows for cell in row]
    assert "missed" not in page.text
    assert "spurious" not in page.text


def test_a_run_without_errors_and_timings_says_so() -> None:
    text = Page(rendered("flawless")).text
    assert "There are no errors." in text
    assert "0 errors in 0 of 1 sentences" in text
    assert "the metadata of this run are not in a file on this machine" in text


def test_findings_are_listed_with_their_place_and_the_rest_counted() -> None:
    text = Page(rendered("pushed")).text
    assert "2 findings, and 2 more of the same kinds" in text
    assert "D204 warning train.conll:3 label LOC has 5 examples; add some" in text
    assert "D402 warning a domain is new" in text


def test_timings_of_every_component() -> None:
    rows = Page(rendered("pushed")).rows
    assert ["Trainer", "37.2", "", "done", "2026-01-02 03:04:05", "Model 7"] in rows
    assert [
        "CorpusGen",
        "0.0",
        "",
        "cached made in 12.5 s",
        "2026-01-02 03:04:05",
        "Examples 1",
    ] in rows
    assert ["Report", "", "", "running", "2026-01-02 03:04:05", ""] in rows


def test_the_highest_and_lowest_transitions_are_listed() -> None:
    page = Page(rendered("pushed"))
    favoured = [row for row in page.rows if row[:2] == ["B-PER", "I-PER"]]
    assert favoured == [["B-PER", "I-PER", "+2.00"]]
    # The scheme shuts it out: its score, however low, is nothing that the CRF shuns.
    assert not any(row[2] == "−9.00" for row in page.rows if len(row) == 3)
    assert "Grey ones (6) are forbidden by the scheme" in page.text


def test_data_cannot_break_the_page() -> None:
    html = rendered("hostile")
    page = Page(html)
    assert page.open == []
    assert page.tags.count("script") == 2
    assert page.tags.count("style") == 1
    assert HOSTILE not in html
    assert page.text.count("alert('1')") >= 30
    # An escape sequence and a mark that turns the text around are shown, not obeyed.
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "␛[31m" in page.text


def test_hebrew_is_shown_from_right_to_left() -> None:
    given = Answer(("שלום", "Anna"), ("O", "B-PER"), ("O", "O"), (0.5, 0.5))
    assert '<p class="sentence" dir="rtl">' in render(replace(PUSHED, errors=analyse_errors([given], BIO)))


def test_long_sentences_and_many_labels_stay_small() -> None:
    html = render(long_run())
    page = Page(html)
    assert len(html.encode()) < 3_000_000
    assert 100 <= len(page.errors) <= 160
    assert page.open == []
    assert "The 30 with most errors of 50." in page.text
    assert "The 44 most frequent of 100 tags." in page.text


def test_the_page_shows_the_coverage_of_pretrained_vectors() -> None:
    vectors = {
        "file": "/data/<glove>.txt", "format": "GloVe text", "width": 100, "rows": 400_000, "unreadable": 0,
        "frozen": True, "factor": 0.2, "words": 2_000, "words_covered": 1_500, "words_as_written": 1_400,
        "tokens": 40_000, "tokens_covered": 39_000, "extra_words": 1_000,
    }  # fmt: skip
    text = Page(render(replace(PUSHED, vectors=vectors))).text
    assert "/data/<glove>.txt (GloVe text, 400,000 rows of 100), frozen" in text
    assert "1,500 of 2,000 words of train (75.0%) and 39,000 of its 40,000 tokens (97.5%)" in text
    assert "1,000 more words" in text
    assert "Pretrained" not in Page(rendered("pushed")).text
