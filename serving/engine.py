"""Command lines that start a server on a model: the embedded one or TensorFlow Serving, by the same flags."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from serving import container_engine
from serving.registry import model_config
from serving.registry.errors import ChangeFailed, Refused
from serving.registry.version_folder import versions_in

EMBEDDED, TFSERVING = "embedded", "tfserving"
ENGINES = (EMBEDDED, TFSERVING)
# The program of TensorFlow Serving, where it is not on the PATH.
PROGRAM_VARIABLE = "TAGLINE_TFSERVING"
IMAGE = "docker.io/tensorflow/serving:2.15.1"
_PROGRAM = "tensorflow_model_server"
_PORTS = {"--port": 8500, "--rest_api_port": 0}


def model_flags(folder: Path, name: str, user_flags: Sequence[str]) -> list[str]:
    """Build flags by which the server polls the config in the model's folder, unless the user's name a model.

    A missing config is written; a folder that cannot be written to is served without one.

    Raises:
        Refused: the server could not start on the config.
    """
    names = {flag.split("=", 1)[0] for flag in user_flags}
    flags = {"--model_name": name, "--model_base_path": str(folder)}
    # A user who gives one of these does not want the config.
    if not names & {*flags, "--model_config_file"} and (config := _config(folder, name)):
        flags = {
            "--model_config_file": str(config),
            "--model_config_file_poll_wait_seconds": "1",
            # When the server starts, no version is loaded yet that a label could be given to.
            "--allow_version_labels_for_unavailable_models": "true",
            # Five retries as by default, but a version that cannot be loaded is reported in seconds, not
            # minutes.
            "--load_retry_interval_micros": "1000000",
        }
    elif "--model_config_file" in names:
        flags = {}
    return [f"{flag}={value}" for flag, value in flags.items() if flag not in names]


def _config(folder: Path, name: str) -> Path | None:
    """Return the config to start on, written if it is missing; None if that is not possible."""
    if not folder.is_dir():
        return None
    path = folder / model_config.FILE
    if not path.exists():
        try:
            # A promotion may be writing the file at this moment.
            with model_config.locked(folder):
                model_config.write(folder, model_config.read(folder, name))
        except OSError:
            return None
    config = model_config.read(folder, name)
    base = Path(config.base_path)
    if not (base.is_dir() and base.samefile(folder)):
        raise Refused(
            f"{path}: base_path is {config.base_path}; expected {folder}, or a server that sees it under that path, "
            f"as in a container. If the folder was moved or copied, `tagline models config --base-path {folder} "
            "--write` corrects the file"
        )
    missing = sorted(set(config.labels.values()) - set(versions_in(base)))
    if missing:
        raise Refused(
            f"{path}: labels of version {', '.join(map(str, missing))}, which {base} does not hold; a server would "
            "wait for it for ever: move the labels with `tagline models promote V --no-wait`, or go back to the "
            "newest with `tagline models follow --no-wait`"
        )
    return path


def embedded(flags: Sequence[str]) -> list[str]:
    """Build the command line of the embedded server."""
    return [sys.executable, "-m", "serving.server", *flags]


def tfserving(flags: Sequence[str], *, folder: Path) -> list[str]:
    """Build the command line of TensorFlow Serving: its program if it is installed, otherwise its container.

    Args:
        flags: the server's.
        folder: the model's base folder.

    Raises:
        ChangeFailed: neither can be started; the text says what to install.
    """
    named = os.environ.get(PROGRAM_VARIABLE)
    program = shutil.which(named or _PROGRAM)
    if program:
        return [program, *flags]
    if named:
        raise ChangeFailed(f"{PROGRAM_VARIABLE}={named}: no program there; expected a {_PROGRAM}")
    try:
        return container(container_engine.answering(), flags, folder=folder)
    except container_engine.NoEngine as problem:
        raise ChangeFailed(
            f"TensorFlow Serving is not here: no {_PROGRAM} on the PATH, {PROGRAM_VARIABLE} is not set, "
            f"{problem}. Install the program from TensorFlow Serving's own packages and set "
            f"{PROGRAM_VARIABLE} to it, or start a container engine, which can run {IMAGE}; `--engine {EMBEDDED}` "
            "needs neither"
        ) from problem


def container(engine: str, flags: Sequence[str], *, folder: Path) -> list[str]:
    """Build the command line of TensorFlow Serving's container; files that flags name keep their paths.

    Whole folders are mounted: a file mounted alone would stay the old one when it is replaced by a rename.
    """
    parted = (flag.partition("=") for flag in _joined(flags))
    values = {name: value for name, _, value in parted}
    named = [Path(value) for name, value in values.items() if name.endswith(("_file", "_path")) and value]
    mounts = [folder, *(path if path.is_dir() else path.parent for path in named if path.exists())]
    outer = [path for path in mounts if not any(other in path.parents for other in mounts)]
    ports = [int(values.get(name) or default) for name, default in _PORTS.items()]
    return [
        engine,
        "run",
        "--rm",
        "--init",  # forwards the signal that ends the server
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--tmpfs=/tmp",
        f"--user={os.getuid()}:{os.getgid()}",
        *(f"--mount=type=bind,source={path},target={path},readonly" for path in dict.fromkeys(outer)),
        # On this machine only, as with the embedded server: there is no authentication.
        *(f"--publish=127.0.0.1:{port}:{port}" for port in ports if port),
        f"--entrypoint={_PROGRAM}",
        IMAGE,
        *flags,
    ]


def _joined(flags: Sequence[str]) -> list[str]:
    """Turn `--name value` into `--name=value`."""
    joined: list[str] = []
    for flag in flags:
        if joined and joined[-1].startswith("--") and "=" not in joined[-1] and not flag.startswith("--"):
            joined[-1] += f"={flag}"
        else:
            joined.append(flag)
    return joined
