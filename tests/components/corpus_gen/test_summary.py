"""Merging the counts of bundles."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.corpus_gen.summary import Event, Events, PartialCounts, PartialSummary


def test_summaries_merge_in_any_order() -> None:
    def part(offset: int, count: int) -> PartialSummary:
        partial = PartialSummary("BIO")
        partial.of_split("train").sentences = count
        partial.of_split("train").repairs.add([Event("f", offset + index, 0, "x") for index in range(count)])
        partial.files["f"] = count
        return partial

    forward = PartialSummary().merge(part(0, 8)).merge(part(100, 8)).splits["train"]
    backward = PartialSummary().merge(part(100, 8)).merge(part(0, 8)).splits["train"]
    assert forward == backward
    assert (forward.repairs.count, forward.sentences, len(forward.repairs.first)) == (16, 16, 10)


@given(
    st.builds(
        PartialSummary,
        st.text(),
        st.lists(st.text()),
        st.dictionaries(
            st.text(),
            st.builds(
                PartialCounts,
                st.integers(0, 2**60),
                st.integers(0, 9),
                st.dictionaries(st.text(), st.integers(0, 9)).map(Counter),
                st.dictionaries(st.text(), st.integers(0, 9)).map(Counter),
                st.builds(
                    Events,
                    st.integers(0, 9),
                    st.lists(st.builds(Event, st.text(), st.integers(), st.integers(), st.text())),
                ),
            ),
        ),
        st.dictionaries(st.text(), st.integers(0, 9)).map(Counter),
    )
)
def test_another_process_reads_the_same_summary(summary: PartialSummary) -> None:
    read = PartialSummary.from_json(summary.to_json())
    assert read == summary
    assert read.merge(summary).merge(summary) == PartialSummary().merge(summary).merge(summary).merge(summary)


@pytest.mark.parametrize(
    "damage", [b"", b'{"scheme": "BI', b"\x80\x04K\x01.", b'{"files": {"a": "1"}}', b"[]"]
)
def test_what_is_no_summary_is_an_error_and_is_not_run(damage: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011, from msgspec or the bytes' own
        PartialSummary.from_json(damage)
