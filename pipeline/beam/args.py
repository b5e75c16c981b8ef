"""The settings under `beam` as arguments of Beam's own, for every component that runs on it. Imports no Beam."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence

import msgspec

from pipeline.settings.beam import Beam

_RUNNERS = {
    "flink": "FlinkRunner",
    "spark": "SparkRunner",
    "portable": "PortableRunner",
    "dataflow": "DataflowRunner",
}
_ENVIRONMENTS = {"container": "DOCKER", "process": "PROCESS", "pool": "EXTERNAL", "loopback": "LOOPBACK"}
_LONGEST_NAME = 63
# Each of them holds a part in memory.
_MOST_BY_ITSELF = 4

# Whoever gives TFX arguments of Beam, and no image among them, has it pack itself into a source package, component by
# component, for workers to build and install. Ours have it in their environment.
_PACKED_ALREADY = "--sdk_container_image=unused"

# Of a component that reads or writes what workers cannot reach, behind all others: the last one counts.
ON_THIS_MACHINE = ("--runner=DirectRunner",)


def pipeline_args(beam: Beam) -> list[str]:
    """What all components get; none where Beam is to run as it does by itself, so that the cache holds."""
    return [*_engine(beam), *beam.args]


def bulk_args(beam: Beam, *, workers: int | None) -> list[str]:
    """What `tagline predict` gets: as many parts at a time as `workers` say, else the settings, else one a core."""
    if beam.runner != "direct":
        return pipeline_args(beam)
    direct = beam.direct
    if workers is None and direct.workers is None and direct.mode == "processes":
        workers = min(os.cpu_count() or 1, _MOST_BY_ITSELF)
    chosen = msgspec.structs.replace(direct, workers=workers or direct.workers)
    return pipeline_args(msgspec.structs.replace(beam, direct=chosen))


def works_elsewhere(arguments: Sequence[str]) -> bool:
    """Whether Beam, told this, has its work done by workers that do not see the disk of the step."""
    told = dict(argument.partition("=")[::2] for argument in arguments)
    return (
        told.get("--runner", "DirectRunner") in _RUNNERS.values()
        and told.get("--environment_type") != _ENVIRONMENTS["loopback"]
    )


def component_args(beam: Beam, *, pipeline: str, component: str) -> list[str]:
    """What one component gets beside: the name of its job, where an engine has jobs."""
    if beam.runner == "direct":
        return []
    return [f"--job_name={job_name(beam.job_name or pipeline, component)}"]


def job_name(prefix: str, component: str) -> str:
    """`sample-transform`: small letters, digits and hyphens, 63 at most, as Dataflow asks."""
    tail = _plain(component)
    head = _plain(prefix)[: _LONGEST_NAME - len(tail) - 1].rstrip("-")
    return f"{head}-{tail}"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _engine(beam: Beam) -> list[str]:
    if beam.runner == "direct":
        return _direct(beam)
    runner = f"--runner={_RUNNERS[beam.runner]}"
    if beam.runner == "dataflow":
        return [runner, *_dataflow(beam)]
    return [runner, *_service(beam), *_environment(beam)]


def _direct(beam: Beam) -> list[str]:
    workers = beam.direct.workers
    if workers is None or workers == 1:
        return []
    mode = "multi_threading" if beam.direct.mode == "threads" else "multi_processing"
    return [f"--direct_num_workers={workers}", f"--direct_running_mode={mode}", _PACKED_ALREADY]


def _service(beam: Beam) -> list[str]:
    if beam.endpoint:
        found = [f"--job_endpoint={beam.endpoint}"]
    elif beam.runner == "flink":
        found = [f"--flink_master={beam.flink.master}", f"--flink_version={beam.flink.version}"]
        found += [f"--flink_job_server_jar={beam.flink.jar}"] if beam.flink.jar else []
    else:
        found = [f"--spark_master_url={beam.spark.master}"]
        found += [f"--spark_job_server_jar={beam.spark.jar}"] if beam.spark.jar else []
    if beam.runner == "flink" and beam.flink.parallelism:
        found.append(f"--parallelism={beam.flink.parallelism}")
    return found


def _environment(beam: Beam) -> list[str]:
    worker = beam.worker
    found = [f"--environment_type={_ENVIRONMENTS[worker.environment]}"]
    if worker.environment == "container":
        found.append(f"--environment_config={worker.image}")
    elif worker.environment == "process":
        found.append(f"--environment_config={json.dumps({'command': worker.command})}")
    elif worker.environment == "pool":
        found.append(f"--environment_config={worker.pool}")
    if worker.per_machine:
        found.append(f"--sdk_worker_parallelism={worker.per_machine}")
    return [*found, f"--sdk_container_image={worker.image}" if worker.image else _PACKED_ALREADY]


def _dataflow(beam: Beam) -> list[str]:
    chosen = beam.dataflow
    named = {
        "project": chosen.project,
        "region": chosen.region,
        "temp_location": chosen.temp_location,
        "staging_location": chosen.staging_location,
        "service_account_email": chosen.service_account,
        "num_workers": chosen.workers,
        "max_num_workers": chosen.max_workers,
        "worker_machine_type": chosen.machine_type,
        "subnetwork": chosen.subnetwork,
        "sdk_container_image": beam.worker.image,
    }
    return [
        *(f"--{name}={value}" for name, value in named.items() if value is not None),
        # What the image holds is what workers need; nothing is to be sent along.
        "--sdk_location=container",
        *([] if chosen.public_ips else ["--no_use_public_ips"]),
    ]
