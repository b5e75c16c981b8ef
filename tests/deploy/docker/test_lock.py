"""What of requirements.lock goes into the image."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from deploy.docker.lock import BUILD_LOCK, IMAGE_LOCK, LOCK, canonical, image_lock, needed, parse

ROOT = Path(__file__).resolve().parents[3]
HASH = "    --hash=sha256:" + "a" * 64


def lock(**asked_by: str) -> str:
    return "".join(f"{name}==1 \\\n{HASH}\n    # via {by}\n" for name, by in asked_by.items())


def test_the_files_are_what_the_lock_says_now() -> None:
    made = image_lock(LOCK.read_text(encoding="utf-8"), (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for path, text in zip((IMAGE_LOCK, BUILD_LOCK), made, strict=True):
        assert path.read_text(encoding="utf-8") == text, "run python -m deploy.docker.lock"


def test_what_is_asked_for_through_others_is_needed_and_the_rest_is_not() -> None:
    packages = parse(lock(root="tagline (pyproject.toml)", below="root", deep="below", dev="tool", tool="x"))
    assert needed(packages, ["Root"]) == {"root", "below", "deep"}
    circle = parse(lock(root="below", below="root"))
    assert needed(circle, ["root"]) == {"root", "below"}


def test_nothing_that_an_installed_package_asks_for_is_missing() -> None:
    # Not by the lock's comments: by the metadata of what is installed.
    held = parse(IMAGE_LOCK.read_text(encoding="utf-8"))
    locked = parse(LOCK.read_text(encoding="utf-8"))
    from packaging.requirements import Requirement

    for name in held:
        for text in importlib.metadata.requires(name) or []:
            asked = Requirement(text)
            if asked.marker is None or asked.marker.evaluate({"extra": ""}):
                assert canonical(asked.name) in held or canonical(asked.name) not in locked, (name, text)


def test_tools_of_development_stay_out() -> None:
    held = parse(IMAGE_LOCK.read_text(encoding="utf-8"))
    assert {"pytest", "mypy", "ruff", "playwright", "grpcio-tools", "hypothesis"} & held.keys() == set()
    assert {"tensorflow", "tfx", "apache-beam", "kfp", "orjson", "setuptools"} <= held.keys()
    assert set(parse(BUILD_LOCK.read_text(encoding="utf-8"))) == {"setuptools", "wheel"}


def test_a_dependency_that_is_not_locked_is_told() -> None:
    project = '[project]\ndependencies = ["alpha>1", "Beta[x]==2"]\n'
    with pytest.raises(ValueError, match=r"has no alpha, beta: run `make lock`"):
        image_lock(lock(setuptools="x", wheel="x"), project)
