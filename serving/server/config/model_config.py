"""The models a server holds, with folders, version policies and labels: a ModelServerConfig, checked."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tensorflow_serving.config.model_server_config_pb2 import ModelConfig, ModelServerConfig, ModelType

from serving.server.wire.errors import Code, ServingError, invalid

PLATFORM = "tensorflow"


@dataclass(frozen=True)
class Model:
    """One model's configuration.

    Attributes:
      name: the name in requests.
      base_path: the folder that holds the numbered versions.
      latest: how many of the newest versions are served; 0 with another policy.
      specific: the versions served, by number; None with another policy. With neither, all versions are
        served.
      labels: version by label.
    """

    name: str
    base_path: Path
    latest: int = 1
    specific: frozenset[int] | None = None
    labels: Mapping[str, int] = field(default_factory=dict)

    def wanted(self, versions: Collection[int]) -> set[int]:
        """Choose the versions to serve from `versions`, those on disk."""
        if self.specific is not None:
            return set(self.specific) & set(versions)
        return set(sorted(versions, reverse=True)[: self.latest or None])


def single(name: str, base_path: str) -> ModelServerConfig:
    """Make the configuration that `--model_name` and `--model_base_path` stand for."""
    config = ModelServerConfig()
    config.model_config_list.config.add(name=name, base_path=base_path, model_platform=PLATFORM)
    return config


def check_transition(old: ModelServerConfig | None, new: ModelServerConfig) -> None:
    """Check that `new` may follow `old` (None: the server starts).

    Raises:
      ServingError: FAILED_PRECONDITION, it is not a list of models; INVALID_ARGUMENT, a name twice, a
        relative path or another platform.
    """
    if new.WhichOneof("config") == "custom_model_config" or (
        old is not None and new.WhichOneof("config") is None
    ):
        raise ServingError(
            Code.FAILED_PRECONDITION,
            "expected a model_config_list: no other configuration of models is served",
        )
    platforms = {model.name: _platform(model) for model in old.model_config_list.config} if old else {}
    names: set[str] = set()
    for model in new.model_config_list.config:
        if model.name in names:
            raise invalid(f"Illegal to list model {model.name} multiple times in config list")
        names.add(model.name)
        if not (model.base_path.startswith("/") or "://" in model.base_path):
            raise invalid(
                f"Expected model {model.name} to have an absolute path or URI; "
                f"got base_path()={model.base_path}"
            )
        platform = _platform(model)
        if platforms.get(model.name, platform) != platform:
            raise invalid(
                f"Illegal to change a model's platform. For model {model.name} platform was "
                f"{platforms[model.name]} and new platform requested is {platform}"
            )


def models_of(config: ModelServerConfig) -> dict[str, Model]:
    """Read the models that `config` lists, by name.

    Raises:
      ServingError: INVALID_ARGUMENT, a platform that is not served, or a missing base path.
    """
    for model in config.model_config_list.config:
        if _platform(model) != PLATFORM:
            raise invalid(f"Model {model.name} requests unsupported platform {_platform(model)}")
        # Path.exists raises for a name that is too long.
        if not os.path.exists(model.base_path):
            raise invalid(
                f"Could not find base path {model.base_path} for servable {model.name} with error "
                f"NOT_FOUND: {model.base_path} not found"
            )
    return {model.name: _model(model) for model in config.model_config_list.config}


def _model(config: ModelConfig) -> Model:
    policy = config.model_version_policy
    choice = policy.WhichOneof("policy_choice")
    return Model(
        name=config.name,
        base_path=Path(config.base_path),
        # At least one, as in TensorFlow Serving; without a policy, `latest` applies.
        latest=max(policy.latest.num_versions, 1) if choice in (None, "latest") else 0,
        specific=frozenset(policy.specific.versions) if choice == "specific" else None,
        labels=dict(config.version_labels),
    )


def _platform(model: ModelConfig) -> str:
    # The deprecated model_type is another way to write the platform.
    if bool(model.model_platform) == (model.model_type != ModelType.MODEL_TYPE_UNSPECIFIED):
        raise invalid(f"Model {model.name}: expected either model_platform or the deprecated model_type")
    if model.model_type == ModelType.TENSORFLOW:
        return PLATFORM
    return model.model_platform or f"model_type {model.model_type}"
