"""The template environment of both pages, with its filters, the style and the colours of labels."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import jinja2
from markupsafe import Markup

from components.report.html.text import breakable, shortened, visible
from components.scores.analysis import Estimate

_STYLE = Path(__file__).with_name("style.css")
# The style has this many, `colour-0` to `colour-11`.
_COLOURS = 12


def environment(templates: Path) -> jinja2.Environment:
    """Create an environment for the templates in a folder; it escapes everything that comes from data."""
    result = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    result.filters |= {
        "visible": visible,
        "shortened": shortened,
        "breakable": breakable,
        "number": _number,
        "score": _score,
        "signed": _signed,
        "interval": _interval,
        "seconds": _seconds,
    }
    result.globals["style"] = Markup(_STYLE.read_text(encoding="utf-8"))
    return result


class LabelColours(dict[str, int]):
    """The number of a colour for each label, in alphabetical order; any other name has 0."""

    def __init__(self, labels: Collection[str]) -> None:
        super().__init__((name, index % _COLOURS) for index, name in enumerate(sorted(labels)))

    def __missing__(self, name: str) -> int:
        return 0


def _number(value: float) -> str:
    return f"{int(value):,}"


def _score(value: Estimate | float | None, digits: int = 4) -> str:
    if value is None:
        return ""
    return f"{value.value if isinstance(value, Estimate) else value:.{digits}f}"


def _signed(value: Estimate | None) -> str:
    return "" if value is None else f"{value.value:+.4f}".replace("-", "−")


def _interval(value: Estimate | None, digits: int = 3) -> str:
    """Empty without an interval, and for an interval of a single point, as one sentence gives."""
    if value is None or value.low is None or value.high is None or value.low == value.high:
        return ""
    return f"{value.low:.{digits}f} to {value.high:.{digits}f}".replace("-", "−")


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"
