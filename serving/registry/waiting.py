"""Until servers have done what their config file says."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from serving.client import TaggerError, VersionStatus
from serving.registry.errors import ChangeFailed

_LOOK_EVERY = 0.2
# A version that could not be loaded before stays END until the server has read the new config.
_OLD_FAILURE_SECONDS = 15.0
_HOW_TO_START = "was it started on this config and does it poll it, as when `tagline serve` starts it?"

Statuses = Mapping[int, VersionStatus]


class Server(Protocol):
    """A running server, as `WatchedServer` asks it."""

    @property
    def target(self) -> str: ...

    def statuses(self) -> Statuses: ...

    def labelled(self, label: str) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a step, in seconds, and who is told meanwhile."""

    seconds: float
    say: Callable[[str], None]


def until_available(
    servers: Sequence[Server], versions: Collection[int], before: Sequence[Statuses], patience: Patience
) -> None:
    """Wait until `versions` are AVAILABLE at every server.

    Args:
        servers: who is to load them.
        versions: which.
        before: each server's states before the config was written: a failure among them is an old one.
        patience: how long.

    Raises:
        ChangeFailed: one of them cannot be loaded, or is not in time.
    """
    loads = [
        _Load(server, version, old.get(version), patience)
        for server, old in zip(servers, before, strict=True)
        for version in sorted(versions)
    ]

    def unmet() -> list[str]:
        found = {server.target: server.statuses() for server in servers}
        return [trouble for load in loads if (trouble := load.trouble(found[load.server.target]))]

    _wait(unmet, patience)


class _Load:
    """One version on its way at one server."""

    def __init__(self, server: Server, version: int, old: VersionStatus | None, patience: Patience) -> None:
        self.server = server
        self._version = version
        self._old = old
        self._say = patience.say
        self._told = ""
        self._moved = False
        self._begun = time.monotonic()

    def trouble(self, statuses: Statuses) -> str:
        """What is missing; empty once the version is AVAILABLE.

        Raises:
            ChangeFailed: the server has given it up.
        """
        status = statuses.get(self._version)
        state = status.state if status else "unknown"
        self._moved = self._moved or status != self._old
        told = f"version {self._version} is {state} at {self.server.target}"
        if self._moved and told != self._told:
            self._told = told
            self._say(told)
        if status is None or state == "AVAILABLE":
            return "" if status else told
        is_news = self._moved or time.monotonic() - self._begun > _OLD_FAILURE_SECONDS
        if state == "END" and status.error and is_news:
            raise ChangeFailed(
                f"version {self._version} cannot be loaded by {self.server.target}: {status.error}"
            )
        return told


def until_labelled(servers: Sequence[Server], labels: Mapping[str, int | None], patience: Patience) -> None:
    """Wait until every server answers to each of `labels` with its version, or to those that are None not at all.

    Raises:
        ChangeFailed: one does not in time.
    """

    def unmet() -> list[str]:
        return [
            f"label {label} is {_name(found)} at {server.target} and not {_name(version)}"
            for server in servers
            for label, version in labels.items()
            if (found := server.labelled(label)) != version
        ]

    _wait(unmet, patience)


def until_gone(servers: Sequence[Server], versions: Collection[int], patience: Patience) -> None:
    """Wait until none of `versions` is loaded. A server that keeps one loaded is told of, and no failure."""

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
        patience.say(f"the labels are moved, but {error}")


def _wait(unmet: Callable[[], list[str]], patience: Patience) -> None:
    """Look until nothing is missing. A server that is away for a moment is waited for too."""
    give_up = time.monotonic() + patience.seconds
    while True:
        try:
            missing = unmet()
        except TaggerError as error:
            missing = [str(error)]
        if not missing:
            return
        if time.monotonic() > give_up:
            raise ChangeFailed(f"after {patience.seconds:g} s {', '.join(missing)}; {_HOW_TO_START}")
        time.sleep(_LOOK_EVERY)


def _name(version: int | None) -> str:
    return "of no version" if version is None else str(version)
