"""The page in a real browser, on a real server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Route, expect

from serving.client.entities import entity_spans
from serving.server.flags import ANY_FREE_PORT, Flags
from tests.browser import Visit, assert_text_stands_out, count_moving
from tests.serving import tiny_model
from tests.serving.running import running

pytestmark = pytest.mark.embedded

# A character of two UTF-16 units before the entities, one within, and one of two characters.
TEXT = "oh \U0001d4bb the Anna Keller met \U0001d538nna Zoe\u0308 there"
HOSTILE = (
    """it's <img src=x onerror=document.title='broken'> <i>Bo</i> "$HOME" `id` \\n Anna\n& \U0001d538nna"""
)


@pytest.fixture(scope="module")
def address(exported: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`tagger` in the versions 1 (PER, `stable`) and 2 (ORG), `pos` with plain tags, `old` without `explain`."""
    base = tmp_path_factory.mktemp("page")
    shutil.copytree(exported["PER"], base / "tagger" / "1")
    tiny_model.export(base / "tagger" / "2", "ORG", signatures=("decode_text", "explain"))
    tiny_model.export(base / "pos" / "1", "NAME", scheme="plain", signatures=("decode_text", "explain"))
    shutil.copytree(exported["ORG"], base / "old" / "1")
    entry = 'config {{ name: "{0}" base_path: "{1}/{0}" model_platform: "tensorflow" {2} }}'
    of_tagger = 'model_version_policy { all {} } version_labels { key: "stable" value: 1 }'
    entries = [
        entry.format(name, base, of_tagger if name == "tagger" else "") for name in ("tagger", "pos", "old")
    ]
    (base / "models.config").write_text(f"model_config_list {{ {' '.join(entries)} }}")
    flags = Flags(
        model_config_file=str(base / "models.config"),
        port=0,
        rest_api_port=ANY_FREE_PORT,
        file_system_poll_wait_seconds=0,
        allow_version_labels_for_unavailable_models=True,
        demo=True,
    )
    with running(flags) as server:
        yield f"http://127.0.0.1:{server.rest_port}/"


class DemoVisit(Visit):
    """A visit of the demo page."""

    def marks(self) -> list[tuple[str, str]]:
        return [
            (mark.text_content() or "", mark.get_attribute("data-label") or "")
            for mark in self.page.locator("#marked mark").all()
        ]


Open = Callable[..., DemoVisit]


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Open]:
    """Open the page with a text; at the end there are no complaints, and no requests to other hosts."""
    visits: list[tuple[DemoVisit, bool]] = []

    def opened(
        text: str | None = TEXT,
        *,
        model: str = "tagger",
        version: str = "",
        trouble: bool = False,
        **options: object,
    ) -> DemoVisit:
        now = DemoVisit.begin(browser, width=1200, **options)
        page = now.page
        visits.append((now, trouble))
        if text is None:
            page.goto(address)
        else:
            page.goto(f"{address}#text={quote(text)}&model={model}&version={quote(version)}")
        if text and not trouble:
            expect(page.locator("#summary")).to_contain_text("token")
        return now

    yield opened
    for now, trouble in visits:
        now.page.context.close()
        assert trouble or now.complaints == []
        assert {urlsplit(url).netloc for url in now.requests} <= {urlsplit(address).netloc}


def test_typed_text_is_shown_with_its_entities_marked(visit: Open) -> None:
    now = visit("")
    expect(now.page.locator("#empty")).to_be_visible()
    now.page.locator("#text").press_sequentially("then Anna Keller saw Rome ")
    expect(now.page.locator("#marked mark")).to_have_count(2)
    assert now.marks() == [("Anna Keller", "ORG"), ("Rome", "ORG")]
    assert now.page.locator("#marked").text_content() == "then Anna Keller saw Rome "


def test_it_opens_with_a_sample_and_answers_those_that_are_clicked(visit: Open) -> None:
    now = visit(None)
    expect(now.page.locator("#marked mark").first).to_be_visible()
    sample = now.page.locator(".sample").nth(3)
    sample.click()
    expect(now.page.locator("#marked")).to_have_text(sample.text_content() or "")


def test_marks_are_right_beyond_the_basic_plane(visit: Open) -> None:
    now = visit(TEXT, version="versions/1")
    assert now.marks() == [("Anna Keller", "PER"), ("\U0001d538nna Zoe\u0308", "PER")]
    assert now.page.locator("#marked").text_content() == TEXT


def test_a_pointer_over_an_entity_shows_label_and_probability(visit: Open) -> None:
    now = visit("we met Anna Keller in Rome today", version="versions/1")
    tip = now.page.locator("#tip")
    expect(tip).to_be_hidden()
    now.page.locator("#marked mark").first.hover()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("PER")
    expect(tip).to_contain_text("75.0\u00a0%")
    expect(tip).to_contain_text("least of its 2 tokens")
    tip.hover()  # to be read in peace
    now.page.wait_for_timeout(300)
    expect(tip).to_be_visible()
    now.page.mouse.move(5, 5)
    expect(tip).to_be_hidden()


def test_a_finger_on_an_entity_shows_it_too(visit: Open) -> None:
    now = visit("we met Anna", has_touch=True, viewport={"width": 360, "height": 740})
    now.page.locator("#marked mark").tap()
    now.page.wait_for_timeout(300)
    expect(now.page.locator("#tip")).to_contain_text("ORG")
    now.page.locator("h1").tap()
    expect(now.page.locator("#tip")).to_be_hidden()


def test_the_keyboard_walks_over_tokens_and_entities(visit: Open) -> None:
    now = visit("we met Anna Keller in Rome")
    page, focused = now.page, now.page.locator(":focus")
    page.locator("#marked [tabindex='0']").focus()
    page.keyboard.press("Home")
    expect(focused).to_have_text("we")
    expect(page.locator("#token-text")).to_have_text("we")
    expect(page.locator("#tip")).to_be_hidden()
    page.keyboard.press("ArrowDown")
    expect(focused).to_have_text("Anna")
    expect(page.locator("#tip")).to_contain_text("ORG 75.0\u00a0%")
    assert focused.get_attribute("aria-describedby") == "tip"
    page.keyboard.press("ArrowRight")
    expect(focused).to_have_text("Keller")
    expect(page.locator("#token-text")).to_have_text("Keller")
    page.keyboard.press("Escape")
    expect(page.locator("#tip")).to_be_hidden()
    page.keyboard.press("End")
    expect(focused).to_have_text("Rome")
    page.keyboard.press("ArrowUp")
    expect(focused).to_have_text("Anna")


def test_tab_reaches_every_control_and_shows_the_focus(visit: Open) -> None:
    now = visit("Anna met Keller")
    assert now.page.locator("body").evaluate("() => document.activeElement === document.body")
    seen = []
    for _ in range(40):
        now.page.keyboard.press("Tab")
        state = now.page.evaluate(
            """() => {
                const element = document.activeElement;
                const style = getComputedStyle(element);
                const name = element.id || element.dataset.copies || element.dataset.token || element.className;
                return element === document.body ? null : [name, style.outlineStyle, parseFloat(style.outlineWidth)];
            }"""
        )
        if state is None:
            break
        seen.append(state[0])
        assert state[1] != "none", state
        assert state[2] >= 1, state
    expected = ["skip", "model", "version", "text", "clear", "share", "2", *["sample"] * 5]
    assert seen == [*expected, "curl", "curl", "python", "python"]


def test_every_control_has_a_name_and_the_page_an_order(visit: Open) -> None:
    now = visit("Anna met Keller")
    unnamed = now.page.evaluate(
        """() => [...document.querySelectorAll("button, select, textarea, input, [role=button], [tabindex='0']")]
            .filter((each) => each.offsetParent)
            .filter((each) => !(each.getAttribute("aria-label") || each.labels?.length || each.textContent.trim()))
            .map((each) => each.outerHTML)"""
    )
    assert unnamed == []
    assert now.page.locator("html").get_attribute("lang") == "en"
    assert now.page.locator("h1").count() == now.page.locator("main").count() == 1
    ids = now.page.evaluate("() => [...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))
    references = now.page.evaluate(
        """() => [...document.querySelectorAll("*")].flatMap((each) =>
            ["aria-labelledby", "aria-describedby", "for"].map((name) => each.getAttribute(name)).filter(Boolean))"""
    )
    assert {each for names in references for each in names.split()} <= set(ids)


def test_a_version_or_a_label_is_chosen(visit: Open) -> None:
    now = visit("we met Anna")
    assert now.marks() == [("Anna", "ORG")]
    offered = now.page.locator("#version option").all_text_contents()
    assert offered == ["latest (2)", "stable (1)", "2", "1"]
    for value, label in (("versions/1", "PER"), ("versions/2", "ORG"), ("labels/stable", "PER"), ("", "ORG")):
        now.page.locator("#version").select_option(value)
        expect(now.page.locator("#marked mark")).to_have_attribute("data-label", label)


def test_another_model_is_chosen(visit: Open) -> None:
    now = visit("we met Anna")
    now.page.locator("#model").select_option("pos")
    expect(now.page.locator("#marked mark")).to_have_count(0)
    expect(now.page.locator("#version option").first).to_have_text("latest (1)")


def test_plain_tags_stand_below_their_tokens(visit: Open) -> None:
    now = visit("we met Anna", model="pos")
    words = now.page.locator("#marked .word")
    assert [word.get_attribute("data-tag") for word in words.all()] == ["word", "word", "NAME"]
    shown = words.last.evaluate("(word) => getComputedStyle(word, '::after').content")
    assert shown == '"NAME"'
    words.last.hover()
    expect(now.page.locator("#tip")).to_contain_text("NAME 50.0\u00a0%")
    expect(now.page.locator("#summary")).to_contain_text("3 tokens")
    expect(now.page.locator("#sequences .difference")).to_have_text("Anna word instead of NAME")


def test_the_most_probable_tag_sequences_with_their_probabilities(visit: Open) -> None:
    now = visit("we met Anna")
    sequences = now.page.locator("#sequences > li")
    expect(sequences).to_have_count(2)
    assert sequences.locator(".number").all_text_contents() == ["25.0\u00a0%", "12.5\u00a0%"]
    assert sequences.nth(0).locator("mark").all_text_contents() == ["Anna"]
    assert sequences.nth(1).locator("mark").count() == 0
    expect(sequences.nth(1)).to_contain_text("without Anna ORG")
    expect(now.page.locator("#sequences-rest")).to_have_text("All other sequences together: 62.5\u00a0%")


def test_each_tokens_distribution(visit: Open) -> None:
    now = visit("we met Anna in Rome")
    # The least certain token is shown first.
    expect(now.page.locator("#token-text")).to_have_text("Rome")
    now.page.locator("#marked .word").nth(2).click()
    expect(now.page.locator("#token-text")).to_have_text("Anna")
    expect(now.page.locator("#token-place")).to_have_text("characters 7 to 11")
    rows = now.page.locator("#distribution li")
    assert rows.locator(".tag").all_text_contents() == ["B-ORG", "I-ORG", "O"]
    assert rows.locator(".number").all_text_contents() == ["75.0\u00a0%", "12.5\u00a0%", "12.5\u00a0%"]
    widths = [
        bar.evaluate("(bar) => bar.offsetWidth / bar.parentNode.offsetWidth")
        for bar in rows.locator(".fill").all()
    ]
    assert widths == pytest.approx([0.75, 0.125, 0.125], abs=0.02)


@pytest.mark.parametrize("what", ["curl", "python"])
def test_the_request_that_is_copied_gets_the_same_answer(visit: Open, address: str, what: str) -> None:
    now = visit(HOSTILE, version="labels/stable", permissions=["clipboard-read", "clipboard-write"])
    now.page.locator(f"[data-copies={what}]").click()
    expect(now.page.locator("#status")).to_have_text("Copied")
    copied = now.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == now.page.locator(f"#{what}").text_content()
    command = ["bash", "-c", copied] if what == "curl" else [sys.executable, "-c", copied]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    outputs = json.loads(done.stdout)
    outputs = outputs.get("outputs", outputs)
    expected = now.page.evaluate(
        """async (text) => {
            const body = JSON.stringify({signature_name: "explain", inputs: {text: [text]}});
            const response = await fetch("v1/models/tagger/labels/stable:predict", {method: "POST", body});
            return (await response.json()).outputs;
        }""",
        HOSTILE,
    )
    assert outputs == expected
    assert outputs["tokens"] == [HOSTILE.split()]


def test_text_is_text_and_never_html(visit: Open) -> None:
    now = visit(HOSTILE)
    assert now.page.locator("#marked").text_content() == HOSTILE
    assert now.page.locator("img").count() == 0
    assert now.page.title() == "Tagline"


def test_the_address_holds_text_and_version(visit: Open) -> None:
    now = visit("we met Anna", permissions=["clipboard-read", "clipboard-write"])
    now.page.locator("#version").select_option("versions/1")
    now.page.locator("#text").fill("Rome & \U0001d538nna #1")
    expect(now.page.locator("#marked")).to_have_text("Rome & \U0001d538nna #1")
    now.page.locator("#share").click()
    expect(now.page.locator("#share")).to_have_text("Link copied")
    link = now.page.evaluate("() => navigator.clipboard.readText()")
    now.page.goto("about:blank")
    now.page.goto(link)
    expect(now.page.locator("#marked")).to_have_text("Rome & \U0001d538nna #1")
    assert now.marks()[0] == ("Rome", "PER")
    assert now.page.locator("#version").input_value() == "versions/1"


def test_another_address_is_followed(visit: Open) -> None:
    now = visit("we met Anna")
    now.page.evaluate("() => { location.hash = 'text=Time+flies&model=pos&version=versions/1'; }")
    expect(now.page.locator("#marked .word").first).to_have_attribute("data-tag", "NAME")
    expect(now.page.locator("#version option:checked")).to_have_text("1")
    expect(now.page).to_have_url(re.compile("#text=Time.flies&model=pos&version=versions%2F1$"))


def test_the_latest_text_wins(visit: Open) -> None:
    now = visit("")
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if "first" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    now.page.route("**/*:predict", hold_the_first)
    with now.page.expect_request("**/*:predict"):
        now.page.locator("#text").fill("first Anna")
    now.page.locator("#text").fill("second Rome")
    expect(now.page.locator("#marked")).to_have_text("second Rome")
    assert len(held) == 1
    held[0].continue_()
    now.page.wait_for_timeout(300)
    expect(now.page.locator("#marked")).to_have_text("second Rome")


def test_fast_typing_sends_few_requests(visit: Open) -> None:
    now = visit("")
    requests: list[str] = []
    now.page.on(
        "request", lambda request: requests.append(request.url) if ":predict" in request.url else None
    )
    now.page.locator("#text").press_sequentially("Anna met Keller in Rome", delay=5)
    expect(now.page.locator("#marked mark")).to_have_count(3)
    assert len(requests) < 10


def test_a_model_without_explain_shows_what_it_can(visit: Open) -> None:
    now = visit("we met Anna", model="old")
    assert now.marks() == [("Anna", "ORG")]
    expect(now.page.locator("#limits")).to_contain_text("no signature explain")
    for part in ("#token", "#best"):
        expect(now.page.locator(part)).to_be_hidden()
    expect(now.page.locator("#curl")).to_contain_text('"signature_name":"decode_text"')
    now.page.locator("#marked mark").hover()
    expect(now.page.locator("#tip")).to_contain_text("50.0\u00a0%")


def test_a_version_that_is_not_served_is_reported(visit: Open) -> None:
    now = visit("we met Anna", version="versions/9", trouble=True)
    alert = now.page.get_by_role("alert")
    expect(alert).to_contain_text("The server does not have this model or version")
    expect(alert).to_contain_text("Specific(tagger, 9)")
    expect(now.page.locator("#version option:checked")).to_have_text("9, not served")
    now.page.locator("#version").select_option("")
    expect(now.page.locator("#marked mark")).to_have_count(1)
    expect(alert).to_be_hidden()


def test_an_unreachable_server_is_reported_and_tried_again(visit: Open) -> None:
    now = visit("we met Anna", trouble=True)
    expect(now.page.locator("#marked mark")).to_have_count(1)
    now.page.context.set_offline(True)
    now.page.locator("#text").fill("we met Keller")
    expect(now.page.get_by_role("alert")).to_contain_text("does not answer. Is it still running?")
    now.page.context.set_offline(False)
    now.page.get_by_role("button", name="Try again").click()
    expect(now.page.locator("#marked mark")).to_have_text("Keller")


def test_a_server_that_lists_no_models_is_used_by_a_typed_name(visit: Open, address: str) -> None:
    # As TensorFlow Serving itself, with the page in front of it.
    now = visit("", trouble=True)
    now.page.route("**/demo/models.json", lambda route: route.fulfill(status=404, body="{}"))
    now.page.goto("about:blank")
    now.page.goto(f"{address}#text=Anna")
    expect(now.page.get_by_role("alert")).to_contain_text("Give the name of a model")
    now.page.get_by_role("textbox", name="Model").fill("tagger")
    now.page.get_by_role("textbox", name="Model").press("Enter")
    expect(now.page.locator("#marked mark")).to_have_text("Anna")
    assert now.page.locator("#version option").all_text_contents() == ["latest (2)", "2", "1"]


@pytest.mark.parametrize("prefixes", ["BI", "BIES", "BILU"])
def test_entities_are_those_of_the_client(visit: Open, prefixes: str) -> None:
    now = visit("Anna")
    random = Random(7)
    all_tags = ["O", *(f"{prefix}-{label}" for prefix in prefixes for label in ("PER", "LOC-X"))]
    rows = [random.choices(all_tags, k=random.randrange(9)) for _ in range(300)]
    spans = now.page.evaluate(
        """async (rows) => {
            const { spansOf } = await import("./demo/answer.js");
            return rows.map((tags) => spansOf(tags).map(({ label, first, after }) => [label, first, after]));
        }""",
        rows,
    )
    expected = [[[span.label, span.start, span.end] for span in entity_spans(tags)] for tags in rows]
    assert spans == expected


def test_half_a_surrogate_pair_becomes_the_replacement_character(visit: Open) -> None:
    now = visit("Anna")
    now.page.locator("#text").evaluate(
        """(text) => {
            text.value = "\\ud800 \\udfff\\ud83d met Anna";
            text.dispatchEvent(new Event("input"));
        }"""
    )
    expect(now.page.locator("#marked")).to_have_text("\ufffd \ufffd\ufffd met Anna")
    assert now.marks() == [("Anna", "ORG")]


def test_a_long_text_is_answered(visit: Open) -> None:
    text = " ".join(f"Anna{i} said it" for i in range(700))
    now = visit(text)
    expect(now.page.locator("#marked mark")).to_have_count(700)
    now.page.locator("#share").click()
    expect(now.page.locator("#share")).to_have_text("Too long for a link")


@pytest.mark.parametrize("text", [TEXT, "Anna" * 200, "we met Anna " * 40])
def test_a_narrow_screen_needs_no_scrolling_sideways(visit: Open, text: str) -> None:
    now = visit(text, viewport={"width": 360, "height": 740})
    assert now.page.evaluate("() => document.documentElement.scrollWidth") <= 360
    now.page.locator("#marked mark").last.hover()
    box = now.page.locator("#tip").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert now.page.evaluate("() => document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("model", ["tagger", "pos"])
def test_text_stands_out_in_both_schemes(visit: Open, scheme: str, model: str) -> None:
    now = visit("we met Anna Keller in Rome", model=model, color_scheme=scheme)
    now.page.locator("#marked .word").nth(2).hover()
    expect(now.page.locator("#tip")).to_be_visible()
    assert_text_stands_out(now.page, scheme, least=20)


def test_nothing_moves_with_reduced_motion(visit: Open) -> None:
    now = visit("we met Anna", reduced_motion="reduce")
    assert count_moving(now.page) == 0


def test_labels_keep_their_colours(visit: Open) -> None:
    now = visit("we met Anna")
    classes = []
    for version in ("versions/2", "versions/1", "versions/2"):
        now.page.locator("#version").select_option(version)
        label = "PER" if version == "versions/1" else "ORG"
        expect(now.page.locator("#marked mark")).to_have_attribute("data-label", label)
        classes.append(now.page.locator("#marked mark").get_attribute("class"))
    assert classes[0] == classes[2] != classes[1]
