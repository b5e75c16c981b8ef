"""A Python worker for engines that start workers as processes: `python -m pipeline.beam.worker`, with Beam's arguments.

It is what the `boot` program of Beam's images runs once it has installed the packages that a job stages; here the
environment is installed already. The worker names itself to each of the engine's services. Those that a pool starts
by itself do not where they ask for state, which Prism from 2.63 on refuses: https://github.com/apache/beam/pull/33438.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Work for the engine that provides for this worker, until it hangs up."""
    given = dict(argument.removeprefix("--").split("=", 1) for argument in sys.argv[1:] if "=" in argument)
    missing = [f"--{name}" for name in ("id", "provision_endpoint") if name not in given]
    if missing:
        sys.exit(
            f"pipeline.beam.worker: expected {' and '.join(missing)}, which an engine gives; found {sys.argv[1:]}; "
            "name it in beam.worker.command"
        )
    # Read when Beam is imported.
    os.environ["WORKER_ID"] = given["id"]
    os.environ.update(_provided(given["id"], given["provision_endpoint"]))
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)


def _provided(worker: str, endpoint: str) -> dict[str, str]:
    """Ask the engine for what Beam's worker reads from its environment."""
    import grpc
    from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc
    from google.protobuf import json_format

    with grpc.insecure_channel(endpoint) as channel:
        asked = beam_provision_api_pb2.GetProvisionInfoRequest()
        service = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        info = service.GetProvisionInfo(asked, metadata=(("worker_id", worker),), wait_for_ready=True).info
    return {
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        "LOGGING_API_SERVICE_DESCRIPTOR": str(info.logging_endpoint),
        "CONTROL_API_SERVICE_DESCRIPTOR": str(info.control_endpoint),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
    }


if __name__ == "__main__":
    main()
