"""`labels.jsonl`: who moved which label and when, one JSON object a line, append-only."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from files import atomic

FILE = "labels.jsonl"
STABLE = "stable"


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in many containers
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A label that moved.

    Attributes:
        change: the command that moved it; `found` for a label that was in the config without a line here.
        label: its name.
        version: the version that it moved to; None if it was removed.
        before: the version that it moved from; None if no version had it.
        reason: why, in the operator's words.
        at: the time, in UTC, ISO 8601.
        user: the user's name; empty where the system knows none.
    """

    change: str
    label: str
    version: int | None
    before: int | None
    reason: str = ""
    at: str = field(default_factory=_now)
    user: str = field(default_factory=_user)


@dataclass(frozen=True, slots=True)
class History:
    """All changes, the oldest first, and the numbers of unreadable lines, as a killed writer leaves them."""

    changes: tuple[Change, ...] = ()
    unreadable: tuple[int, ...] = ()


def read(folder: Path) -> History:
    """Read the history in a model's base folder; empty if the file is missing."""
    path = folder / FILE
    if not path.exists():
        return History()
    changes, unreadable = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            changes.append(_parsed(line))
        except (ValueError, TypeError, KeyError):
            unreadable.append(number)
    return History(tuple(changes), tuple(unreadable))


def append(folder: Path, changes: Iterable[Change]) -> None:
    """Append lines and wait until they are on the disk.

    Raises:
        OSError: they cannot be written.
    """
    lines = "".join(_line(change) for change in changes)
    if not lines:
        return
    with (folder / FILE).open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                # Half a line, whose writer was killed, must not run into this one.
                lines = "\n" + lines
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())
    # The file may be new.
    atomic.sync(folder)


def stable_versions(changes: Sequence[Change]) -> list[int]:
    """Compute the stack of stable versions, the current one last: a promotion pushes, a rollback pops."""
    stack: list[int] = []
    for change in changes:
        if change.label != STABLE:
            continue
        if change.version is None:
            stack.clear()
        elif change.change == "rollback" and stack[-2:-1] == [change.version]:
            stack.pop()
        elif stack[-1:] != [change.version]:
            stack.append(change.version)
    return stack


def _line(change: Change) -> str:
    fields = asdict(change)
    fields["from"] = fields.pop("before")
    order = ("at", "change", "label", "version", "from", "user", "reason")
    kept = {name: fields[name] for name in order if fields[name] != ""}
    return json.dumps(kept, ensure_ascii=False) + "\n"


def _parsed(line: str) -> Change:
    fields = json.loads(line)
    version, before = fields["version"], fields["from"]
    if not all(number is None or isinstance(number, int) for number in (version, before)):
        raise ValueError(line)
    return Change(
        change=fields["change"],
        label=fields["label"],
        version=version,
        before=before,
        reason=fields.get("reason", ""),
        at=fields["at"],
        user=fields.get("user", ""),
    )
