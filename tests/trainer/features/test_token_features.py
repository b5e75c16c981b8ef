import pytest
import tensorflow as tf

from trainer.features import token_features


@pytest.mark.parametrize(
    ("token", "normalised"),
    [("Paris", "paris"), ("3.50", "0.00"), ("ÄÖ", "äö"), ("", ""), ("U2", "u0"), ("東京", "東京")],
)
def test_words_are_looked_up_in_lower_case_with_digits_as_0(token: str, normalised: str) -> None:
    assert token_features.normalise(tf.constant([token])).numpy()[0].decode() == normalised


@pytest.mark.parametrize(
    ("token", "case"),
    [
        ("", "padding"),
        ("paris", "lower"),
        ("don't", "lower"),
        ("Paris", "title"),
        ("A", "title"),
        ("Élan", "title"),
        ("NATO", "upper"),
        ("U.S.", "upper"),
        ("McDonald", "mixed"),
        ("iPhone", "mixed"),
        ("1,000", "number"),
        ("10:30", "number"),
        ("F16", "with digit"),
        ("4th", "with digit"),
        ("!", "other"),
        ("東京", "other"),
        ("-", "other"),
    ],
)
def test_case_pattern(token: str, case: str) -> None:
    assert token_features.CASES[token_features.case_ids(tf.constant([token])).numpy()[0]] == case


def test_case_ids_keep_any_shape() -> None:
    assert token_features.case_ids(tf.constant([["a", "B"], ["", "9"]])).shape == (2, 2)
    assert token_features.case_ids(tf.zeros([0, 3], tf.string)).shape == (0, 3)


def test_bytes_stand_between_marks_and_are_cut() -> None:
    ids = token_features.byte_ids(tf.constant([["ab", "", "é", "abcdefgh"]]), 6).numpy()[0].tolist()
    assert ids == [
        [2, 97, 98, 3, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [2, 0xC3, 0xA9, 3, 0, 0],
        [2, 97, 98, 99, 100, 101],
    ]
