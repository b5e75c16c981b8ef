"""A Python worker for engines that start workers as processes: `python -m pipeline.beam.worker`, with Beam's arguments.

The `boot` program of Beam's images does the same after it has installed what a job stages; here the environment is
installed already. The worker tells each of the engine's services who it is. Those that a pool starts by itself leave
that out where they ask for state, which Prism from 2.63 on refuses: https://github.com/apache/beam/pull/33438.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Work for the engine whose endpoints are in the arguments, until it hangs up."""
    given = dict(argument.removeprefix("--").split("=", 1) for argument in sys.argv[1:] if "=" in argument)
    missing = [f"--{name}" for name in ("id", "control_endpoint") if name not in given]
    if missing:
        sys.exit(
            f"pipeline.beam.worker: expected {' and '.join(missing)}, which an engine gives; found {sys.argv[1:]}; "
            "name it in beam.worker.command"
        )
    # Read when Beam is imported.
    os.environ["WORKER_ID"] = given["id"]
    from apache_beam.runners.worker.sdk_worker import SdkHarness

    SdkHarness(given["control_endpoint"], worker_id=given["id"]).run()


if __name__ == "__main__":
    main()
