"""The commands of the benchmark of compiling, without compiling."""

from __future__ import annotations

from pathlib import Path

from benchmarks.compile import NEEDS, command
from pipeline.runners.targets import TARGETS


def test_every_target_is_measured_from_one_file() -> None:
    assert set(NEEDS) == set(TARGETS)
    for target in TARGETS:
        words = command(target, config="configs/sample.yaml", output=Path("/x/out.json"))
        assert words[words.index("--target") + 1] == target
        assert Path(words[words.index("--config") + 1]).is_file()
