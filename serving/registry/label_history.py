"""Who moved which label when: one JSON object a line in `labels.jsonl`, only ever added to."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path

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
        label: which.
        version: where to; None took the label away.
        before: the version that had it; None if none had.
        reason: why, in the operator's words.
        at: when, in UTC.
        user: who, where the system knows a name.
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
    """All changes, the oldest first, and the numbers of the lines that hold none (a writer was killed)."""

    changes: tuple[Change, ...] = ()
    unreadable: tuple[int, ...] = ()


def read(folder: Path) -> History:
    """The history in a model's folder; empty where there is none yet."""
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
    """Add lines and wait until they are on the disk.

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
                # The rest of a line whose writer was killed must not swallow this one.
                lines = "\n" + lines
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())


def stable_versions(changes: Sequence[Change]) -> list[int]:
    """The versions that were stable one after another, the present one last; a rollback takes one off."""
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
