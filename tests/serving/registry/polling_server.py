"""What TensorFlow Serving does with a config file that it polls, by its own rules and without a model.

The oracle for the order of changes: labels are looked at first and only then are versions loaded, a label
moves only to a version that is loaded, and a config that breaks the rule is not taken at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.client import VersionStatus
from serving.registry.model_config import FILE


def entry_of(folder: Path):
    config = text_format.Parse((folder / FILE).read_text(), ModelServerConfig())
    (entry,) = config.model_config_list.config
    return entry


@dataclass
class PollingServer:
    """Looks at the file at each call; a version takes `slow` looks to load, those in `broken` do not load.

    Attributes:
        refused: labels that moved to a version not loaded; none if the configs came in the right order.
    """

    folder: Path
    slow: int = 2
    broken: set[int] = field(default_factory=set)
    target: str = "localhost:1"
    refused: list[str] = field(default_factory=list)
    _loading: dict[int, int] = field(default_factory=dict)
    _statuses: dict[int, VersionStatus] = field(default_factory=dict)
    _labels: dict[str, int] = field(default_factory=dict)

    def statuses(self) -> dict[int, VersionStatus]:
        self.poll()
        return dict(self._statuses)

    def labelled(self, label: str) -> int | None:
        self.poll()
        version = self._labels.get(label)
        return version if version in self.loaded else None

    @property
    def loaded(self) -> set[int]:
        return {number for number, status in self._statuses.items() if status.state == "AVAILABLE"}

    def poll(self) -> None:
        if not (self.folder / FILE).exists():
            return
        entry = entry_of(self.folder)
        wanted_labels = dict(entry.version_labels)
        for label, version in wanted_labels.items():
            moves = self._labels.get(label, version) != version
            if moves and version not in self.loaded:
                self.refused.append(f"{label} to {version}")
                return
        self._labels = wanted_labels
        on_disk = {int(path.name) for path in self.folder.iterdir() if path.name.isdecimal()}
        wanted = set(entry.model_version_policy.specific.versions) & on_disk
        if entry.model_version_policy.WhichOneof("policy_choice") != "specific":
            wanted = {max(on_disk)} if on_disk else set()
        self._bring(wanted)

    def _bring(self, wanted: set[int]) -> None:
        for version in wanted - self.loaded:
            looks = self._loading[version] = self._loading.get(version, 0) + 1
            if looks <= self.slow:
                self._statuses[version] = VersionStatus(version, "LOADING")
            elif version in self.broken:
                self._statuses[version] = VersionStatus(version, "END", "no graph in it")
            else:
                self._statuses[version] = VersionStatus(version, "AVAILABLE")
        # Never to none: what is loaded stays until something wanted is.
        if wanted & self.loaded:
            for version in self.loaded - wanted:
                self._statuses[version] = VersionStatus(version, "END")
        self._loading = {version: looks for version, looks in self._loading.items() if version in wanted}
