"""Python and the packages against a lock."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from pipeline.doctor.environment import findings


def test_the_installed_packages_are_compared_with_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    version = importlib.metadata.version("msgspec")
    lock.write_text(f"# a comment\nMsgSpec=={version} \\\n    --hash=sha256:0\n    # via x\n")
    python, packages = findings(lock)
    assert (python.state, packages.state, packages.found) == ("ok", "ok", "1, as requirements.lock has them")
    lock.write_text("msgspec==0.0.1 \\\nno-such-package==2\n")
    _, packages = findings(lock)
    assert packages.state == "warning"
    assert packages.found == (
        f"2 of 2 are not as in requirements.lock: msgspec {version} (locked 0.0.1), no-such-package missing (locked 2)"
    )
    _, packages = findings(tmp_path / "none")
    assert (packages.state, packages.remedy) == ("warning", "run from a checkout of the project")
