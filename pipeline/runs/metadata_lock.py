"""Waits for a metadata store that another program has locked: ML Metadata itself gives up within seconds."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from pathlib import Path

log = logging.getLogger("tagline.metadata")

_PATIENCE = 120.0


class Locked(RuntimeError):
    """Another program keeps the metadata locked."""


def wait_until_free(database: Path, patience: float = _PATIENCE) -> None:
    """Return once the metadata can be written to; longer than a second is told.

    Args:
        database: the SQLite file; nothing is waited for where it is missing, or broken, which its reader says better.
        patience: in seconds.

    Raises:
        Locked: it was locked all the time.
    """
    if not database.exists():
        return
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as store:
        for seconds in (min(1.0, patience), patience):
            store.execute(f"PRAGMA busy_timeout = {round(1000 * seconds)}")
            try:
                store.execute("BEGIN IMMEDIATE")
                store.execute("ROLLBACK")
                return
            except sqlite3.DatabaseError as error:
                if "locked" not in str(error):
                    return
            if seconds < patience:
                log.warning("%s is locked by another program: waiting up to %g s", database, patience)
    raise Locked(
        f"{database} is locked by another program: expected it to be free within {patience:g} s; end it"
    )
