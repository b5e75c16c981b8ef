"""The settings below `beam`: which engine runs Beam's work. Imports no Beam, TensorFlow or TFX."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

Positive = Annotated[int, msgspec.Meta(ge=1)]
# HOST:PORT, as a Beam job service or a pool of workers is reached.
Endpoint = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?:[1-9][0-9]{0,4}$",
        description="HOST:PORT, such as localhost:8099",
    ),
]
# Of a job on an engine; Dataflow takes no other.
JobName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z]([a-z0-9-]{0,39}[a-z0-9])?$",
        description="a lower-case letter, then at most 40 lower-case letters, digits and -",
    ),
]

_ACCOUNT = re.compile(r"[a-z0-9-]+@[a-z0-9.-]+\.(iam\.)?gserviceaccount\.com")
_PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_REGION = re.compile(r"[a-z]+-[a-z]+\d+")
_FLINK_MASTER = re.compile(r"\[local\]|(https?://)?[\w.-]+:\d+")
_SPARK_MASTER = re.compile(r"local(\[[\d*,]+\])?|(spark|k8s|mesos)://\S+|yarn")


class Direct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Beam on the machine that the step runs on."""

    workers: Positive | None = None
    mode: Literal["threads", "processes"] = "threads"


class Worker(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The environment in which an engine's workers run Python."""

    environment: Literal["container", "process", "pool", "loopback"] = "container"
    image: str | None = None
    command: str | None = None
    pool: Endpoint | None = None
    per_machine: Positive | None = None

    def __post_init__(self) -> None:
        wants = {"container": None, "process": "command", "pool": "pool", "loopback": None}[self.environment]
        given = [name for name in ("command", "pool") if getattr(self, name)]
        if wants and wants not in given:
            raise ValueError(
                f"found environment {self.environment} and no {wants}; set {wants}: {_MEANS[wants]}"
            )
        if extra := [name for name in given if name != wants]:
            raise ValueError(
                f"found environment {self.environment} and {extra[0]}; take {extra[0]} out, or set environment: "
                f"{'process' if extra[0] == 'command' else 'pool'}"
            )


_MEANS = {
    "command": "the program that starts a worker, on every machine of the engine, such as /opt/apache/beam/boot",
    "pool": "HOST:PORT of `python -m apache_beam.runners.worker.worker_pool_main`, as the engine reaches it",
}


def _one_way(endpoint: str | None, master: str | None, jar: str | None) -> None:
    if endpoint and master:
        raise ValueError(
            f"found endpoint {endpoint} and master {master}; expected one of them: a job service knows its master"
        )
    if jar and not master:
        raise ValueError(
            f"jar: found {jar} and no master; it is of the job service that Beam starts for a master"
        )


class Flink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Apache Flink: a running job service, or one that Beam starts beside the step for a master."""

    endpoint: Endpoint | None = None
    master: str | None = None
    version: Literal["1.17", "1.18", "1.19"] = "1.19"
    jar: str | None = None
    parallelism: Positive | None = None

    def __post_init__(self) -> None:
        if self.master and not _FLINK_MASTER.fullmatch(self.master):
            raise ValueError(
                f"master: found {self.master}; expected HOST:PORT of the JobManager's REST API, such as "
                "flink-jobmanager:8081, or [local]"
            )
        _one_way(self.endpoint, self.master, self.jar)


class Spark(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Apache Spark, likewise."""

    endpoint: Endpoint | None = None
    master: str | None = None
    jar: str | None = None

    def __post_init__(self) -> None:
        if self.master and not _SPARK_MASTER.fullmatch(self.master):
            raise ValueError(
                f"master: found {self.master}; expected Spark's own form, such as spark://spark-master:7077 or local[4]"
            )
        _one_way(self.endpoint, self.master, self.jar)


class Portable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Any Beam job service."""

    endpoint: Endpoint | None = None


class Dataflow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Google Cloud Dataflow."""

    project: str | None = None
    region: str | None = None
    temp_location: str | None = None
    staging_location: str | None = None
    service_account: str | None = None
    workers: Positive | None = None
    max_workers: Positive | None = None
    machine_type: str | None = None
    subnetwork: str | None = None
    public_ips: bool = True

    def __post_init__(self) -> None:
        for name, form, example in (
            ("project", _PROJECT, "the project's id, such as my-project-1, and not its name or number"),
            ("region", _REGION, "a region, such as europe-west4"),
            (
                "service_account",
                _ACCOUNT,
                "an account by its name, such as beam@my-project-1.iam.gserviceaccount.com",
            ),
        ):
            value = getattr(self, name)
            if value is not None and not form.fullmatch(value):
                raise ValueError(f"{name}: found {value}; expected {example}")
        for name in ("temp_location", "staging_location"):
            value = getattr(self, name)
            if value is not None and not re.fullmatch(r"gs://[^/\s]+(/\S*)?", value):
                raise ValueError(
                    f"{name}: found {value}; expected gs://BUCKET/path, which Dataflow's workers reach"
                )
        if self.workers and self.max_workers and self.workers > self.max_workers:
            raise ValueError(
                f"workers: found {self.workers}, more than max_workers, {self.max_workers}; expected as many at most"
            )


class Beam(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The engine and its settings; those of engines that are not chosen are ignored."""

    runner: Literal["direct", "flink", "spark", "dataflow", "portable"] = "direct"
    args: tuple[str, ...] = ()
    shared_disk: bool = False
    job_name: JobName | None = None
    direct: Direct = Direct()
    worker: Worker = Worker()
    flink: Flink = Flink()
    spark: Spark = Spark()
    portable: Portable = Portable()
    dataflow: Dataflow = Dataflow()

    def __post_init__(self) -> None:
        if self.runner == "direct":
            return
        if self.runner == "dataflow":
            self._check_dataflow()
        elif not self.endpoint and not self.master:
            either = "" if self.runner == "portable" else f", or {self.runner}.master for Beam to start one"
            raise ValueError(
                f"runner: found {self.runner} and no {self.runner}.endpoint; set {self.runner}.endpoint: HOST:PORT of "
                f"a Beam job service{either}"
            )
        if self.worker.environment == "container" and not self.worker.image:
            raise ValueError(
                f"worker.image: found none, and {self.runner}'s workers are containers; set worker.image to the image "
                "that docs/beam.md builds"
                + (
                    ""
                    if self.runner == "dataflow"
                    else ", or worker.environment to process, pool or loopback"
                )
            )
        if (
            self.worker.environment == "loopback"
            and self.master not in (None, "[local]")
            and not (self.master.startswith("local"))
        ):
            raise ValueError(
                f"worker.environment: found loopback with {self.runner}.master {self.master}, whose machines cannot "
                "reach this process; expected container, process or pool"
            )

    def _check_dataflow(self) -> None:
        means = {
            "project": "the id of a Google Cloud project",
            "region": "such as europe-west4",
            "temp_location": "gs://BUCKET/path for what lies between two steps",
        }
        for name, meaning in means.items():
            if not getattr(self.dataflow, name):
                raise ValueError(f"dataflow.{name}: found none, and runner is dataflow; set it: {meaning}")
        if self.worker.environment != "container":
            raise ValueError(
                f"worker.environment: found {self.worker.environment}; Dataflow runs containers alone: set container, "
                "and worker.image"
            )
        if self.shared_disk:
            raise ValueError(
                "shared_disk: found true; Dataflow's workers share no disk with anyone: take it out, and name "
                "buckets by gs://"
            )

    @property
    def endpoint(self) -> str | None:
        """The running job service of the chosen engine, if one is set."""
        return getattr(getattr(self, self.runner), "endpoint", None)

    @property
    def master(self) -> str | None:
        """The master of the chosen engine for which Beam starts a job service, if one is set."""
        return getattr(getattr(self, self.runner), "master", None)

    @property
    def shares_disk(self) -> bool:
        """Whether workers see the folders that the step sees."""
        return self.runner == "direct" or self.shared_disk or self.worker.environment == "loopback"
