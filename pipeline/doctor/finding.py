"""The result of one look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "error"]
# The worst last.
STATES: tuple[State, ...] = ("ok", "warning", "error")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: its name.
        state: an error stops a run or a server, a warning may.
        found: what is there.
        remedy: what to do; empty where nothing is to be done.
    """

    what: str
    state: State
    found: str
    remedy: str = ""
