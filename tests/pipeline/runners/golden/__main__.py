"""Writes the golden files anew: `python -m tests.pipeline.runners.golden`, then read the difference."""

from __future__ import annotations

from tests.pipeline.runners.test_targets import GOLDEN, TARGETS, golden_text

if __name__ == "__main__":
    for name in TARGETS:
        (GOLDEN / name).write_text(golden_text(name), encoding="utf-8")
        print(GOLDEN / name)
