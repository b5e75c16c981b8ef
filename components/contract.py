"""What all component contracts share: declaring parameters and channels, and passing arguments on to TFX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from tfx import types
from tfx.dsl.components.base import base_component
from tfx.types.component_spec import ChannelParameter, ExecutionParameter


def parameters(**kinds: type) -> dict[str, ExecutionParameter]:
    """Declare execution parameters, each with its type."""
    return {name: ExecutionParameter(type=kind) for name, kind in kinds.items()}


def channels(**artifacts: type[types.Artifact]) -> dict[str, ChannelParameter]:
    """Declare inputs or outputs, each with its type of artifact."""
    return {name: ChannelParameter(type=artifact) for name, artifact in artifacts.items()}


def optional_channels(**artifacts: type[types.Artifact]) -> dict[str, ChannelParameter]:
    """Declare inputs that may be left out."""
    return {name: ChannelParameter(type=artifact, optional=True) for name, artifact in artifacts.items()}


class Component(base_component.BaseComponent):
    """A component whose arguments have the names of its spec's parameters and inputs."""

    def __init__(self, **arguments: Any) -> None:
        """Args:
        arguments: the spec's parameters and inputs. Options and sequences become JSON, paths become text.
        """
        outputs = {
            name: types.Channel(type=channel.type) for name, channel in self.SPEC_CLASS.OUTPUTS.items()
        }
        super().__init__(
            self.SPEC_CLASS(**{name: _plain(value) for name, value in arguments.items()}, **outputs)
        )


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct | tuple | list):
        # Ordered: the text is part of the cache key.
        return msgspec.json.encode(value, order="deterministic").decode()
    return str(value) if isinstance(value, Path) else value
