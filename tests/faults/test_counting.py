"""The closing line counts what happened."""

from __future__ import annotations

import pytest

from tests.faults.conftest import Faults


def test_an_error_within_the_block_is_not_survived() -> None:
    faults = Faults()
    with pytest.raises(OSError, match="disk"), faults.tried(2):
        raise OSError("disk")
    with faults.tried():
        pass
    assert faults.counts == {"tried": 3, "survived": 1, "lost": 0, "wrong": 0}


def test_what_is_missing_is_lost_and_what_differs_is_wrong() -> None:
    faults = Faults()
    with pytest.raises(AssertionError, match="lost"):
        faults.compare({"a": 1, "b": 3}, {"a": 1, "b": 2, "c": 4})
    assert (faults.counts["lost"], faults.counts["wrong"]) == (1, 1)
