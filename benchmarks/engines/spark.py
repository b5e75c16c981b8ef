"""Spark: a master, workers in processes of their own, and Beam's job server before them, which is the driver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from benchmarks.engines import parts
from benchmarks.engines.cluster import Engine, assignment, worker_program
from benchmarks.engines.processes import free_port, program, wait_for_answer

# Workers are kept from stage to stage, a dead one too: without this, its executor takes all four tries of a task.
_ELSEWHERE = "-Dspark.excludeOnFailure.enabled=true"
_OPENED = ("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util",
           "java.util.concurrent", "java.util.concurrent.atomic", "sun.nio.ch", "sun.nio.cs", "sun.security.action",
           "sun.util.calendar")  # fmt: skip
# What Spark's own scripts grant it on Java 17; Beam's job server is started without them.
GRANTED = " ".join(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENED)


@contextmanager
def spark(scratch: Path, *, machines: int = 2) -> Iterator[Engine]:
    """A cluster with so many workers of one core each.

    Raises:
        parts.Missing: a part of it cannot be had.
    """
    java, jar, jars = parts.java(), parts.job_server("spark"), parts.spark()
    address, port = free_port(), free_port()
    # Spark finds its jars below its home.
    home = scratch / "spark"
    home.mkdir()
    (home / "jars").symlink_to(jars)
    environment = {
        "JDK_JAVA_OPTIONS": GRANTED,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_DIRS": str(scratch),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_SCALA_VERSION": "2.12",
    }
    classes = ("-Xmx384m", "-cp", f"{jars}/*")
    master = f"spark://localhost:{address}"
    with ExitStack() as stack:

        def started(what: str, *arguments: str, answers_at: int | None = None) -> psutil.Process:
            log = scratch / f"{what}.log"
            process = stack.enter_context(program(java, *arguments, log=log, environment=environment))
            if answers_at:
                wait_for_answer(answers_at, process, log)
            return psutil.Process(process.pid)

        place = ("--host", "localhost", "--webui-port", "0")
        deploy = "org.apache.spark.deploy"
        started(
            "master", *classes, f"{deploy}.master.Master", *place, "--port", str(address), answers_at=address
        )
        size = ("--cores", "1", "--memory", "800m", "--work-dir", str(home))
        nodes = {
            what: started(what, *classes, f"{deploy}.worker.Worker", *place, *size, master)
            for what in (f"worker {number}" for number in range(1, machines + 1))
        }
        driver = (
            "-Xmx700m",
            "-Dspark.executor.memory=700m",
            "-Dspark.ui.enabled=false",
            _ELSEWHERE,
            "-jar",
            str(jar),
        )
        server = ("--spark-master-url", master, "--job-port", str(port), "--artifact-port", "0")
        staged = ("--expansion-port", "-1", "--artifacts-dir", str(scratch / "staged"))
        started("job server", *driver, *server, *staged, answers_at=port)
        workers = f"{{environment: process, command: '{worker_program(scratch)}'}}"
        chosen = assignment("spark", f"localhost:{port}", workers)
        version = f"{parts.SPARK}, Beam's job server {parts.JOB_SERVERS}"
        yield Engine("Spark", version, chosen, workers, nodes, master)
