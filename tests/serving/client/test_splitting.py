"""Where long texts are cut: pieces are the text, none is too long, none ends inside a word without need."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.client.splitting import text_pieces, token_pieces

untimed = settings(deadline=None)

# Few letters and many ends, so that short texts meet every rule.
TEXTS = st.text(alphabet='aB. !?\n。」"\u3000é\U0001f642', max_size=60) | st.text(max_size=40)
TOKENS = st.lists(st.sampled_from(["a", "Bob", ".", "?", '"', "", "。"]), max_size=30)
MOST = st.integers(1, 12)


def cut(text: str, most: int) -> list[str]:
    return [text[start:end] for start, end in text_pieces(text, most)]


@pytest.mark.parametrize(
    ("text", "most", "pieces"),
    [
        ("", 5, [""]),
        ("short", 5, ["short"]),
        ("She left. He stayed.", 15, ["She left. ", "He stayed."]),
        ("She left! Did he? They sang.", 20, ["She left! Did he? ", "They sang."]),
        ('He said "go." She left.', 16, ['He said "go." ', "She left."]),
        ("one line\nanother line", 15, ["one line\n", "another line"]),
        ("她走了。他留下。再见", 8, ["她走了。他留下。", "再见"]),
        ("他说“走。”然后留下", 8, ["他说“走。”", "然后留下"]),
        # No sentence ends: white space.
        ("no end of it here", 10, ["no end of ", "it here"]),
        # Nor white space.
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        # A number's point and an abbreviation's end no sentence.
        ("It cost 3.50 in all, they said", 14, ["It cost 3.50 ", "in all, they ", "said"]),
        ("It ended. There Dr. Bob sang on", 25, ["It ended. ", "There Dr. Bob sang on"]),
        # The full stop is within the limit, and what shows that it ends a sentence is not.
        ("He left. Bob", 8, ["He ", "left. ", "Bob"]),
    ],
)
def test_texts(text, most, pieces):
    assert cut(text, most) == pieces


@untimed
@given(TEXTS, MOST)
def test_pieces_are_the_text_and_none_is_too_long(text, most):
    pieces = list(text_pieces(text, most))
    assert [start for start, _ in pieces] == [0, *(end for _, end in pieces[:-1])]
    assert pieces[-1][1] == len(text)
    assert all(end - start <= most for start, end in pieces)
    assert all(start < end for start, end in pieces) or text == ""


@untimed
@given(TEXTS, MOST)
def test_no_piece_ends_inside_a_word_if_it_has_white_space(text, most):
    *cuts, _ = text_pieces(text, most)
    for start, end in cuts:
        piece = text[start:end]
        has_white_space = any(character.isspace() for character in text[start : start + most])
        assert piece[-1].isspace() or piece[-1] in '。」"' or not has_white_space


@untimed
@given(TEXTS)
def test_a_text_within_the_limit_is_one_piece(text):
    assert cut(text, max(1, len(text))) == [text]


@pytest.mark.parametrize(
    ("tokens", "most", "pieces"),
    [
        ([], 3, [[]]),
        (["a", "."], 2, [["a", "."]]),
        (["a", ".", "b", "c", "."], 4, [["a", "."], ["b", "c", "."]]),
        (["a", ".", '"', "b", "c"], 4, [["a", ".", '"'], ["b", "c"]]),
        (["a", "b", "c"], 2, [["a", "b"], ["c"]]),
    ],
)
def test_tokens(tokens, most, pieces):
    assert [tokens[start:end] for start, end in token_pieces(tokens, most)] == pieces


@untimed
@given(TOKENS, MOST)
def test_pieces_of_tokens_are_the_tokens_and_none_is_too_long(tokens, most):
    pieces = [tokens[start:end] for start, end in token_pieces(tokens, most)]
    assert [token for piece in pieces for token in piece] == tokens
    assert all(len(piece) <= most for piece in pieces)
    assert all(pieces) or tokens == []
