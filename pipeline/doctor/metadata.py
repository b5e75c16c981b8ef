"""The metadata of all runs: a SQLite file, read without its library."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from pipeline.doctor.finding import Finding

_RUNNING = 2  # ml_metadata.proto.Execution.State
_WAIT_SECONDS = 0.3


def findings(database: Path, *, runs: bool) -> Iterator[Finding]:
    """Look at the store, and at executions without an end.

    Args:
        database: the file.
        runs: whether a run of this pipeline is under way.
    """
    if not database.exists():
        yield Finding("metadata", "ok", "none yet; the first run makes it")
        return
    try:
        uri = f"{database.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS)) as store:
            (verdict,) = store.execute("PRAGMA quick_check(1)").fetchone()
            executions = store.execute("SELECT count(*) FROM Execution").fetchone()[0]
            unended = store.execute(
                "SELECT Type.name FROM Execution JOIN Type ON Type.id = Execution.type_id "
                "WHERE Execution.last_known_state = ? ORDER BY Execution.id",
                (_RUNNING,),
            ).fetchall()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            yield Finding(
                "metadata", "warning", f"{database}: another process holds it", "wait, or end that process"
            )
            return
        yield _broken(database, str(error))
        return
    except sqlite3.DatabaseError as error:
        yield _broken(database, str(error))
        return
    if verdict != "ok":
        yield _broken(database, verdict)
        return
    yield Finding("metadata", "ok", f"{database}: readable, {executions:,} executions")
    if unended and not runs:
        names = ", ".join(dict.fromkeys(name.rpartition(".")[2] for (name,) in unended))
        yield Finding(
            "executions",
            "warning",
            f"{len(unended)} without an end, of runs that were stopped: {names}",
            "nothing: the next `tagline run` makes those steps anew",
        )


def _broken(database: Path, reason: str) -> Finding:
    remedy = "restore a copy, or move it away: runs start anew, and pushed models stay"
    return Finding("metadata", "error", f"{database}: {reason}", remedy)
