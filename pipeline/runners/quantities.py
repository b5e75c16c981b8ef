"""Kubernetes' quantities as numbers."""

from __future__ import annotations

import re

_UNITS = {
    "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip


def cores(quantity: str) -> float:
    """Convert a quantity of CPUs: `500m` is 0.5."""
    return _number(quantity)


def gigabytes(quantity: str) -> float:
    """Convert a quantity of memory to 10^9 bytes, the unit of pipeline specs: `16Gi` is 17.18."""
    return _number(quantity) / 1e9


def _number(quantity: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([A-Za-z]*)", quantity)
    if match is None or match[2] not in _UNITS:
        raise ValueError(
            f"found {quantity!r}; expected a number and one of {', '.join(filter(None, _UNITS))}"
        )
    return float(match[1]) * _UNITS[match[2]]
