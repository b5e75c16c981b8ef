"""Promote, canary, rollback: move labels in an order that a running server can follow.

A server gives a label only to a version that it has loaded, and it reads labels before it loads. So a change
writes three configs, each once the server has carried out the one before: load the version beside all that is
served now; move the label; unload what is not needed any more. A server can be started on any of them, so a
change that is killed in between leaves nothing to repair: the next one starts from what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from serving.client import TaggerError
from serving.registry import label_history, model_config
from serving.registry.errors import ChangeFailed, Refused
from serving.registry.label_history import STABLE, Change
from serving.registry.model_config import ModelConfig, Served
from serving.registry.version_folder import versions_in
from serving.registry.waiting import Patience, Server, Statuses, until_available, until_gone, until_labelled

CANARY = "canary"


@dataclass(frozen=True, slots=True)
class Changed:
    """The result of a change.

    Attributes:
        before: what the config listed when the change began.
        served: what it lists now.
        moved: the labels that moved; empty if they were in place already.
    """

    before: Served
    served: Served
    moved: tuple[Change, ...]


class Operator:
    """Changes the served versions and labels of one model."""

    def __init__(
        self,
        folder: Path,
        name: str,
        servers: Sequence[Server],
        *,
        timeout: float = 300.0,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Change nothing yet.

        Args:
            folder: the model's base folder; its config and label history lie there too.
            name: the model's name.
            servers: all servers that read the config; each step waits for them, as a server refuses a label
                that reaches it too early. If empty, the last config is written at once, for servers that
                start later.
            timeout: seconds that the servers may take for each step.
            report: called with each line of progress.
        """
        self._folder = folder
        self._name = name
        self._servers = servers
        self._patience = Patience(timeout, report)

    def promote(self, version: int, *, reason: str = "") -> Changed:
        """Make `version` the stable one.

        Raises:
            Refused: there is no such version, or the config is of a kind that cannot be changed here.
            ChangeFailed: a server did not follow; the config is as it was before.
            OSError: a file cannot be written; the config is as it was before.
        """
        return self._move("promote", lambda now: {STABLE: now.pushed(version)}, reason)

    def canary(self, version: int, *, reason: str = "") -> Changed:
        """Serve `version` beside the stable one. Raises as `promote`."""

        def moves(now: _Now) -> dict[str, int | None]:
            if STABLE not in now.served.labels:
                raise Refused(
                    f"{self._name} has no stable version that {version} could stand beside; promote one first"
                )
            return {CANARY: now.pushed(version)}

        return self._move("canary", moves, reason)

    def uncanary(self, *, reason: str = "") -> Changed:
        """Remove the label canary; requests for it are refused from then on. Raises as `promote`."""
        return self._move("uncanary", lambda _: {CANARY: None}, reason)

    def rollback(self, *, reason: str = "") -> Changed:
        """Make the previous stable version stable again; a canary on the version that is left moves along.

        Raises as `promote`.
        """

        def moves(now: _Now) -> dict[str, int | None]:
            if len(now.stable) < 2:
                raise Refused(
                    f"{self._folder / label_history.FILE} records no version that was stable before "
                    f"{now.stable[-1] if now.stable else 'now'}; promote one of {now.listed()}"
                )
            left, back = now.stable[-1], now.pushed(now.stable[-2])
            # The version is left because it is bad: its canary would keep it served.
            canary = {CANARY: back} if now.served.labels.get(CANARY) == left else {}
            return {STABLE: back, **canary}

        return self._move("rollback", moves, reason)

    def follow(self, *, reason: str = "") -> Changed:
        """Remove all labels and serve the newest version, whichever that is. Raises as `promote`."""
        with model_config.locked(self._folder):
            now = self._now(any_policy=True)
            if not now.on_disk:
                raise Refused(f"{self._folder} holds no version to follow; `tagline run` pushes one")
            moved = [
                Change(change="follow", label=label, version=None, before=version, reason=reason)
                for label, version in sorted(now.served.labels.items())
            ]
            return self._carry_out(now, Served(), [*now.unrecorded, *moved], load={max(now.on_disk)})

    def _move(self, change: str, moves: Callable[[_Now], Mapping[str, int | None]], reason: str) -> Changed:
        with model_config.locked(self._folder):
            now = self._now()
            labels = dict(now.served.labels)
            wanted = moves(now)
            moved = [
                Change(change=change, label=label, version=to, before=labels.get(label), reason=reason)
                for label, to in wanted.items()
                if labels.get(label) != to
            ]
            for label, to in wanted.items():
                if to is None:
                    labels.pop(label, None)
                else:
                    labels[label] = to
            if not labels:
                if not moved:
                    return Changed(now.served, now.served, ())
                return self._carry_out(now, Served(), [*now.unrecorded, *moved], load=set())
            changes = [*now.changes, *now.unrecorded, *moved]
            spare = _spare(label_history.stable_versions(changes), labels, now.on_disk)
            load = {to for to in wanted.values() if to is not None}
            return self._carry_out(now, Served.just(spare, labels), [*now.unrecorded, *moved], load=load)

    def _now(self, *, any_policy: bool = False) -> _Now:
        config = model_config.read(self._folder, self._name)
        try:
            served = config.served
        except Refused:
            if not any_policy:
                raise
            served = Served(None, config.labels)
        on_disk = set(versions_in(self._folder))
        changes = label_history.read(self._folder).changes
        stable, labelled = label_history.stable_versions(changes), served.labels.get(STABLE)
        before = stable[-1] if stable else None
        # They differ after a change that was killed when its label had moved, or if somebody else wrote the
        # config.
        unrecorded = []
        if before != labelled:
            unrecorded.append(Change(change="found", label=STABLE, version=labelled, before=before))
        return _Now(self._folder, config, served, on_disk, changes, unrecorded)

    def _carry_out(self, now: _Now, last: Served, lines: list[Change], *, load: set[int]) -> Changed:
        """Serve `last` once the versions `load` are loaded beside those served now; record `lines`."""
        moved = tuple(line for line in lines if line.change != "found")
        if not self._servers:
            model_config.write(self._folder, now.config.serving(last))
            label_history.append(self._folder, lines)
            return Changed(now.served, last, moved)
        before = [_statuses_of(server) for server in self._servers]
        running = {
            number
            for statuses in before
            for number, status in statuses.items()
            if status.state == "AVAILABLE"
        }
        loaded = (running if now.served.versions is None else set(now.served.versions)) & now.on_disk
        beside = Served.just(loaded | load, now.served.labels)
        try:
            model_config.write(self._folder, now.config.serving(beside))
            until_available(self._servers, load, before, self._patience)
            # Without labels, removing them and unloading is one step.
            labelled = Served.just(beside.versions or (), last.labels) if last.labels else last
            model_config.write(self._folder, now.config.serving(labelled))
            until_labelled(self._servers, {line.label: line.version for line in moved}, self._patience)
            label_history.append(self._folder, lines)
        except BaseException as error:
            self._put_back(now, error)
            raise
        model_config.write(self._folder, now.config.serving(last))
        if last.versions is not None:
            until_gone(self._servers, set(beside.versions or ()) - set(last.versions), self._patience)
        return Changed(now.served, last, moved)

    def _put_back(self, now: _Now, error: BaseException) -> None:
        try:
            model_config.write(self._folder, now.config)
        except OSError as second:
            raise ChangeFailed(
                f"{error}; nor could {self._folder / model_config.FILE} be put back to {now.served}: "
                f"{second}. A server can take the file as it is: run the command again, once it can be written"
            ) from error
        if isinstance(error, ChangeFailed):
            raise ChangeFailed(f"{error}. Served as before: {now.served}") from error


@dataclass(frozen=True, slots=True)
class _Now:
    """The state when a change begins; `unrecorded` is what the label history has missed."""

    folder: Path
    config: ModelConfig
    served: Served
    on_disk: set[int]
    changes: tuple[Change, ...]
    unrecorded: list[Change]

    @property
    def stable(self) -> list[int]:
        return label_history.stable_versions([*self.changes, *self.unrecorded])

    def listed(self) -> str:
        return ", ".join(map(str, sorted(self.on_disk))) or "none, as nothing is pushed"

    def pushed(self, version: int) -> int:
        if version not in self.on_disk:
            raise Refused(f"{self.folder} holds no version {version}; expected one of {self.listed()}")
        return version


def _spare(stable: list[int], labels: Mapping[str, int], on_disk: set[int]) -> set[int]:
    """Find the version before the stable one, kept loaded so that a rollback need not load it.

    Only if it is lower: requests that name neither label nor version get the highest version that is loaded.
    """
    before = stable[-2:-1]
    return {version for version in before if version in on_disk and version < labels.get(STABLE, 0)}


def _statuses_of(server: Server) -> Statuses:
    try:
        return server.statuses()
    except TaggerError as error:
        raise ChangeFailed(
            f"{error}. Nothing was changed. Start a server with `tagline serve`, name one with --target, or "
            "write the config for a server that starts later with --no-wait"
        ) from error
