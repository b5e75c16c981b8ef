"""Checks of the engine in the settings, before a run rather than minutes into it."""

from __future__ import annotations

import os
import re
import shutil
import socket
from typing import Literal

from pipeline.settings import Settings, SettingsError
from pipeline.settings.beam import Beam

Target = Literal["run", "predict", "kubeflow", "kubeflow-v2", "vertex"]

_TIMEOUT_SECONDS = 5.0
_IN_BUCKETS = ("kubeflow-v2", "vertex")
_READS: dict[str, str] = {
    "run": "`tagline run` keeps runs in folders of this machine",
    "predict": "`tagline predict` reads and writes folders of this machine",
    "kubeflow": "this target's steps read and write folders of volumes",
}


def require_reachable(settings: Settings, *, target: Target | str) -> None:
    """Check that the engine's workers reach the files that they read and write.

    Raises:
        SettingsError: workers elsewhere, and no disk or bucket that they share with the steps.
    """
    beam = settings.beam
    if beam.runner == "direct":
        return
    if target in _IN_BUCKETS:
        _require_bucket(settings, target)
    elif target in _READS and not beam.shares_disk:
        remedy = (
            "take another runner, or compile for vertex, whose artifacts lie in gs://"
            if beam.runner == "dataflow"
            else "mount them on every machine of the engine by the same paths, and set beam.shared_disk: true"
        )
        raise SettingsError(
            f"beam.runner: found {beam.runner}, whose workers cannot see these folders, but {_READS[target]}; {remedy}"
        )


def _require_bucket(settings: Settings, target: str) -> None:
    beam, root = settings.beam, settings.pipeline.root
    if beam.worker.environment == "loopback":
        return
    if beam.shared_disk:
        raise SettingsError(
            f"beam.shared_disk: found true, but steps of {target} have their artifacts in buckets; take it out: "
            "workers then read and write gs:// themselves"
        )
    if not root.startswith("gs://"):
        raise SettingsError(
            f"pipeline.root: found {root}; expected gs://BUCKET/path, which {beam.runner}'s workers reach as the "
            "steps do; or beam.runner: direct"
        )


def require_engine(beam: Beam) -> None:
    """Check within seconds that the engine answers.

    Raises:
        SettingsError: nothing answers there, or a job service cannot be started.
    """
    if beam.endpoint:
        _require_job_service(f"beam.{beam.runner}.endpoint", beam.endpoint)
    elif beam.master:
        _require_starter(beam, beam.master)


def _require_job_service(key: str, endpoint: str) -> None:
    _require_open(key, endpoint, "start the job service, or name the one that runs")
    import grpc

    channel = grpc.insecure_channel(endpoint)
    try:
        grpc.channel_ready_future(channel).result(timeout=_TIMEOUT_SECONDS)
    except grpc.FutureTimeoutError:
        raise SettingsError(
            f"{key}: found {endpoint}, where something answers that speaks no gRPC; expected a Beam job service: its "
            "job port, 8099 by default"
        ) from None
    finally:
        channel.close()


def _require_starter(beam: Beam, master: str) -> None:
    key = f"beam.{beam.runner}"
    if shutil.which("java") is None:
        raise SettingsError(
            f"{key}.master: found {master}, for which Beam starts a job service in Java, but no java on the PATH; "
            f"install Java 11 or 17, or set {key}.endpoint to a job service that runs"
        )
    jar = beam.flink.jar if beam.runner == "flink" else beam.spark.jar
    if jar and "://" not in jar and not os.path.isfile(jar):
        raise SettingsError(
            f"{key}.jar: found {jar}, which is not a file; expected the job service's jar, or its URL"
        )
    address = re.search(r"(?:^|//)([\w.-]+:\d+)", master)
    if address and not master.startswith(("k8s://", "mesos://")):
        _require_open(
            f"{key}.master", address[1], f"start {beam.runner.capitalize()}, or name the one that runs"
        )


def _require_open(key: str, address: str, remedy: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_TIMEOUT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise SettingsError(
            f"{key}: found {address}, where nothing answers ({getattr(error, 'strerror', None) or error}); {remedy}"
        ) from None
