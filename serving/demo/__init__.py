"""The page to try a served model on: plain HTML, CSS and JavaScript, no build step, no other host."""

from __future__ import annotations

from pathlib import Path

# `index.html` and what it loads.
STATIC = Path(__file__).resolve().parent / "static"
