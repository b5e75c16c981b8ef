"""What can go wrong with an operation, by whose turn it is."""

from __future__ import annotations


class Refused(ValueError):
    """What was asked for cannot be: no such version, a file that is not ours to change. Nothing was done."""


class ChangeFailed(RuntimeError):
    """A change did not come to its end; the text says what happened and what is served now."""
