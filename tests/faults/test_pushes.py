"""A push that is killed at any of its steps leaves nothing half written, and the next one ends right."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from files.sums import digest_of, sums_below
from serving.registry import pushing
from serving.registry.manifest import verify
from serving.registry.version_folder import versions_in
from tests.faults.conftest import Faults

# Every call by which a push changes what is on the disk, or waits for the disk.
STEPS = [
    (os, "rename"),
    (os, "replace"),
    (os, "fsync"),
    (os, "mkdir"),
    (shutil, "copyfile"),
    (Path, "write_text"),
]
FAILURES = {"killed": None, "full disk": 28, "read-only": 30}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "Format-Serving"
    for name in ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(name.encode() * 1000)
    (tmp_path / "statistics" / "Split-train").mkdir(parents=True)
    (tmp_path / "statistics" / "Split-train" / "FeatureStats.pb").write_bytes(b"statistics")
    return source


def push(source: Path, base: Path) -> Path:
    with pushing.only_push(base):
        pushing.discard_abandoned(base)
        return pushing.push(
            source, base, pushing.next_version(base), extra={"settings.yaml": "a: 1\n"}, about={"run_id": "r"},
            folders={"statistics": source.parent / "statistics"}, blessed=digest_of(sums_below(source)),
        )  # fmt: skip


def stop_at(step: int, failure: int | None) -> Callable[[], bool]:
    """Let the call number `step` of all `STEPS` of this process fail, or be its last; returns whether it came to it."""
    left = step

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def stopping(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0 and failure is None:
                os.kill(os.getpid(), signal.SIGKILL)
            if left == 0:
                assert failure is not None
                raise OSError(failure, os.strerror(failure), str(args[0]))
            return call(*args, **kwargs)

        return stopping

    for owner, name in STEPS:
        setattr(owner, name, counted(getattr(owner, name)))
    return lambda: left <= 0


DONE, FAILED, NOT_STOPPED = 0, 1, 2


def in_child(work: Callable[[], int]) -> int:
    """Do `work` in a process of its own; its result, `FAILED` after an OSError, or less the signal that killed it."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = work()
        except OSError:
            code = FAILED
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("failure", FAILURES)
def test_a_push_that_stops_at_any_step(source: Path, tmp_path: Path, faults: Faults, failure: str) -> None:
    expected = sums_below(push(source, tmp_path / "unbroken"))
    for step in range(1, 1000):
        base = tmp_path / "models" / f"at-{step}"

        def stopped(step: int = step, base: Path = base) -> int:
            came_to_it = stop_at(step, FAILURES[failure])
            push(source, base)
            return DONE if came_to_it() else NOT_STOPPED

        ended = in_child(stopped)
        if ended == NOT_STOPPED:
            break
        with faults.tried():
            # A folder that cannot be made is no failure where it is there already.
            assert ended in ((-signal.SIGKILL,) if failure == "killed" else (FAILED, DONE))
            # What a server sees now is a whole version or none.
            seen = versions_in(base, missing_ok=True)
            assert all(verify(folder).is_intact for folder in seen.values())
            assert all(verify(folder).files for folder in seen.values())
            resumed = push(source, base)
        assert resumed.name == str(len(seen) + 1), "no number is given twice, or left out"
        assert not list(base.glob(".staging-*"))
        found = sums_below(resumed)
        faults.compare(
            {n: s for n, s in found.items() if not n.startswith("manifest")},
            {n: s for n, s in expected.items() if not n.startswith("manifest")},
        )
    assert step > 15, "steps of a push that were stopped"
