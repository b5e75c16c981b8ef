"""The line up to a component, as `tagline run` runs it: `python -m benchmarks.scale.line COMPONENT [KEY=VALUE ...]`.

A process of its own for `benchmarks.scale` to look at, by the same factory, runner and metadata.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from pipeline.runs.library_logs import quiet_libraries
from pipeline.settings import load


def run(until: str, assignments: Iterable[str]) -> None:
    """Runs the component and all that comes before it."""
    settings = load(assignments=assignments).with_absolute_paths()
    quiet_libraries(False)
    # Not before the libraries are told to be quiet.
    from tfx.orchestration import pipeline

    from pipeline.factory import create_pipeline
    from pipeline.runners.local import LocalRunner

    settings.run_dir.mkdir(parents=True, exist_ok=True)
    LocalRunner().run(create_pipeline(settings), run_options=pipeline.RunOptions(to_nodes=[until]))


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])
