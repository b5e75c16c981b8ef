"""The models of a server by name, and what a request's ModelSpec means among them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager

from tensorflow_serving.apis.model_pb2 import ModelSpec

from serving.server.errors import Code, ServingError, invalid
from serving.server.servable import Servable
from serving.server.versions import ModelVersions, VersionStatus


class Catalogue:
    """Finds servables and statuses by ModelSpec."""

    def __init__(self, models: Iterable[ModelVersions]) -> None:
        self._models = {model.name: model for model in models}

    def use(self, spec: ModelSpec) -> AbstractContextManager[Servable]:
        """The servable that `spec` asks for, held open meanwhile. 0 is a version: leave it unset for latest.

        Raises:
          ServingError: no name, no such model, no such version, or a label.
        """
        if not spec.name:
            raise invalid("ModelSpec has no name specified.")
        choice = spec.WhichOneof("version_choice")
        if choice == "version_label":
            raise ServingError(Code.UNAVAILABLE, f"Model labels does not init yet.{spec.version_label}")
        version = spec.version.value if choice == "version" else None
        model = self._models.get(spec.name)
        if model is None:
            wish = f"Latest({spec.name})" if version is None else f"Specific({spec.name}, {version})"
            raise ServingError(Code.NOT_FOUND, f"Servable not found for request: {wish}")
        return model.use(version)

    def statuses(self, spec: ModelSpec) -> list[VersionStatus]:
        """The states of the versions that `spec` means, the newest first; a label is not looked at.

        Raises:
          ServingError: NOT_FOUND.
        """
        model = self._models.get(spec.name)
        known = model.statuses() if model else []
        if spec.HasField("version"):
            version = spec.version.value
            known = [status for status in known if status.version == version]
            if not known:
                raise ServingError(Code.NOT_FOUND, f"Could not find version {version} of model {spec.name}")
        if not known:
            raise ServingError(Code.NOT_FOUND, f"Could not find any versions of model {spec.name}")
        return known
