"""The settings under `beam` as Beam's own arguments. Imports no Beam."""

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
# Each worker holds a part in memory.
_MOST_WORKERS = 4

# With arguments of Beam but no image among them, TFX packs itself into a source package, component by component, for
# workers to build and install. Ours have TFX installed.
_NO_PACKAGE = "--sdk_container_image=unused"

# Spark runs the stages of a job one after another. Without this, each starts workers anew, and these TensorFlow.
_KEEP_WORKERS = "--environment_cache_millis=60000"

# For a component whose files workers cannot reach. Appended to all others, since the last of a kind counts.
ON_THIS_MACHINE = ("--runner=DirectRunner",)


def pipeline_args(beam: Beam) -> list[str]:
    """Arguments of all components; none for Beam's own defaults, so that cache keys stay as they are."""
    return [*_engine(beam), *beam.args]


def bulk_args(beam: Beam, *, workers: int | None) -> list[str]:
    """Arguments of `tagline predict`: `workers`, else as many as the settings say, else one a core, 4 at most."""
    if beam.runner != "direct":
        return pipeline_args(beam)
    direct = beam.direct
    if workers is None and direct.workers is None and direct.mode == "processes":
        workers = min(os.cpu_count() or 1, _MOST_WORKERS)
    chosen = msgspec.structs.replace(direct, workers=workers or direct.workers)
    return pipeline_args(msgspec.structs.replace(beam, direct=chosen))


def works_elsewhere(arguments: Sequence[str]) -> bool:
    """Whether Beam's arguments name workers that do not see the disk of the step."""
    options = dict(argument.partition("=")[::2] for argument in arguments)
    return (
        options.get("--runner", "DirectRunner") in _RUNNERS.values()
        and options.get("--environment_type") != _ENVIRONMENTS["loopback"]
    )


def component_args(beam: Beam, *, pipeline: str, component: str) -> list[str]:
    """Arguments of one component alone: the name of its job, where an engine has jobs."""
    if beam.runner == "direct":
        return []
    return [f"--job_name={job_name(beam.job_name or pipeline, component)}"]


def job_name(prefix: str, component: str) -> str:
    """Make the name of a job, `sample-transform`: small letters, digits and hyphens, 63 at most, for Dataflow."""
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
    return [f"--direct_num_workers={workers}", f"--direct_running_mode={mode}", _NO_PACKAGE]


def _service(beam: Beam) -> list[str]:
    if beam.endpoint:
        arguments = [f"--job_endpoint={beam.endpoint}"]
    elif beam.runner == "flink":
        arguments = [f"--flink_master={beam.flink.master}", f"--flink_version={beam.flink.version}"]
        arguments += [f"--flink_job_server_jar={beam.flink.jar}"] if beam.flink.jar else []
    else:
        arguments = [f"--spark_master_url={beam.spark.master}"]
        arguments += [f"--spark_job_server_jar={beam.spark.jar}"] if beam.spark.jar else []
    if beam.runner == "spark":
        arguments.append(_KEEP_WORKERS)
    if beam.runner == "flink" and beam.flink.parallelism:
        arguments.append(f"--parallelism={beam.flink.parallelism}")
    return arguments


def _environment(beam: Beam) -> list[str]:
    worker = beam.worker
    arguments = [f"--environment_type={_ENVIRONMENTS[worker.environment]}"]
    if worker.environment == "container":
        arguments.append(f"--environment_config={worker.image}")
    elif worker.environment == "process":
        arguments.append(f"--environment_config={json.dumps({'command': worker.command})}")
    elif worker.environment == "pool":
        arguments.append(f"--environment_config={worker.pool}")
    if worker.per_machine:
        arguments.append(f"--sdk_worker_parallelism={worker.per_machine}")
    return [*arguments, f"--sdk_container_image={worker.image}" if worker.image else _NO_PACKAGE]


def _dataflow(beam: Beam) -> list[str]:
    chosen = beam.dataflow
    options = {
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
        *(f"--{name}={value}" for name, value in options.items() if value is not None),
        # The image has all that workers need; nothing is uploaded.
        "--sdk_location=container",
        *([] if chosen.public_ips else ["--no_use_public_ips"]),
    ]
