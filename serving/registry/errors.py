"""Why a change of what is served did not happen."""

from __future__ import annotations


class Refused(ValueError):
    """The request cannot be carried out: no such version, a file of another kind. Nothing was changed."""


class ChangeFailed(RuntimeError):
    """A change failed on the way; the text says what happened and what is served now."""
