"""Kubernetes' quantities."""

from __future__ import annotations

import pytest

from pipeline.runners.quantities import cores, gigabytes


@pytest.mark.parametrize(("text", "number"), [("4", 4), ("500m", 0.5), ("1.5", 1.5)])
def test_cores(text: str, number: float) -> None:
    assert cores(text) == pytest.approx(number)


@pytest.mark.parametrize(
    ("text", "number"), [("16G", 16), ("1Gi", 1.073741824), ("512Mi", 0.536870912), ("1T", 1000)]
)
def test_gigabytes(text: str, number: float) -> None:
    assert gigabytes(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "4 GB", "16gb", "-1"])
def test_an_illegal_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number and one of m, k,"):
        cores(text)
