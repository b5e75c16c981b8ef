"""The page to try a served model: plain HTML, CSS and JavaScript, without a build step or other hosts."""

from __future__ import annotations

from pathlib import Path

# `index.html` and what it loads.
STATIC = Path(__file__).resolve().parent / "static"
