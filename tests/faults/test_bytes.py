"""A bit flipped anywhere in what a run made is noticed before a client sees an answer from it."""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tfx.types import artifact_utils, standard_artifacts

from components.digests import PROPERTY, Changed
from files.sums import sums_below
from pipeline.runs.launching import artifacts_held
from pipeline.runs.lineage import Step
from serving.registry.manifest import verify
from tests.faults.conftest import Faults
from tests.pipeline.test_end_to_end import executed, run, write_corpus

IN_ARTIFACTS, IN_VERSION = 120, 80


@dataclass(frozen=True)
class Line:
    """A pipeline that has run once: its folder, the steps of that run, and the version that it pushed."""

    home: Path
    steps: dict[str, Step]
    version: Path


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    home = tmp_path_factory.mktemp("line")
    write_corpus(home / "corpus")
    chosen, steps = run(home, "trainer.epochs=2", "evaluation.floor=0")
    return Line(home, steps, chosen.models_dir / "1")


@contextlib.contextmanager
def flipped(path: Path, generator: random.Random) -> Iterator[None]:
    """Flip one bit of a file, and take it back."""
    content = path.read_bytes()
    place = generator.randrange(len(content))
    changed = bytearray(content)
    changed[place] ^= 1 << generator.randrange(8)
    path.write_bytes(changed)
    try:
        yield
    finally:
        path.write_bytes(content)


def held(uri: str, digest: str) -> None:
    """What the cache's lookup does with an artifact, and each reader before it reads."""
    artifact = standard_artifacts.Model()
    artifact.uri = uri
    artifact.set_string_custom_property(PROPERTY, digest)
    with artifacts_held():
        artifact_utils.verify_artifacts({"any": [artifact]})


def test_a_flip_in_any_artifact_is_noticed_and_the_file_named(line: Line, faults: Faults) -> None:
    digests = {
        artifact.uri: str(artifact.properties.get(PROPERTY, ""))
        for step in line.steps.values()
        for artifacts in step.outputs.values()
        for artifact in artifacts
        if sums_below(Path(artifact.uri))
    }
    assert all(digests.values()), "every component records what it made, TFX's own too"
    files = [
        (uri, name) for uri in digests for name in sums_below(Path(uri)) if Path(uri, name).stat().st_size
    ]
    assert len(files) > 30
    generator = random.Random(1)
    for _ in range(IN_ARTIFACTS):
        uri, name = generator.choice(files)
        with (
            faults.tried(),
            flipped(Path(uri, name), generator),
            pytest.raises(Changed, match=re.escape(f"{uri}: {name} has changed")),
        ):
            held(uri, digests[uri])
    for uri, digest in digests.items():
        held(uri, digest)


def test_a_flip_in_any_pushed_file_is_noticed_and_the_file_named(line: Line, faults: Faults) -> None:
    files = sorted(path for path in line.version.rglob("*") if path.is_file() and path.stat().st_size)
    assert len(files) > 10
    generator = random.Random(2)
    for _ in range(IN_VERSION):
        path = generator.choice(files)
        with faults.tried(), flipped(path, generator):
            verdict = verify(line.version)
            assert not verdict.is_intact, path
            assert verdict.broken or path.relative_to(line.version).as_posix() in verdict.changed
    assert verify(line.version).is_intact


def test_the_next_run_makes_a_changed_model_anew(line: Line, faults: Faults) -> None:
    model = Path(line.steps["Trainer"].only("model").uri)
    pushed = sums_below(line.version)
    (weights,) = (name for name in pushed if name.startswith("variables/variables.data"))
    with faults.tried(), flipped(model / "Format-Serving" / weights, random.Random(3)):
        chosen, steps = run(line.home, "trainer.epochs=2", "evaluation.floor=0")
        assert {"Trainer", "Evaluator", "Predictor", "ServingCheck", "ModelGate"} <= executed(steps)
        assert not {"CorpusGen", "Transform"} & executed(steps)
    latest = max(chosen.models_dir.glob("[0-9]*"))
    assert verify(latest).is_intact
    faults.compare({weights: sums_below(latest)[weights]}, {weights: pushed[weights]})
