"""The report in a real browser, from a file: filters, links, keyboard, widths, colours, paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from components.report.run_page.page import render
from tests.browser import Visit, assert_text_stands_out
from tests.components.report.handmade_runs import HOSTILE, RUNS, long_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every run's page, by its name."""
    root = tmp_path_factory.mktemp("reports")
    for name, run in {**RUNS, "long": long_run()}.items():
        (root / f"{name}.html").write_text(render(run), encoding="utf-8")
    return root


class ReportVisit(Visit):
    """A visit of a report's page."""

    def shown(self) -> list[tuple[str, str, str]]:
        """Kind, gold and predicted label of the errors that can be seen."""
        return [
            tuple(item.get_attribute(f"data-{name}") or "" for name in ("kind", "gold", "predicted"))  # type: ignore[misc]
            for item in self.page.locator("#error-list > li").all()
            if item.is_visible()
        ]


Open = Callable[..., ReportVisit]


@pytest.fixture
def visit(browser: Browser, folder: Path) -> Iterator[Open]:
    """Opens a page; at the end nothing was complained of, and nothing but the file was asked for."""
    visits: list[ReportVisit] = []

    def opened(name: str = "pushed", address: str = "", **options: object) -> ReportVisit:
        now = ReportVisit.begin(browser, width=1400, **options)
        visits.append(now)
        now.page.goto(f"{(folder / name).as_uri()}.html{address}")
        return now

    yield opened
    for now in visits:
        now.page.context.close()
        assert now.complaints == []
        assert all(url.startswith(("file://", "data:")) for url in now.requests)
        assert len([url for url in now.requests if url.startswith("file://")]) == 1


ALL = [
    ("missed", "PER", ""),
    ("wrong type", "LOC", "PER"),
    ("spurious", "", "LOC"),
    ("wrong boundary", "PER", "PER"),
    ("wrong boundary and type", "ORG", "LOC"),
]


@pytest.mark.parametrize("name", [*RUNS, "long"])
def test_every_page_opens_without_a_message_in_the_console(visit: Open, name: str) -> None:
    now = visit(name)
    expect(now.page.locator("h1")).to_be_visible()
    assert now.page.evaluate("() => document.compatMode") == "CSS1Compat"


def test_filters_narrow_the_list_and_the_count_follows(visit: Open) -> None:
    now = visit()
    assert now.shown() == ALL
    count = now.page.locator("#shown")
    expect(count).to_have_text("5 of 5 listed errors; the test split has 5 of every kind")
    now.page.locator("#filter-kind").select_option("wrong type")
    assert now.shown() == [ALL[1]]
    expect(count).to_have_text("1 of 5 listed errors; the test split has 1 of this kind")
    assert now.page.evaluate("() => location.hash") == "#errors?kind=wrong%20type"
    now.page.locator("#filter-kind").select_option("")
    now.page.locator("#filter-predicted").select_option("LOC")
    assert now.shown() == [ALL[2], ALL[4]]
    now.page.locator("#filter-gold").select_option("ORG")
    assert now.shown() == [ALL[4]]
    now.page.locator("#filter-clear").click()
    assert now.shown() == ALL
    assert now.page.evaluate("() => location.hash") == "#errors"


def test_the_back_button_restores_the_filter(visit: Open) -> None:
    now = visit()
    now.page.locator("#filter-kind").select_option("missed")
    now.page.locator("#filter-kind").select_option("spurious")
    assert now.shown() == [ALL[2]]
    now.page.go_back()
    assert now.shown() == [ALL[0]]
    expect(now.page.locator("#filter-kind")).to_have_value("missed")
    now.page.go_back()
    assert now.shown() == ALL
    now.page.go_forward()
    assert now.shown() == [ALL[0]]


def test_an_address_opens_filtered(visit: Open) -> None:
    now = visit(address="#errors?gold=PER&kind=wrong%20boundary")
    assert now.shown() == [ALL[3]]
    expect(now.page.locator("#filter-gold")).to_have_value("PER")
    expect(now.page.locator("#errors-title")).to_be_in_viewport()


def test_counts_lead_to_their_errors(visit: Open) -> None:
    now = visit()
    now.page.locator(".kinds a", has_text="missed").click()
    assert now.shown() == [ALL[0]]
    expect(now.page.locator("#errors-title")).to_be_in_viewport()
    for link in now.page.locator(".matrix a").all():
        link.click()
        found = now.shown()
        assert len(found) == int((link.text_content() or "").lstrip("+"))
    # Elsewhere in the page the filter stays.
    before = now.shown()
    now.page.locator(".contents a", has_text="Calibration").click()
    assert now.shown() == before


def test_an_address_that_fits_nothing_lists_nothing(visit: Open) -> None:
    now = visit(address="#errors?kind=no+such+kind&gold=%3Cscript%3E")
    assert now.shown() == []
    expect(now.page.locator("#shown")).to_contain_text("0 of 5 listed errors")
    now.page.locator("#filter-clear").click()
    assert now.shown() == ALL


def test_filters_by_keyboard_alone(visit: Open) -> None:
    now = visit()
    page = now.page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("() => location.hash") == "#verdict"
    page.locator("#filter-kind").focus()
    page.keyboard.press("ArrowDown")
    assert now.shown() == [ALL[0]]
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#filter-clear")).to_be_focused()
    page.keyboard.press("Enter")
    assert now.shown() == ALL
    expect(page.locator("#filter-kind")).to_be_focused()


def test_every_control_is_reachable_by_keyboard_with_a_visible_focus(visit: Open) -> None:
    page = visit().page
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    expected = page.evaluate(
        "() => document.querySelectorAll(\"a, select, button, summary, [tabindex='0']\").length"
    )
    reached = set()
    for _ in range(expected):
        page.keyboard.press("Tab")
        number, outline = page.evaluate(
            """() => [[...document.querySelectorAll("*")].indexOf(document.activeElement),
                getComputedStyle(document.activeElement).outlineStyle]"""
        )
        assert outline == "solid"
        reached.add(number)
    assert len(reached) == expected


def test_without_script_every_error_is_shown(visit: Open) -> None:
    now = visit(java_script_enabled=False)
    assert now.page.locator("#error-list > li:visible").count() == 5
    expect(now.page.locator("#filters")).to_be_hidden()


@pytest.mark.parametrize("name", ["pushed", "forced", "plain", "hostile", "long"])
@pytest.mark.parametrize("width", [320, 400, 1400])
def test_the_page_itself_never_scrolls_sideways(visit: Open, name: str, width: int) -> None:
    now = visit(name, viewport={"width": width, "height": 800})
    wide = now.page.evaluate(
        """(width) => document.documentElement.scrollWidth <= width ? [] :
            [...document.querySelectorAll("body *")]
                .filter((each) => each.getBoundingClientRect().right > width && !each.closest(".wide"))
                .map((each) => each.outerHTML.slice(0, 100)).slice(0, 5).concat("wide")""",
        width,
    )
    assert wide == []


def test_hostile_text_is_text(visit: Open) -> None:
    now = visit("hostile")
    assert now.page.locator("script").count() == 2
    assert now.page.title().endswith(": forced")
    expect(now.page.locator(".forced")).to_contain_text(HOSTILE)
    now.page.locator("#filter-gold").select_option(HOSTILE)
    assert {gold for _, gold, _ in now.shown()} == {HOSTILE}
    link = now.page.locator(".matrix a").first
    link.click()
    assert now.shown()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["pushed", "forced", "plain"])
def test_text_has_enough_contrast_in_both_colour_schemes(visit: Open, scheme: str, name: str) -> None:
    now = visit(name, color_scheme=scheme)
    now.page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert_text_stands_out(now.page, scheme, least=100)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_it_is_dark_on_white_and_nothing_is_cut_off(visit: Open, scheme: str) -> None:
    now = visit("forced", color_scheme=scheme, viewport={"width": 720, "height": 1000})
    now.page.emulate_media(media="print", color_scheme=scheme)  # type: ignore[arg-type]
    assert now.page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert now.page.evaluate("() => getComputedStyle(document.body).color") == "rgb(28, 27, 26)"
    for selector in (".contents", "#filters", ".skip"):
        expect(now.page.locator(selector)).to_be_hidden()
    assert now.page.evaluate("() => document.documentElement.scrollWidth") <= 720
    assert now.page.pdf(format="A4").startswith(b"%PDF")


def test_screen_readers_find_landmarks_and_names(visit: Open) -> None:
    page = visit().page
    for landmark in ("banner", "main", "navigation", "contentinfo"):
        expect(page.get_by_role(landmark)).to_have_count(1)  # type: ignore[arg-type]
    nameless = page.evaluate(
        """() => [
            ...document.querySelectorAll("section, nav, [role=region], [role=img], select, output")
        ].filter((each) => !(each.getAttribute("aria-label") || each.getAttribute("aria-labelledby")
              || each.labels?.length ||
              each.getAttribute("for"))).map((each) => each.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    assert page.evaluate("() => document.documentElement.lang") == "en"
    # Each heading cell says what it is the heading of.
    assert page.locator("th:not([scope])").count() == 0
    expect(page.get_by_label("kind")).to_have_count(1)
    assert page.locator("#shown").get_attribute("aria-live") == "polite"


def test_nothing_is_animated(visit: Open) -> None:
    page = visit().page
    assert (
        page.evaluate(
            """() => [...document.querySelectorAll("*")].filter((each) => {
            const style = getComputedStyle(each);
            return parseFloat(style.transitionDuration) || parseFloat(style.animationDuration);
        }).length"""
        )
        == 0
    )
