"""The models of a server: looked up by ModelSpec, changed by configuration."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping

from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.server.config.model_config import Model, check_transition, models_of
from serving.server.graph.servable import Servable
from serving.server.versions.failed_loads import Retries
from serving.server.versions.model_versions import Loader, ModelVersions, VersionStatus, not_found
from serving.server.versions.watch import Watch
from serving.server.wire.errors import Code, ServingError, invalid

_LOG = logging.getLogger(__name__)

Labels = Mapping[str, Mapping[str, int]]


class Catalogue:
    """Finds servables and statuses by ModelSpec, and keeps the models in line with a configuration.

    The mappings that requests read are replaced and never modified: a request sees the models and the
    labels from before a change or from after it.
    """

    def __init__(
        self,
        load: Loader,
        *,
        poll_wait: float = 1.0,
        retries: Retries | None = None,
        labels_before_versions: bool = False,
    ) -> None:
        """Start without models; `apply` adds them.

        Args:
          load: loads a version and warms it up.
          poll_wait: seconds between two polls of a model's folder; 0 polls once.
          retries: how often and when a failed load is repeated.
          labels_before_versions: a new label may name a version that is not available yet.
        """
        self._load = load
        self._poll_wait = poll_wait
        self._retries = retries
        self._labels_before_versions = labels_before_versions
        self._config: ModelServerConfig | None = None
        self._listed: tuple[str, ...] = ()
        # Models that are no longer listed stay: their versions are still reported, as END.
        self._models: Mapping[str, ModelVersions] = {}
        self._labels: Labels | None = None
        self._watches: dict[str, Watch] = {}
        self._changing = threading.Lock()
        self._changed = threading.Condition()
        self._closing = False

    def use(self, spec: ModelSpec) -> Servable:
        """Find the servable that `spec` names and count its user; leave it by `with`.

        0 is a version: leave it unset for the latest.

        Raises:
          ServingError: no name, or an unknown model, version or label.
        """
        if not spec.name:
            raise invalid("ModelSpec has no name specified.")
        while True:
            version = self._version(spec)
            model = self._models.get(spec.name)
            if model is None:
                raise not_found(spec.name, version)
            try:
                return model.use(version)
            except ServingError:
                # The label may have been moved away, and its old version unloaded, in between.
                if not spec.HasField("version_label") or self._version(spec) == version:
                    raise

    def statuses(self, spec: ModelSpec) -> list[VersionStatus]:
        """List the states of the versions that `spec` names, the newest first; a label is ignored.

        Raises:
          ServingError: NOT_FOUND.
        """
        model = self._models.get(spec.name)
        statuses = model.statuses() if model else []
        if spec.HasField("version"):
            version = spec.version.value
            statuses = [status for status in statuses if status.version == version]
            if not statuses:
                raise ServingError(Code.NOT_FOUND, f"Could not find version {version} of model {spec.name}")
        if not statuses:
            raise ServingError(Code.NOT_FOUND, f"Could not find any versions of model {spec.name}")
        return statuses

    def names(self) -> list[str]:
        """List the models of the configuration, in its order."""
        return list(self._listed)

    def labels(self, name: str) -> dict[str, int]:
        """Look up the versions of a model by label; empty for an unknown model."""
        return dict((self._labels or {}).get(name, {}))

    @property
    def config(self) -> ModelServerConfig | None:
        """The configuration in force; do not modify it."""
        return self._config

    def apply(self, config: ModelServerConfig) -> list[str]:
        """Change to `config`, completely or, on an error, not at all; do not wait for loads.

        Returns:
          The names that were not listed before.

        Raises:
          ServingError: `config` is invalid, or a label names a version that is not available.
        """
        with self._changing:
            check_transition(self._config, config)
            if config.WhichOneof("config") is None:
                _LOG.info("Taking no action for empty config.")
                return []
            self._check_labels(config)
            wanted = models_of(config)
            added = [name for name in wanted if name not in self._listed]
            self._models = {
                **self._models,
                **{
                    name: ModelVersions(name, self._load, retries=self._retries, changed=self._changed)
                    for name in wanted
                    if name not in self._models
                },
            }
            labels = {name: model.labels for name, model in wanted.items() if model.labels}
            if labels or self._labels is not None:
                self._labels = labels
            self._listed = tuple(wanted)
            self._config = ModelServerConfig()
            self._config.CopyFrom(config)
            for name, model in self._models.items():
                self._follow(name, model, wanted.get(name))
        return added

    def wait(self, names: Iterable[str], *, timeout: float | None = None) -> None:
        """Wait until each of `names` has an available version, or has been given up.

        Args:
          names: models of the configuration.
          timeout: the longest wait in seconds; None waits for ever, as for a first version to be pushed.

        Raises:
          ServingError: UNKNOWN, some were given up; DEADLINE_EXCEEDED; UNAVAILABLE, the server stops.
        """
        models = [self._models[name] for name in names]
        with self._changed:
            done = self._changed.wait_for(
                lambda: self._closing or all(model.is_settled for model in models), timeout
            )
        if self._closing:
            raise ServingError(Code.UNAVAILABLE, "The server is stopping")
        if not done:
            waiting = ", ".join(model.name for model in models if not model.is_settled)
            raise ServingError(
                Code.DEADLINE_EXCEEDED, f"Not available yet, and still being loaded: {waiting}"
            )
        failed = [(model.name, failure) for model in models if (failure := model.failure)]
        if failed:
            reasons = "; ".join(
                f"{name} version {failure.version}: {failure.code.name}: {failure.message}"
                for name, failure in failed
            )
            raise ServingError(Code.UNKNOWN, f"{len(failed)} model(s) did not become available: {reasons}")

    def close(self, timeout: float) -> None:
        """Stop loading and unload everything; wait up to `timeout` seconds for versions in use."""
        give_up = time.monotonic() + timeout
        with self._changing, self._changed:
            self._closing = True
            self._changed.notify_all()
        for model in self._models.values():
            model.stop_loading()
        for watch in self._watches.values():
            watch.stop(max(0.0, give_up - time.monotonic()))
        for model in self._models.values():
            model.close(max(0.0, give_up - time.monotonic()))

    def _version(self, spec: ModelSpec) -> int | None:
        choice = spec.WhichOneof("version_choice")
        if choice == "version":
            return spec.version.value
        if choice is None:
            return None
        labels = self._labels
        if labels is None:
            # TensorFlow Serving's own words: clients recognise the error by them.
            raise ServingError(Code.UNAVAILABLE, f"Model labels does not init yet.{spec.version_label}")
        version = labels.get(spec.name, {}).get(spec.version_label)
        if version is None:
            raise invalid(f"Unrecognized servable version label: {spec.version_label}")
        return version

    def _check_labels(self, config: ModelServerConfig) -> None:
        for model in config.model_config_list.config:
            versions = self._models.get(model.name)
            ready = versions.ready if versions else []
            labels = self.labels(model.name)
            for label, version in model.version_labels.items():
                moves = labels.get(label, version) != version
                if version not in ready and (moves or not self._labels_before_versions):
                    raise ServingError(
                        Code.FAILED_PRECONDITION,
                        f"Request to assign label to version {version} of model {model.name}, which is not "
                        "currently available for inference",
                    )

    def _follow(self, name: str, model: ModelVersions, config: Model | None) -> None:
        model.follow(config)
        if name in self._watches:
            self._watches[name].wake()
        elif not self._closing:
            self._watches[name] = Watch(f"versions-{name}", model.poll, every=self._poll_wait)
            self._watches[name].start()
