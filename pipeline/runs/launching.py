"""TFX's launcher, with the artifacts of every step held against their digests.

What a step reads, and what the cache would answer instead of a step, must be what was made; what a step makes is
recorded. Both runners that look up the cache by TFX's metadata start their steps by this launcher: the local one, and
the first of Kubeflow, in each step's container.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfx import types
from tfx.orchestration.portable import launcher
from tfx.types import artifact_utils

from components import digests

log = logging.getLogger("tagline.artifacts")


class Launcher(launcher.Launcher):
    """Holds the inputs of a step against their digests before it runs, and records those of its outputs."""

    def _run_executor(self, execution_info: Any) -> Any:
        for artifact in itertools.chain.from_iterable(execution_info.input_dict.values()):
            digests.require_artifact(artifact)
        output = super()._run_executor(execution_info)
        for key, artifacts in execution_info.output_dict.items():
            # What the executor says of an output replaces what was prepared for it.
            made = output.output_artifacts
            for artifact in made[key].artifacts if key in made else [one.mlmd_artifact for one in artifacts]:
                digests.record(artifact)
        return output


@contextlib.contextmanager
def artifacts_held() -> Iterator[None]:
    """Make TFX's runners launch steps by `Launcher`, and answer from the cache with intact artifacts alone."""
    told: set[str] = set()
    tfx_launcher, exist = launcher.Launcher, artifact_utils.verify_artifacts

    def verify(artifacts: Mapping[str, Sequence[types.Artifact]]) -> None:
        """Raises RuntimeError, upon which the lookup takes an older execution, or none."""
        exist(artifacts)
        try:
            for artifact in itertools.chain.from_iterable(artifacts.values()):
                digests.require_artifact(artifact)
        except digests.Changed as changed:
            # Every run that the artifact was an answer to is looked at.
            if changed.difference not in told:
                log.warning("done anew, not taken from the cache: %s", changed.difference)
            told.add(changed.difference)
            raise

    launcher.Launcher, artifact_utils.verify_artifacts = Launcher, verify
    try:
        yield
    finally:
        launcher.Launcher, artifact_utils.verify_artifacts = tfx_launcher, exist
