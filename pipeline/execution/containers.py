"""Steps in containers of an image: by docker or podman, without network, on a read-only root, with a /tmp."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

from pipeline.execution.launch import Place
from pipeline.settings import SettingsError
from serving.container_engine import ENGINES, NoEngine, answering


class Containers:
    """Starts the steps of one run, each in a container of its own, by the engine's client.

    Folders are mounted where they are on this machine, so that a path means the same inside and outside. As on a
    cluster, a step is the image's user; for root, every folder that is made here is therefore open to all, as a volume
    is. For anyone else a step is that user, who keeps the files.
    """

    def __init__(self, engine: str, image: str, folders: Iterable[Path]) -> None:
        """Make the folders that are missing.

        Args:
            engine: the path of docker or podman.
            image: its name.
            folders: mounted into each container, for steps to write to.

        Raises:
            SettingsError: a folder that cannot be named to the engine.
        """
        self._engine, self._image = engine, image
        self._names: dict[subprocess.Popen[bytes], str] = {}
        every = sorted({folder.absolute() for folder in folders})
        self._mounted = [one for one in every if not any(other in one.parents for other in every)]
        for folder in every:
            if "," in str(folder):
                raise SettingsError(f"--image: found the folder {folder}; expected a path without a comma")
            self.make(folder)

    def make(self, folder: Path) -> None:
        """Make a folder, and those above it, for steps to write to; one that is there stays as it is."""
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            for one in missing:
                one.chmod(0o777)

    def start(
        self, command: Sequence[str], env: Mapping[str, str], place: Place, log: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        """Start a step's container; its client has the container's output and exit code, and forwards signals."""
        name = f"tagline-{place.scratch.name}-{uuid.uuid4().hex[:12]}"
        process = subprocess.Popen(
            self.command(name, command, env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._names[process] = name
        return process

    def command(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> list[str]:
        """The engine's command line for a container of this name."""
        program, *arguments = command
        return [
            self._engine,
            "run",
            "--rm",
            f"--name={name}",
            "--pull=never",
            # Forwards signals; a cluster's container has Kubeflow's launcher as its first process.
            "--init",
            "--network=none",
            "--read-only",
            "--tmpfs=/tmp:rw,exec,mode=1777",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            # Where SELinux confines containers, they could not read the mounted folders.
            "--security-opt=label=disable",
            *self._of_engine_and_user(),
            *(f"--mount=type=bind,source={folder},target={folder}" for folder in self._mounted),
            *(f"--env={variable}={value}" for variable, value in env.items()),
            # What the spec names is the program, whatever the image would start.
            f"--entrypoint={program}",
            self._image,
            *arguments,
        ]

    def remove(self, stopped: Iterable[subprocess.Popen[bytes]]) -> None:
        """Remove the containers whose clients were stopped: a client that is killed leaves its container running."""
        # One by one: podman removes none of several if one is gone. Killed first, or its rm would wait for ten seconds.
        for name in [self._names[process] for process in stopped]:
            for words in (["kill", name], ["rm", "--force", name]):
                subprocess.run([self._engine, *words], capture_output=True, check=False)

    def _of_engine_and_user(self) -> list[str]:
        podman = Path(self._engine).name == "podman"
        # podman would make /run and /var/tmp writable.
        options = ["--read-only-tmpfs=false"] if podman else []
        if os.getuid() != 0:
            options.append(f"--user={os.getuid()}:{os.getgid()}")
            options += ["--userns=keep-id"] if podman else []
        return options


def containers(image: str, *, engine: str | None, folders: Iterable[Path]) -> Containers:
    """Find the engine and the image.

    Args:
        image: its name.
        engine: docker or podman; None for the first that answers.
        folders: as in `Containers`.

    Raises:
        SettingsError: no engine that answers, or no such image.
    """
    try:
        program = answering([engine] if engine else ENGINES)
    except NoEngine as problem:
        raise SettingsError(
            f"--image: {problem}; expected a container engine that answers `info`: start its daemon, or install one"
        ) from problem
    found = subprocess.run([program, "image", "inspect", image], capture_output=True, text=True, check=False)
    if found.returncode:
        raise SettingsError(
            f"--image: {Path(program).name} has no image {image} ({found.stderr.strip()}); build it by "
            f"`deploy/docker/pipeline/build.sh {image}`, or pull it"
        )
    return Containers(program, image, folders)
