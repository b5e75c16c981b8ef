"""Python and the installed packages against the lock."""

from __future__ import annotations

import importlib.metadata
import platform
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.doctor.finding import Finding

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_SHOWN = 4


def findings(lock: Path = LOCK) -> Iterator[Finding]:
    """Look at the version of Python, and at every package that `lock` pins."""
    version = platform.python_version()
    if version.startswith("3.10."):
        yield Finding("Python", "ok", version)
    else:
        yield Finding(
            "Python", "error", f"{version}; TFX 1.15 and TensorFlow 2.15 need 3.10", "`make run` sets one up"
        )
    if not lock.exists():
        yield Finding(
            "packages", "warning", f"no {lock} to compare them with", "run from a checkout of the project"
        )
        return
    installed = _installed()
    pinned = _PINNED.findall(lock.read_text(encoding="utf-8"))
    differing = [
        f"{name} {installed.get(_normal(name), 'missing')} (locked {version})"
        for name, version in pinned
        if installed.get(_normal(name)) != version
    ]
    if not differing:
        yield Finding("packages", "ok", f"{len(pinned)}, as {lock.name} has them")
        return
    more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
    yield Finding(
        "packages",
        "warning",
        f"{len(differing)} of {len(pinned)} are not as in {lock.name}: {', '.join(differing[:_SHOWN])}{more}",
        f"pip install --requirement {lock.name}",
    )


def _installed() -> dict[str, str]:
    """Versions of the installed packages by normal name; of one that is there twice, the one that is imported."""
    found: dict[str, str] = {}
    for package in importlib.metadata.distributions():
        found.setdefault(_normal(package.name), package.version)
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
