"""The copy of the code that steps import, beside the image that a cluster's steps run in."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.execution.image import PACKAGES, copy_code, environment, remove_code

ROOT = Path(__file__).resolve().parents[3]


def test_the_copy_and_the_image_have_the_same_packages() -> None:
    dockerfile = (ROOT / "deploy" / "docker" / "pipeline" / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (\w+) /opt/tagline/\1$", dockerfile, re.MULTILINE)
    assert sorted(copied) == sorted(PACKAGES)


def test_the_copy_is_the_code_and_is_read_only(tmp_path: Path) -> None:
    target = tmp_path / "code"
    target.mkdir()
    copy_code(target)
    for name in PACKAGES:
        files = [path for path in (ROOT / name).rglob("*") if path.is_file() and path.suffix != ".pyc"]
        assert files
        for path in files:
            assert (target / path.relative_to(ROOT)).read_bytes() == path.read_bytes()
    assert not [path for path in [target, *target.rglob("*")] if path.stat().st_mode & 0o222]
    remove_code(target)
    assert not target.exists()


def test_the_spec_has_the_last_word_on_the_environment(tmp_path: Path) -> None:
    assert environment(tmp_path, tmp_path, {"HOME": "/x", "A": "1"})["HOME"] == "/x"
    assert environment(tmp_path, tmp_path, {"A": "1"})["A"] == "1"
