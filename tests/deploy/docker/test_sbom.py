"""The bill of materials holds what the lock holds, in CycloneDX's form."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from deploy.docker.lock import IMAGE_LOCK, Locked
from deploy.docker.sbom import bom, purl

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads(Path(__file__).with_name("cyclonedx_schema.json").read_text(encoding="utf-8"))
LOCK = f"""\
# a comment
Alpha_Tool[grpc]==1.0+cpu ; sys_platform == "linux" \\
    --hash=sha256:{"a" * 64} \\
    --hash=sha512:{"b" * 128}
    # via
    #   beta
    #   tagline (pyproject.toml)
beta==2!0 \\
    --hash=sha256:{"c" * 64}
    # via tagline (pyproject.toml)
gamma==3 \\
    --hash=sha256:{"d" * 64}
    # via alpha-tool
"""


def test_a_lock_of_three_by_hand() -> None:
    made = bom(LOCK)
    alpha, beta, gamma = "pkg:pypi/alpha-tool@1.0%2Bcpu", "pkg:pypi/beta@2%210", "pkg:pypi/gamma@3"
    assert [one["purl"] for one in made["components"]] == [alpha, beta, gamma]
    assert made["components"][0]["hashes"] == [
        {"alg": "SHA-256", "content": "a" * 64},
        {"alg": "SHA-512", "content": "b" * 128},
    ]
    assert {one["ref"]: one["dependsOn"] for one in made["dependencies"]} == {
        "tagline-image": [alpha, beta],
        alpha: [gamma],
        beta: [alpha],
        gamma: [],
    }


def test_it_is_of_cyclonedxs_form() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    made = bom(IMAGE_LOCK.read_text(encoding="utf-8"))
    jsonschema.validate(made, SCHEMA)
    names = [one["bom-ref"] for one in [made["metadata"]["component"], *made["components"]]]
    assert len(set(names)) == len(names)
    # What depends on what is said of all, and of nothing else.
    assert {one["ref"] for one in made["dependencies"]} == set(names)
    assert {name for one in made["dependencies"] for name in one["dependsOn"]} <= set(names)
    for spoil in (
        lambda wrong: wrong["components"][0].pop("name"),
        lambda wrong: wrong["components"][0]["hashes"][0].update(alg="sha256"),
        lambda wrong: wrong.update(serialNumber="1"),
        lambda wrong: wrong.update(extra=1),
    ):
        wrong: dict[str, Any] = copy.deepcopy(made)
        spoil(wrong)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, SCHEMA)


def test_every_line_of_the_lock_is_in_it() -> None:
    lines = IMAGE_LOCK.read_text(encoding="utf-8").splitlines()
    pinned = [line.split(" ")[0] for line in lines if line and line[0] not in " #"]
    made = bom("\n".join(lines))
    assert [f"{one['name']}=={one['version']}" for one in made["components"]] == sorted(
        pinned, key=lambda line: line.partition("==")[0]
    )
    hashes = [one["content"] for component in made["components"] for one in component["hashes"]]
    assert len(hashes) == sum(line.count("--hash=") for line in lines) > len(pinned)


def test_python_alone_prints_it_each_time_alike() -> None:
    # As the image's builder has it: no packages, no environment.
    texts = {
        subprocess.run(
            [sys.executable, "-S", "-m", "deploy.docker.sbom"],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    (text,) = texts
    assert json.loads(text) == bom(IMAGE_LOCK.read_text(encoding="utf-8"))
    assert (
        bom(LOCK)["serialNumber"]
        != bom(LOCK.replace("gamma==3", "gamma==4"))["serialNumber"]
        != json.loads(text)["serialNumber"]
    )


def test_a_lock_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("alpha>=1\n")
    done = subprocess.run(
        [sys.executable, "-m", "deploy.docker.sbom", str(tmp_path / "lock")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.endswith("line 1: found 'alpha>=1'; expected NAME==VERSION\n")
    with pytest.raises(ValueError, match="found alpha without --hash"):
        bom("alpha==1\n")


def test_a_purl_has_no_sign_that_would_part_it() -> None:
    package = Locked(name="a", version="1+b@c/d", hashes=(), asked_by=(), text="")
    assert purl(package) == "pkg:pypi/a@1%2Bb%40c%2Fd"
