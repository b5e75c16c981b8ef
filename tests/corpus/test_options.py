"""Invalid options are errors that say what was expected."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from corpus.options import CheckLimits, ReadOptions, Shares


def test_options_survive_json() -> None:
    options = ReadOptions(
        format="conll", token_column=1, scheme="iob1", hash_split=Shares(train=7, dev=2, test=1)
    )
    assert msgspec.json.decode(msgspec.json.encode(options), type=ReadOptions) == options


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"scheme": "IOX"}, "BIOES"),
        ({"train_scheme": "PLAIN"}, "expected one of BIOES, BIO, BILOU"),
        ({"train_scheme": "IOB1"}, "expected one of BIOES, BIO, BILOU"),
        ({"separator": ""}, "empty string"),
        ({"token_column": 2, "tag_column": 2}, "two columns"),
    ],
)
def test_invalid_options(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ReadOptions(**changed)


@pytest.mark.parametrize("shares", [{"train": 0.0}, {"dev": -0.1}, {"test": -1.0}])
def test_invalid_shares(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="hash_split"):
        Shares(**shares)


@pytest.mark.parametrize(
    "limits", [{"max_tokens": 0}, {"findings_per_code": 0}, {"max_repaired": 1.5}, {"max_unseen_tags": -0.1}]
)
def test_invalid_limits(limits: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(limits))):
        CheckLimits(**limits)


def test_a_misspelt_option_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError, match="tagcolumn"):
        msgspec.convert({"tagcolumn": 1}, ReadOptions)
