"""Shared by the tests of pages in a browser: a visit with its complaints and requests, and checks of every element."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page
from typing_extensions import Self

COLOURS = 12
# WCAG's least contrast for text of a normal size.
LEAST_CONTRAST = 4.5
_DARK = "rgb(21, 21, 23)"
# Contrast with the background and description of each element with text of its own.
_CONTRASTS = """() => {
    const context = () => document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const painted = (...layers) => {
        const canvas = context();
        for (const colour of layers) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (rgb) => rgb.slice(0, 3)
        .map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (element) => {
        const layers = [];
        for (let each = element; each; each = each.parentElement) {
            layers.unshift(getComputedStyle(each).backgroundColor);
        }
        return painted("white", ...layers);
    };
    const contrasts = [];
    const look = (element, colour, what) => {
        const [a, b] = [luminance(painted(colour)), luminance(behind(element))];
        contrasts.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), what]);
    };
    for (const element of document.querySelectorAll("body *")) {
        if (!element.getClientRects().length && element.tagName !== "OPTION") continue;
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
        const svg = element.closest("svg");
        const style = getComputedStyle(element);
        if (own) look(svg || element, svg ? style.fill : style.color, element.outerHTML.slice(0, 120));
        const after = getComputedStyle(element, "::after");
        if (!["none", "normal"].includes(after.content)) {
            look(element, after.color, `after ${element.className}`);
        }
        if (element.placeholder) look(element, getComputedStyle(element, "::placeholder").color, "placeholder");
    }
    return contrasts;
}"""


@dataclass
class Visit:
    """A page, with the browser's complaints and the addresses it requested."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, browser: Browser, *, width: int, **options: Any) -> Self:
        """Open an empty page in a context of its own with `options`."""
        context = browser.new_context(**{"viewport": {"width": width, "height": 900}, **options})
        page = context.new_page()
        page.set_default_timeout(10_000)
        visit = cls(page)
        page.on("console", lambda message: visit.complaints.append(message.text))
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on("request", lambda request: visit.requests.append(request.url))
        return visit


def assert_text_stands_out(page: Page, scheme: str, *, least: int) -> None:
    """Check the contrast of `least` texts or more in a colour scheme, in each of the labels' colours in turn."""
    background = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (background == _DARK) == (scheme == "dark")
    for colour in range(COLOURS):
        page.evaluate(
            """(colour) => document.querySelectorAll("[class*=colour-]").forEach((each) =>
                each.setAttribute("class", each.getAttribute("class").replace(/colour-\\d+/, `colour-${colour}`)))""",
            colour,
        )
        contrasts = page.evaluate(_CONTRASTS)
        assert len(contrasts) > least
        assert [each for each in contrasts if each[0] < LEAST_CONTRAST] == []


def count_moving(page: Page) -> int:
    """Count the elements with a transition or an animation."""
    return page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((each) => {
            const style = getComputedStyle(each);
            return parseFloat(style.transitionDuration) || parseFloat(style.animationDuration);
        }).length"""
    )
