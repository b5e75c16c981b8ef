"""Flink: a job manager, task managers in processes of their own, and Beam's job server before them."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from benchmarks.engines import parts
from benchmarks.engines.cluster import Engine, assignment, worker_program
from benchmarks.engines.processes import free_port, program, wait_for_answer

_PATIENCE = 240.0
_OPENED = ("lang", "lang.reflect", "net", "io", "nio", "text", "time", "util", "util.concurrent",
           "util.concurrent.atomic", "util.concurrent.locks")  # fmt: skip
# What Flink's own configuration grants it on Java 17.
_GRANTED = " ".join(
    [
        *(f"--add-exports=java.base/sun.{name}=ALL-UNNAMED" for name in ("net.util", "security.util")),
        *(f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in _OPENED),
    ]
)
_CONFIGURATION = """\
jobmanager.rpc.address: localhost
jobmanager.rpc.port: {rpc}
rest.address: localhost
rest.port: {rest}
io.tmp.dirs: {scratch}
taskmanager.host: localhost
taskmanager.numberOfTaskSlots: 1
# A batch job restarts from its beginning if a part of it dies; without these lines it fails.
restart-strategy.type: fixed-delay
restart-strategy.fixed-delay.attempts: 5
restart-strategy.fixed-delay.delay: 1 s
# A job of Beam has some hundred tasks, and each sorted shuffle takes 512 buffers: more than a small machine has.
taskmanager.network.sort-shuffle.min-parallelism: 100
# The ten seconds that are usual are too short on a machine that is busy.
pekko.ask.timeout: 120 s
heartbeat.timeout: 120000
# Flink's scripts compute these from the size of the process, here below 1 GiB.
taskmanager.cpu.cores: 1
taskmanager.memory.framework.heap.size: 64m
taskmanager.memory.task.heap.size: 320m
taskmanager.memory.framework.off-heap.size: 128m
taskmanager.memory.task.off-heap.size: 0
taskmanager.memory.network.min: 128m
taskmanager.memory.network.max: 128m
taskmanager.memory.managed.size: 64m
taskmanager.memory.jvm-metaspace.size: 192m
taskmanager.memory.jvm-overhead.min: 96m
taskmanager.memory.jvm-overhead.max: 96m
"""
_OF_A_MANAGER = ("-Xmx384m", "-XX:MaxDirectMemorySize=256m", "-XX:MaxMetaspaceSize=192m")
_LOGGED = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %-5p %c{1} - %m%n
"""


@contextmanager
def flink(scratch: Path, *, parallelism: int = 2, spare: int = 1) -> Iterator[Engine]:
    """A cluster with a task manager for each of a job's parallel parts, and spare ones.

    Raises:
        parts.Missing: a part of it cannot be had.
    """
    java, jar = parts.java(), parts.job_server("flink")
    rest, port = free_port(), free_port()
    settings = {"rpc": free_port(), "rest": rest, "scratch": scratch}
    (scratch / "config.yaml").write_text(_CONFIGURATION.format(**settings))
    (scratch / "log4j.properties").write_text(_LOGGED)
    granted = {"JDK_JAVA_OPTIONS": _GRANTED}
    classes = ("-cp", f"{parts.flink()}/*", f"-Dlog4j.configurationFile={scratch}/log4j.properties")
    name = "org.apache.flink.runtime"
    manager = (f"{name}.entrypoint.StandaloneSessionClusterEntrypoint", "--configDir", str(scratch))
    server = ("--flink-master", f"localhost:{rest}", "--job-port", str(port), "--artifact-port", "0")
    staged = ("--expansion-port", "-1", "--artifacts-dir", str(scratch / "staged"))
    with ExitStack() as stack:

        def started(what: str, *arguments: str) -> psutil.Process:
            command = program(java, *arguments, log=scratch / f"{what}.log", environment=granted)
            process = stack.enter_context(command)
            if what in ports:
                wait_for_answer(ports[what], process, scratch / f"{what}.log")
            return psutil.Process(process.pid)

        ports = {"job manager": rest, "job server": port}
        started("job manager", "-Xmx512m", *classes, *manager)
        task_manager = (f"{name}.taskexecutor.TaskManagerRunner", "--configDir", str(scratch))
        nodes = {
            what: started(what, *_OF_A_MANAGER, *classes, *task_manager)
            for what in (f"task manager {number}" for number in range(1, parallelism + spare + 1))
        }
        started("job server", "-Xmx512m", "-jar", str(jar), *server, *staged)
        _wait_for_slots(rest, parallelism + spare)
        workers = f"{{environment: process, command: '{worker_program(scratch)}'}}"
        chosen = assignment("flink", f"localhost:{port}", workers, parallelism=parallelism)
        version = f"{parts.FLINK}, Beam's job server {parts.JOB_SERVERS}"
        yield Engine("Flink", version, chosen, workers, nodes, f"localhost:{rest}")


def _wait_for_slots(rest: int, expected: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while (found := _overview(rest)["slots-total"]) != expected:
        if time.monotonic() > deadline:
            raise RuntimeError(f"Flink has {found} slots, expected {expected}")
        time.sleep(0.2)


def _overview(rest: int) -> dict[str, int]:
    with urllib.request.urlopen(f"http://localhost:{rest}/overview", timeout=30) as answer:
        found: dict[str, int] = json.load(answer)
        return found
