"""Wait until servers have loaded, labelled and unloaded the versions as their config says."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from serving.client import TaggerError, VersionStatus
from serving.registry.errors import ChangeFailed

_POLL_SECONDS = 0.2
# A version that could not be loaded before stays END until the server has read the new config.
_OLD_FAILURE_SECONDS = 15.0
_HOW_TO_START = "was it started on this config and does it poll it, as when `tagline serve` starts it?"

Statuses = Mapping[int, VersionStatus]


class Server(Protocol):
    """A running server, as far as waiting needs it; `RunningServer` is one."""

    @property
    def target(self) -> str: ...

    def statuses(self) -> Statuses: ...

    def labelled(self, label: str) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a step, in seconds, and where to report progress meanwhile."""

    seconds: float
    report: Callable[[str], None]


def until_available(
    servers: Sequence[Server], versions: Collection[int], before: Sequence[Statuses], patience: Patience
) -> None:
    """Wait until `versions` are AVAILABLE at every server.

    Args:
        servers: the servers that are to load them.
        versions: the versions to load.
        before: each server's states before the config was written: a failure among them is an old one.
        patience: how long to wait.

    Raises:
        ChangeFailed: a version cannot be loaded, or is not loaded in time.
    """
    loads = [
        _Load(server, version, old.get(version), patience)
        for server, old in zip(servers, before, strict=True)
        for version in sorted(versions)
    ]

    def unmet() -> list[str]:
        statuses = {server.target: server.statuses() for server in servers}
        return [problem for load in loads if (problem := load.problem(statuses[load.server.target]))]

    _wait(unmet, patience)


class _Load:
    """One version that one server is loading."""

    def __init__(self, server: Server, version: int, old: VersionStatus | None, patience: Patience) -> None:
        self.server = server
        self._version = version
        self._old = old
        self._report = patience.report
        self._reported = ""
        self._moved = False
        self._began = time.monotonic()

    def problem(self, statuses: Statuses) -> str:
        """Say why the version is not AVAILABLE yet; empty once it is.

        Raises:
            ChangeFailed: the server has given up loading it.
        """
        status = statuses.get(self._version)
        state = status.state if status else "unknown"
        self._moved = self._moved or status != self._old
        text = f"version {self._version} is {state} at {self.server.target}"
        if self._moved and text != self._reported:
            self._reported = text
            self._report(text)
        if status is None or state == "AVAILABLE":
            return "" if status else text
        is_new = self._moved or time.monotonic() - self._began > _OLD_FAILURE_SECONDS
        if state == "END" and status.error and is_new:
            raise ChangeFailed(
                f"version {self._version} cannot be loaded by {self.server.target}: {status.error}"
            )
        return text


def until_labelled(servers: Sequence[Server], labels: Mapping[str, int | None], patience: Patience) -> None:
    """Wait until every server answers to each label with its version, or with none where that is None.

    Raises:
        ChangeFailed: a server does not do so in time.
    """

    def unmet() -> list[str]:
        return [
            f"label {label} is {_name(actual)} at {server.target} and not {_name(version)}"
            for server in servers
            for label, version in labels.items()
            if (actual := server.labelled(label)) != version
        ]

    _wait(unmet, patience)


def until_gone(servers: Sequence[Server], versions: Collection[int], patience: Patience) -> None:
    """Wait until none of `versions` is loaded. A server that keeps one loaded is reported, not a failure."""

    def unmet() -> list[str]:
        return [
            f"version {version} is {status.state} at {server.target}"
            for server in servers
            for version, status in server.statuses().items()
            if version in versions and status.state != "END"
        ]

    try:
        _wait(unmet, patience)
    except ChangeFailed as error:
        patience.report(f"the labels are moved, but {error}")


def _wait(unmet: Callable[[], list[str]], patience: Patience) -> None:
    """Poll until nothing is unmet. A server that cannot be reached for a moment is waited for too."""
    deadline = time.monotonic() + patience.seconds
    while True:
        try:
            problems = unmet()
        except TaggerError as error:
            problems = [str(error)]
        if not problems:
            return
        if time.monotonic() > deadline:
            raise ChangeFailed(f"after {patience.seconds:g} s {', '.join(problems)}; {_HOW_TO_START}")
        time.sleep(_POLL_SECONDS)


def _name(version: int | None) -> str:
    return "of no version" if version is None else str(version)
