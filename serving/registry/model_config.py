"""`models.config` in a model's base folder: which versions a server loads, and which labels they have.

It is TensorFlow Serving's own text form of `ModelServerConfig`, so any server of that kind can be started on
it and can poll it. It is replaced by a rename: a server that polls reads the old text or the new one.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from files import atomic, modes
from files.lock import Held, held
from serving.registry import label_history
from serving.registry.errors import ChangeFailed, Refused
from serving.registry.version_folder import versions_in

_LOG = logging.getLogger(__name__)

FILE = "models.config"
# Not the lock of the pushes: a load may take minutes, and a push need not wait for it.
_LOCK = ".labels.lock"
_PLATFORM = "tensorflow"
_HEAD = (
    "# Which versions of the model a server loads, and the labels that its clients ask for.",
    "# Written as a whole by `tagline models promote, canary, uncanary, rollback, follow`; these know the order in",
    "# which a running server must be told. A server takes this file with the three flags",
    "#   --model_config_file=FILE --model_config_file_poll_wait_seconds=1",
    "#   --allow_version_labels_for_unavailable_models=true",
)
# A string may contain a #, so strings are matched first.
_STRING_OR_COMMENT = re.compile(r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(#[^\n]*)""")


@dataclass(frozen=True, slots=True)
class Served:
    """The versions and labels that a config lists.

    Attributes:
        versions: the versions to load, ascending; None for the newest, whichever that is.
        labels: version by label.
    """

    versions: tuple[int, ...] | None = None
    labels: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def just(cls, versions: Iterable[int], labels: Mapping[str, int]) -> Served:
        """Exactly these versions, and those that have a label."""
        return cls(tuple(sorted({*versions, *labels.values()})), dict(labels))

    def __str__(self) -> str:
        labels = ", ".join(f"{label} = {version}" for label, version in sorted(self.labels.items()))
        if self.versions is None:
            return "the newest version" + (f" ({labels})" if labels else "")
        loaded = ", ".join(map(str, self.versions)) or "none"
        return f"{labels or 'no label'} (versions to load: {loaded})"


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The content of a config file; other models, other settings and comments in it are kept.

    Attributes:
        name: the model it is read for.
        message: a `ModelServerConfig` that lists the model; not to be modified.
        comments: lines that others wrote; they move to the head when the file is written.
    """

    name: str
    message: Any
    comments: tuple[str, ...] = ()

    @property
    def base_path(self) -> str:
        """The model's base folder as the server sees it."""
        return self._entry(self.message).base_path

    @property
    def labels(self) -> dict[str, int]:
        """Version by label."""
        return dict(self._entry(self.message).version_labels)

    @property
    def served(self) -> Served:
        """The versions and labels of the model.

        Raises:
            Refused: the version policy is one that `tagline models` does not know how to change.
        """
        entry = self._entry(self.message)
        policy = entry.model_version_policy
        labels = self.labels
        kind = policy.WhichOneof("policy_choice") or "latest"
        if kind == "specific":
            return Served(tuple(sorted(set(policy.specific.versions))), labels)
        if kind == "latest" and policy.latest.num_versions <= 1:
            return Served(None, labels)
        chosen_by = f"latest {{ num_versions: {policy.latest.num_versions} }}" if kind == "latest" else kind
        raise Refused(
            f"the config of {self.name} chooses its versions by `{chosen_by}`; expected `specific`, or `latest` "
            "with one version; `tagline models follow` replaces it by the newest version"
        )

    def serving(self, served: Served) -> ModelConfig:
        """Copy the config with other versions and labels."""
        message = self._copied()
        entry = self._entry(message)
        entry.ClearField("model_version_policy")
        policy = entry.model_version_policy
        if served.versions is None:
            policy.latest.num_versions = 1
        else:
            policy.specific.versions.extend(served.versions)
        entry.version_labels.clear()
        entry.version_labels.update(served.labels)
        return replace(self, message=message)

    def based_on(self, base_path: str) -> ModelConfig:
        """Copy the config for a server that sees the base folder under another path, as in a container."""
        message = self._copied()
        self._entry(message).base_path = base_path
        return replace(self, message=message)

    def text(self) -> str:
        """Format as the file's text; the same content gives the same text."""
        lines = "".join(f"{line}\n" for line in (*_HEAD, *self.comments))
        return lines + text_format.MessageToString(self.message)

    def _copied(self) -> Any:
        message = ModelServerConfig()
        message.CopyFrom(self.message)
        return message

    def _entry(self, message: Any) -> Any:
        return next(entry for entry in message.model_config_list.config if entry.name == self.name)


def new(folder: Path, name: str) -> ModelConfig:
    """Make the config of a model: with its last labels by the label history, or without any the newest is served."""
    return _with_entry(ModelServerConfig(), folder, name, ()).serving(_last_served(folder))


def read(folder: Path, name: str) -> ModelConfig:
    """Read the config in a model's base folder; a `new` one if the file is missing or empty.

    Raises:
        Refused: no server could read the file either, or it does not list this model once.
        OSError: the file cannot be read.
    """
    path = folder / FILE
    if not path.exists():
        return new(folder, name)
    try:
        text = path.read_text(encoding="utf-8")
        message = text_format.Parse(text, ModelServerConfig())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        # Not replaced by the history's labels unasked: it may be an edit with a slip, and name more than this model.
        raise Refused(
            f"{path}: not a ModelServerConfig in text form ({error}); correct it, or move it away: the labels are "
            f"then those of {label_history.FILE}"
        ) from error
    if message.WhichOneof("config") == "custom_model_config":
        raise Refused(f"{path}: found a custom_model_config; expected a model_config_list with {name!r}")
    names = [entry.name for entry in message.model_config_list.config]
    if not names:
        return _with_entry(message, folder, name, _other_comments(text)).serving(_last_served(folder))
    if names.count(name) != 1:
        raise Refused(
            f"{path}: found the models {', '.join(names)}; expected {name!r} once: correct it, or move it away"
        )
    return ModelConfig(name, message, _other_comments(text))


def write(folder: Path, config: ModelConfig) -> None:
    """Replace the file by one rename; it is not touched if it has this content already.

    Those who may read the folder may read a new file; an old one keeps its mode.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    path, content = folder / FILE, config.text().encode()
    if path.exists() and path.read_bytes() == content:
        return
    with atomic.replacing(path) as draft:
        draft.write_bytes(content)
        modes.open_as(folder, draft)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the config and the label history in `folder`: two operators at once would undo each other's steps.

    Raises:
        ChangeFailed: another process holds them; a killed one does not.
    """
    try:
        with held(folder / _LOCK):
            yield
    except Held as error:
        raise ChangeFailed(
            f"{folder}: process {error.process} is changing this model's labels; wait for it, then look with "
            "`tagline models`"
        ) from error


def _last_served(folder: Path) -> Served:
    """What the label history says was served last, of the versions that are still there."""
    last = {change.label: change.version for change in label_history.read(folder).changes}
    on_disk = versions_in(folder, missing_ok=True)
    labels = {label: version for label, version in last.items() if version in on_disk}
    if not labels:
        return Served()
    served = Served.just((), labels)
    _LOG.warning(
        "%s lists no model; its labels are those of %s: %s", folder / FILE, label_history.FILE, served
    )
    return served


def _with_entry(message: Any, folder: Path, name: str, comments: tuple[str, ...]) -> ModelConfig:
    entry = message.model_config_list.config.add()
    entry.name, entry.base_path, entry.model_platform = name, str(folder.absolute()), _PLATFORM
    return ModelConfig(name, message, comments)


def _other_comments(text: str) -> tuple[str, ...]:
    comments = (match[2] for match in _STRING_OR_COMMENT.finditer(text) if match[2])
    return tuple(line.rstrip() for line in comments if line.rstrip() not in _HEAD)
