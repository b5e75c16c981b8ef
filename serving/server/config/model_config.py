"""Which models a server holds, from which folders, in which versions: a ModelServerConfig, checked.

The texts of the errors are TensorFlow Serving's, which clients and scripts match on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tensorflow_serving.config.model_server_config_pb2 import ModelConfig, ModelServerConfig, ModelType

from serving.server.errors import Code, ServingError, invalid

PLATFORM = "tensorflow"


@dataclass(frozen=True)
class Model:
    """What a configuration says about one model.

    Attributes:
      name: what clients ask for.
      base_path: the folder that holds the numbered versions.
      latest: how many of the newest versions are served; 0 with another policy.
      specific: the versions served, by number; None with another policy. Neither of the two is all versions.
      labels: version by label.
    """

    name: str
    base_path: Path
    latest: int = 1
    specific: frozenset[int] | None = None
    labels: Mapping[str, int] = field(default_factory=dict)

    def wanted(self, versions: Collection[int]) -> set[int]:
        """Which of `versions`, those on disk, are to be served."""
        if self.specific is not None:
            return set(self.specific) & set(versions)
        return set(sorted(versions, reverse=True)[: self.latest or None])


def single(name: str, base_path: str) -> ModelServerConfig:
    """The configuration that `--model_name` and `--model_base_path` stand for."""
    config = ModelServerConfig()
    config.model_config_list.config.add(name=name, base_path=base_path, model_platform=PLATFORM)
    return config


def check_transition(old: ModelServerConfig | None, new: ModelServerConfig) -> None:
    """Whether `new` may follow `old` (None: the server starts).

    Raises:
      ServingError: FAILED_PRECONDITION, it is not a list of models; INVALID_ARGUMENT, a name twice, a relative
        path or another platform.
    """
    if new.WhichOneof("config") == "custom_model_config":
        if old is None:
            raise ServingError(
                Code.FAILED_PRECONDITION, "ModelServer does not yet support custom model config."
            )
        raise _only_lists()
    if old is not None and new.WhichOneof("config") is None:
        raise _only_lists()
    names: set[str] = set()
    for model in new.model_config_list.config:
        if model.name in names:
            raise invalid(f"Illegal to list model {model.name} multiple times in config list")
        names.add(model.name)
    for model in new.model_config_list.config:
        if not (model.base_path.startswith("/") or "://" in model.base_path):
            raise invalid(
                f"Expected model {model.name} to have an absolute path or URI; "
                f"got base_path()={model.base_path}"
            )
    platforms = {model.name: _platform(model) for model in old.model_config_list.config} if old else {}
    for model in new.model_config_list.config:
        platform = _platform(model)
        if platforms.get(model.name, platform) != platform:
            raise invalid(
                f"Illegal to change a model's platform. For model {model.name} platform was "
                f"{platforms[model.name]} and new platform requested is {platform}"
            )


def models_of(config: ModelServerConfig) -> dict[str, Model]:
    """The models that `config` lists, by name.

    Raises:
      ServingError: INVALID_ARGUMENT, a platform that is not served, or a base path that is not there.
    """
    for model in config.model_config_list.config:
        if _platform(model) != PLATFORM:
            raise invalid(f"Model {model.name} requests unsupported platform {_platform(model)}")
    for model in config.model_config_list.config:
        if not Path(model.base_path).exists():
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
        # At least one, as in TensorFlow Serving; no policy at all is `latest` too.
        latest=max(policy.latest.num_versions, 1) if choice in (None, "latest") else 0,
        specific=frozenset(policy.specific.versions) if choice == "specific" else None,
        labels=dict(config.version_labels),
    )


def _platform(model: ModelConfig) -> str:
    if model.model_type == ModelType.MODEL_TYPE_UNSPECIFIED:
        if not model.model_platform:
            raise invalid(
                "Illegal setting neither ModelServerConfig::model_type (deprecated) nor "
                "ModelServerConfig::model_platform."
            )
        return model.model_platform
    if model.model_platform:
        raise invalid(
            "Illegal setting both ModelServerConfig::model_type (deprecated) and "
            "ModelServerConfig::model_platform."
        )
    if model.model_type != ModelType.TENSORFLOW:
        raise invalid(f"ModelServerConfig::model_type choice {model.model_type} not supported.")
    return PLATFORM


def _only_lists() -> ServingError:
    return ServingError(
        Code.FAILED_PRECONDITION,
        "Cannot transition to requested config. It is only legal to transition from one ModelConfigList to "
        "another.",
    )
