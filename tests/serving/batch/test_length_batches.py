"""Batches of similar length: every piece in one of them, and none too large."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serving.batch.length_batches import MAX_ROWS, batches
from serving.client.inputs import InputKind, Piece, TextInput, TokenInput

MAX_PADDED = {TokenInput: 8_192, TextInput: 40_960}


def pieces(kind: type[InputKind], lengths: list[int]) -> list[Piece]:
    if kind is TextInput:
        return [Piece(place, "x" * length, None, 0, "") for place, length in enumerate(lengths)]
    return [Piece(place, "", ("x",) * length, 0, "") for place, length in enumerate(lengths)]


@given(
    st.sampled_from([TokenInput, TextInput]),
    st.lists(st.one_of(st.integers(0, 60), st.integers(0, 12_000)), max_size=300),
)
def test_every_piece_is_in_one_batch_and_no_batch_is_too_large(
    kind: type[InputKind], lengths: list[int]
) -> None:
    made = pieces(kind, lengths)
    grouped = list(batches(kind(None), made))  # type: ignore[call-arg]
    assert sorted(place for batch in grouped for place, _ in batch) == list(range(len(made)))
    assert all(made[place] is piece for batch in grouped for place, piece in batch)
    for batch in grouped:
        longest = max(lengths[place] for place, _ in batch)
        assert 1 <= len(batch) <= MAX_ROWS
        assert len(batch) == 1 or len(batch) * longest <= MAX_PADDED[kind]
    in_order = [lengths[place] for batch in grouped for place, _ in batch]
    assert in_order == sorted(lengths), "of similar length: little padding"


def test_short_sentences_fill_their_batches() -> None:
    grouped = list(batches(TokenInput(None), pieces(TokenInput, [5] * (2 * MAX_ROWS + 1))))
    assert [len(batch) for batch in grouped] == [MAX_ROWS, MAX_ROWS, 1]
