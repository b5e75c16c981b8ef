"""What a fresh machine meets first."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def _find_python(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", ROOT / "setup" / "find_python.sh"], env=environment, capture_output=True, text=True
    )


def _fake(path: Path, version: str) -> Path:
    """Something that answers like a Python of that version, or fails like an unchosen shim."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{f'echo {version}' if version else 'exit 127'}\n")
    path.chmod(0o755)
    return path


def test_a_shim_that_fails_is_passed_over_for_one_that_runs(tmp_path: Path) -> None:
    _fake(tmp_path / "bin" / "python3.10", "")
    _fake(tmp_path / "bin" / "python3", "3.11")
    real = _fake(tmp_path / ".pyenv" / "versions" / "3.10.9" / "bin" / "python", "3.10")
    found = _find_python({"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)})
    assert found.stdout.strip() == str(real)


def test_a_named_python_comes_first(tmp_path: Path) -> None:
    _fake(tmp_path / "bin" / "python3.10", "3.10")
    named = _fake(tmp_path / "mine", "3.10")
    environment = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path), "TAGLINE_PYTHON": str(named)}
    assert _find_python(environment).stdout.strip() == str(named)


def test_without_any_one_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    found = _find_python({"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)})
    assert found.returncode == 1
    assert re.fullmatch(r"Tagline needs Python 3\.10 .*install it .*\n", found.stderr)


def test_every_package_of_the_lock_is_pinned_with_hashes_and_no_index() -> None:
    entries = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE))
    assert len(entries) > 200
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
    assert "://" not in LOCK
    assert "index" not in LOCK.splitlines()[1]


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name, version in re.findall(r'^  "([a-z-]+)(?:\[\w+\])?==([\d.]+)"', project, flags=re.MULTILINE):
        assert re.search(rf"^{name}=={re.escape(version)} ", LOCK, flags=re.MULTILINE), name
