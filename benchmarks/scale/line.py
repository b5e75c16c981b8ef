"""Run the pipeline up to a component: `python -m benchmarks.scale.line COMPONENT [KEY=VALUE ...]`.

`benchmarks.scale` measures it in a process of its own. Factory, runner and metadata are those of `tagline
run`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from pipeline.runs.library_logs import quiet_libraries
from pipeline.settings import load


def run(until: str, assignments: Iterable[str]) -> None:
    """Run the component and all components before it."""
    settings = load(assignments=assignments).with_absolute_paths()
    quiet_libraries(False)
    # Imported after the libraries' logs have been silenced.
    from tfx.orchestration import pipeline

    from pipeline.factory import create_pipeline
    from pipeline.runners.local import LocalRunner

    settings.run_dir.mkdir(parents=True, exist_ok=True)
    LocalRunner().run(create_pipeline(settings), run_options=pipeline.RunOptions(to_nodes=[until]))


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])
