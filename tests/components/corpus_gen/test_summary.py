"""Merging the counts of bundles."""

from __future__ import annotations

from components.corpus_gen.summary import Event, PartialSummary


def test_summaries_merge_in_any_order() -> None:
    def part(offset: int, count: int) -> PartialSummary:
        partial = PartialSummary("BIO")
        partial.splits["train"].sentences = count
        partial.splits["train"].repairs.add([Event("f", offset + index, 0, "x") for index in range(count)])
        partial.files["f"] = count
        return partial

    forward = PartialSummary().merge(part(0, 8)).merge(part(100, 8)).splits["train"]
    backward = PartialSummary().merge(part(100, 8)).merge(part(0, 8)).splits["train"]
    assert forward == backward
    assert (forward.repairs.count, forward.sentences, len(forward.repairs.first)) == (16, 16, 10)
