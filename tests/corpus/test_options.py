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


@pytest.mark.parametrize(
    ("written", "meant"),
    [("\\t", "\t"), ("tab", "\t"), ("space", " "), ("\t", "\t"), ("|", "|"), (None, None)],
)
def test_a_separator_may_be_written_out(written: str | None, meant: str | None) -> None:
    options = msgspec.convert({"separator": written}, ReadOptions)
    assert options.separator == meant
    assert options == ReadOptions(separator=meant)


@pytest.mark.parametrize("shares", [{"train": 0.0}, {"dev": -0.1}, {"test": -1.0}])
def test_invalid_shares(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="hash_split"):
        Shares(**shares)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_tokens": 0}, "max_tokens: found 0; expected 1 or more"),
        ({"findings_per_code": 0}, "findings_per_code: found 0; expected 1 or more"),
        ({"max_repaired": 1.5}, "max_repaired: found 1.5; expected a share"),
        ({"max_label_shift": 2}, "max_label_shift: found 2.0; expected a share"),
        ({"skew": {"tags": {"l_infinity": -1}}}, "l_infinity: found -1.0; expected a share"),
        ({"errors": ["D999"]}, r"errors: found D999; expected codes among D101, .*D205, "),
        ({"ignore": ["205"]}, r"ignore: found 205; expected codes among D101"),
        ({"errors": ["D205"], "ignore": ["D205"]}, "found D205 in both"),
        ({"ignore": ["D107"]}, "ignore: found D107; expected warnings and infos"),
    ],
)
def test_invalid_limits(limits: dict[str, Any], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(limits, CheckLimits)


def test_null_turns_a_measure_off() -> None:
    limits = msgspec.convert(
        {"max_label_shift": None, "skew": None, "drift": {"tags": {"l_infinity": None}}}, CheckLimits
    )
    assert limits.max_label_shift is None
    assert limits.skew is None
    assert msgspec.json.decode(msgspec.json.encode(limits), type=CheckLimits) == limits


def test_a_misspelt_option_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError, match="tagcolumn"):
        msgspec.convert({"tagcolumn": 1}, ReadOptions)
