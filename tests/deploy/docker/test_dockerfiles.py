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
    [
        ("pipeline", {"DEVICE": "cpu"}),
        ("pipeline", {"DEVICE": "gpu"}),
        ("server", {}),
        ("beam", {"STEPS": "docker.io/tagline:1.0"}),
    ],
)
def test_base_images_have_a_registry_and_a_version(image: str, build_arguments: dict[str, str]) -> None:
    names = {stage[0].arguments[-1] for stage in stages(image) if "AS" in stage[0].arguments}
    bases = [base for base in parent_images(image, **build_arguments) if base not in names]
    assert bases
    for base in bases:
        # Without a registry only docker would find it.
        assert re.fullmatch(r"docker\.io/[a-z0-9./_-]+:\d+\.\d+(\.\d+)?[a-z0-9.-]*", base), base


@pytest.mark.parametrize(
    ("image", "arguments"),
    [("pipeline", ["CPU_BASE", "GPU_BASE"]), ("server", ["BASE"]), ("beam", ["STEPS", "BEAM"])],
)
def test_every_base_image_can_be_a_mirrors(image: str, arguments: list[str]) -> None:
    mirrored = {name: f"mirror.example.org/{name.lower()}:1" for name in arguments}
    built = {base for device in ("cpu", "gpu") for base in parent_images(image, DEVICE=device, **mirrored)}
    names = {stage[0].arguments[-1] for stage in stages(image) if "AS" in stage[0].arguments}
    assert built - names == set(mirrored.values())


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
