"""Build the requests that a tagger sends, and read the answers about versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from serving.client.protocol.messages import example_pb2, serving_pb2
from serving.client.protocol.tensors import fill_strings


@dataclass(frozen=True, slots=True)
class ModelSelector:
    """A model by its name at the server: a version, the version with a label, or the newest with neither."""

    name: str
    version: int | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        if self.version is not None and self.label is not None:
            raise ValueError(
                f"version {self.version} and label {self.label!r}: expected one of them, or neither for the "
                "newest"
            )

    def fill(self, spec: serving_pb2.ModelSpec) -> None:
        """Write it into an empty message."""
        spec.name = self.name
        # Unset means the newest; 0 would mean version 0.
        if self.version is not None:
            spec.version.value = self.version
        if self.label is not None:
            spec.version_label = self.label


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """A version of the model: its state (`AVAILABLE`, `LOADING`, ...) and, if its load failed, why."""

    version: int
    state: str
    error: str = ""


def predict_request(
    model: ModelSelector, signature: str, alias: str, values: Iterable[bytes], outputs: Sequence[str]
) -> serving_pb2.PredictRequest:
    """Build a request to `signature` for `outputs`, with the strings [B] as its input `alias`."""
    request = serving_pb2.PredictRequest()
    model.fill(request.model_spec)
    request.model_spec.signature_name = signature
    fill_strings(request.inputs[alias], values)
    request.output_filter.extend(outputs)
    return request


def status_request(model: ModelSelector) -> serving_pb2.GetModelStatusRequest:
    """Build a request for the versions of a model."""
    request = serving_pb2.GetModelStatusRequest()
    model.fill(request.model_spec)
    return request


def read_status(response: serving_pb2.GetModelStatusResponse) -> list[VersionStatus]:
    """Read the versions in an answer, in the server's order: the newest first."""
    state_name = serving_pb2.ModelVersionStatus.State.Name
    return [
        VersionStatus(entry.version, state_name(entry.state), entry.status.error_message)
        for entry in response.model_version_status
    ]


def text_bytes(text: str) -> bytes:
    """Encode as UTF-8; a lone surrogate, which has none, becomes one `?`, so that offsets stay right."""
    return text.encode("utf-8", "replace")


def example_bytes(tokens: Sequence[str]) -> bytes:
    """Build a serialized `tf.Example` with the feature `tokens`.

    Tokens are not sent as a padded grid, since a server that batches requests pads a grid with its first
    token, and an empty token would be taken for padding.
    """
    example = example_pb2.Example()
    example.features.feature["tokens"].bytes_list.value.extend(text_bytes(token) for token in tokens)
    return example.SerializeToString()
