"""The Dockerfiles of all images: hadolint, users, base images, build contexts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.docker.dockerfiles import DOCKER, ROOT, copied_from_context, of, parent_images, stages

CONTEXTS = {"pipeline": ROOT, "server": ROOT / "deploy"}


@pytest.mark.parametrize("image", ["pipeline", "beam", "server"])
def test_hadolint_has_no_complaint(image: str) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [hadolint, DOCKER / image / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("image", ["pipeline", "beam", "server"])
def test_the_user_is_an_unprivileged_number(image: str) -> None:
    assert of(stages(image)[-1], "USER")[-1].text == "65532:65532"


@pytest.mark.parametrize(
    ("image", "build_arguments"),
    [("pipeline", {"DEVICE": "cpu"}), ("pipeline", {"DEVICE": "gpu"}), ("server", {})],
)
def test_base_images_are_pinned_by_version(image: str, build_arguments: dict[str, str]) -> None:
    names = {stage[0].arguments[-1] for stage in stages(image) if "AS" in stage[0].arguments}
    bases = [base for base in parent_images(image, **build_arguments) if base not in names]
    assert bases
    for base in bases:
        assert re.fullmatch(r"[a-z0-9/_-]+:\d+\.\d+(\.\d+)?[a-z0-9.-]*", base), base


@pytest.mark.parametrize("image", CONTEXTS)
def test_the_context_holds_what_is_copied_and_nothing_else(image: str) -> None:
    sources = [
        source
        for stage in stages(image)
        for copy in copied_from_context(stage)
        for source in copy.arguments[:-1]
    ]
    for source in sources:
        assert (CONTEXTS[image] / source).exists(), source
    lines = (DOCKER / image / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[: len(sources) + 1] == ["*", *(f"!{source}" for source in sources)]
    assert not [rule for rule in rules[len(sources) + 1 :] if rule.startswith("!")]
