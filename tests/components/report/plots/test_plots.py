"""Plots: in the page's colours, with ids of their own, the same each time, and correct."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from markupsafe import Markup
from matplotlib import pyplot
from matplotlib.figure import Figure

from components.report.html import svg
from components.report.plots import bars, heat_map
from components.report.plots.curve import curves
from components.report.plots.intervals import interval_plot
from components.report.plots.reliability import reliability
from components.report.tables.scores import Row
from components.scores.analysis import Bin, Estimate
from tagging.schemes import BIO, PLAIN
from tests.components.report.handmade_runs import TRANSITIONS
from trainer.export.transitions import Transitions

COUNTS = {"train": {"PER": 3, "<b>": 1, "$x_1$": 2}, "test": {"PER": 1}}
ROWS = [
    Row("news", Estimate(0.5, 0.4, 0.6), Estimate(0.45)),
    Row("", Estimate(1.0), None, None, Estimate(0.9)),
]
PLOTS: dict[str, Callable[[], Markup]] = {
    "curve": lambda: curves({"": [0.1, 0.4, 0.3]}, 'F1 "dev"', name="curve", best={"": 2}),
    "curves": lambda: curves({"one": [1.0, 0.5], "two": [2.0]}, "loss", name="curves", best={"one": 2}),
    "lengths": lambda: bars.lengths({"train": {1: 5, 2000: 1}, "test": {7: 2}, "dev": {}}, name="lengths"),
    "labels": lambda: bars.labels(COUNTS, ["PER", "<b>", "$x_1$"], name="labels"),
    "intervals": lambda: interval_plot(ROWS, "entity F1", name="intervals", whole=0.7),
    "reliability": lambda: reliability(
        [Bin(0.9, 1.0, 10, 0.95, 0.9)], "tokens", name="calibration", what="tokens"
    ),
    "heat map": lambda: heat_map.heat_map(TRANSITIONS, scheme=BIO, frequency={}, name="heat").plot,
}


@pytest.mark.parametrize("draw", PLOTS.values(), ids=PLOTS)
def test_a_plot_is_one_element_in_the_pages_colours(draw: Callable[[], Markup]) -> None:
    text = str(draw())
    # The prefix xlink is matplotlib's; HTML knows it.
    root = ElementTree.fromstring(text)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"]
    assert "currentColor" in text
    assert not re.search(r"(fill|stroke): #(000000|1f77b4|ff7f0e|b0b0b0|808080)", text)
    assert "#0102" not in text
    assert "<style" not in text
    assert "mathdefault" not in text
    assert text == str(draw())


def test_no_two_plots_share_an_id() -> None:
    ids = [name for draw in PLOTS.values() for name in re.findall(r'\bid="([^"]+)"', str(draw()))]
    assert len(ids) == len(set(ids))
    whole = "".join(str(draw()) for draw in PLOTS.values())
    assert set(re.findall(r'(?:url\(|href=")#([^)"]+)', whole)) <= set(ids)


def test_a_plot_has_a_name_for_screen_readers() -> None:
    assert 'aria-label="a &#34;title&#34;"' in curves({"": [1.0, 0.5]}, 'a "title"', name="c")


def test_the_value_of_the_best_epoch_can_be_shown() -> None:
    lines, best = {"": [0.1, 0.4321, 0.3]}, {"": 2}
    assert ">0.4321<" in curves(lines, "F1", name="c", best=best)
    assert ">0.4321<" not in curves(lines, "F1", name="c", best=best, show_values=False)


def test_labels_are_text_and_never_formulas_or_markup() -> None:
    plot = str(PLOTS["labels"]())
    assert ">$x_1$<" in plot
    assert "<b>" not in plot


def _axes_alone(figure: Figure) -> None:
    figure.add_subplot()


def test_drawing_leaves_matplotlib_as_it_was() -> None:
    before = dict(pyplot.rcParams)
    svg.svg(_axes_alone, name="x", title="x", width=1, height=1)
    assert dict(pyplot.rcParams) == before


def test_a_histogram_counts_every_sentence_once() -> None:
    counts = {1: 5, 23: 2, 24: 3, 48: 1, 100: 4}
    edges = bars._edges(max(counts))
    assert edges[0] == 0
    assert edges[-1] > 100
    assert len(edges) <= 30
    assert {b - a for a, b in pairwise(edges)} == {edges[1]}
    histogram = np.histogram(np.repeat(list(counts), list(counts.values())), edges)[0]
    assert histogram.sum() == sum(counts.values())


def test_the_heat_map_knows_what_the_scheme_forbids() -> None:
    found = heat_map.heat_map(TRANSITIONS, scheme=BIO, frequency={}, name="heat")
    # By hand: I-PER after O, B-LOC and I-LOC; I-LOC after O, B-PER and I-PER.
    assert found.forbidden == 6
    assert [(step.before, step.after, step.score) for step in found.highest] == [
        ("B-PER", "I-PER", 2.0),
        ("B-LOC", "I-LOC", 1.5),
        ("I-PER", "I-PER", 1.0),
        ("O", "B-PER", 0.5),
        ("O", "O", 0.25),
        ("O", "B-LOC", 0.125),
    ]
    assert [(step.before, step.after, step.score) for step in found.lowest] == [
        ("I-LOC", "I-LOC", -1.25),
        ("B-PER", "B-PER", -0.5),
    ]


def test_many_tags_are_the_most_frequent_ones_in_the_order_of_their_labels() -> None:
    tags = [f"B-L{number:03}" for number in range(99, -1, -1)]
    learned = Transitions(
        tags=tags, transitions=[[1.0] * 100] * 100, start=[0.0] * 100, end=[0.0] * 100, constrained=True
    )
    frequency = {tag: int(tag[-2:]) for tag in tags}
    found = heat_map.heat_map(learned, scheme=BIO, frequency=frequency, name="heat")
    assert (found.shown, found.tags) == (heat_map.MOST_TAGS, 100)
    shown = re.findall(r">(B-L\d+)<", found.plot)
    assert shown == sorted(tags)[-heat_map.MOST_TAGS :] * 2


def test_plain_tags_forbid_nothing() -> None:
    learned = Transitions(
        tags=["VERB", "NOUN"],
        transitions=[[0.0, 1.0], [-1.0, 0.0]],
        start=[0.0] * 2,
        end=[0.0] * 2,
        constrained=True,
    )
    assert heat_map.heat_map(learned, scheme=PLAIN, frequency={}, name="heat").forbidden == 0


def test_tick_labels_are_not_rounded_to_other_values() -> None:
    # Ticks every 2.5 %: rounded to whole ones they would say 2 %, 5 %, 8 %.
    counts = {"train": {"L1": 18, **{f"M{number}": 1 for number in range(82)}}}
    plot = bars.labels(counts, list(counts["train"]), name="labels")
    shown = [float(number) for number in re.findall(r">([\d.]+)%<", plot)]
    assert len(shown) > 3
    steps = {round(after - before, 6) for before, after in pairwise(shown)}
    assert len(steps) == 1
