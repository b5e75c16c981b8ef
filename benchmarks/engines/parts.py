"""The parts of engines: fetched or built once, from Maven Central, PyPI and the Go module proxy, into build/engines."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from files.atomic import replacing

ROOT = Path(__file__).resolve().parents[2]
PARTS = ROOT / "build" / "engines"
FLINK = "1.19.1"
SPARK = "3.5.0"
# 2.61.0 panics on a combiner of TensorFlow Data Validation: https://github.com/apache/beam/issues/34587.
PRISM = "2.71.0"
# Maven Central's nearest to the Beam of this environment, 2.61.0, whose protocols are the same. The ready-made job
# servers are larger than some mirrors serve, so they are assembled from the same artifacts, as Beam's own build does.
JOB_SERVERS = "2.62.0"

# Source distributions that carry the engines' jars.
_SUMS = {
    f"apache-flink-libraries=={FLINK}": "f5e6a896e8e931120be74ae0425b604743f95baddd50406277fc3a600153484d",
    f"pyspark=={SPARK}": "d41a9b76bd2aca370a6100d075c029e22ba44c5940927877e9435a3a9c566558",
}


# As pip and Go put it.
_OTHER_CONTENT = re.compile("DO NOT MATCH THE HASHES|checksum mismatch")


class Missing(Exception):
    """A part that cannot be had here: which, why, and how to get it."""


def java() -> str:
    """Return the program that runs Flink and Spark: Java 11 or 17."""
    program = _program(
        "java", "Flink and Spark", "install Java 11 or 17, as Debian's openjdk-17-jdk-headless"
    )
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=True).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or version[1] not in ("11", "17"):
        raise Missing(f"Flink and Spark: found {said.splitlines()[0]}; they run on Java 11 or 17")
    return program


def job_server(engine: str) -> Path:
    """Return Beam's job server for `flink` or `spark`, a jar with all that it needs."""
    jar = PARTS / f"{engine}-job-server-{JOB_SERVERS}.jar"
    if not jar.exists():
        why = f"Beam's job server for {engine.capitalize()}"
        maven = _program("mvn", why, "install Maven, as Debian's package maven")
        PARTS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=PARTS) as folder:
            pom = Path(__file__).with_name(f"{engine}_job_server.xml")
            versions = (f"-Dbeam.version={JOB_SERVERS}", f"-Dspark.version={SPARK}")
            command = (maven, "--quiet", "--batch-mode", "--file", str(pom), *versions)
            _made(why, *command, f"-Dassembled={folder}", "package")
            with replacing(jar) as draft:
                shutil.move(Path(folder) / "job-server.jar", draft)
    return jar


def flink() -> Path:
    """Return the folder of Flink's jars."""
    return _distribution(f"apache-flink-libraries=={FLINK}", "deps/lib")


def spark() -> Path:
    """Return the folder of Spark's jars."""
    return _distribution(f"pyspark=={SPARK}", "deps/jars")


def prism() -> Path:
    """Return the program of Prism."""
    folder = PARTS / f"prism-{PRISM}"
    if not (folder / "prism").exists():
        go = _program("go", "Prism", "install Go 1.22 or later")
        module = f"github.com/apache/beam/sdks/v2/go/cmd/prism@v{PRISM}"
        _made("Prism", go, "install", module, environment={"GOBIN": str(folder)})
    return folder / "prism"


def _distribution(requirement: str, jars: str) -> Path:
    """The folder `jars` of a source distribution, unpacked beside the other parts."""
    kept = PARTS / requirement.replace("==", "-")
    if not kept.exists():
        PARTS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=PARTS) as name:
            folder = Path(name)
            pinned = folder / "requirements.txt"
            pinned.write_text(f"{requirement} --hash=sha256:{_SUMS[requirement]}\n")
            # What it is built with is in this environment already.
            options = ("--no-deps", "--no-build-isolation", "--require-hashes", "--dest", name)
            _made(
                requirement, sys.executable, "-m", "pip", "download", *options, "--requirement", str(pinned)
            )
            (archive,) = folder.glob("*.tar.gz")
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
            (folder / archive.name.removesuffix(".tar.gz") / jars).rename(kept)
    return kept


def _program(name: str, what_for: str, how: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{what_for}: no {name} on the PATH; {how}")
    return found


def _made(what: str, *command: str, environment: Mapping[str, str] | None = None) -> None:
    """Run a command that fetches or builds a part.

    Raises:
        RuntimeError: the part is not the pinned one.
        Missing: it failed otherwise.
    """
    done = subprocess.run(
        command, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        # No lack of a network: what came is not what was pinned.
        if _OTHER_CONTENT.search(done.stdout + done.stderr):
            raise RuntimeError(f"{what}: {done.stdout}{done.stderr}")
        said = (done.stdout + done.stderr).strip().splitlines() or [f"status {done.returncode}"]
        errors = [line for line in said if "ERROR" in line] or said[-1:]
        raise Missing(f"{what}: `{' '.join(command)}` failed, which needs a network: {errors[0]}")
