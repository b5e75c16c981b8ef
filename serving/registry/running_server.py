"""A running server's state of a model: of each of its versions, and which version has a label."""

from __future__ import annotations

import grpc

from serving.client import TLS, Tagger, VersionStatus
from serving.client.protocol.channel import channel_settings, open_calls
from serving.client.protocol.errors import LabelNotFound, ModelNotFound, error_of
from serving.client.protocol.messages import serving_pb2

_METADATA = "/tensorflow.serving.PredictionService/GetModelMetadata"
# Field 2, `metadata_field`, with the one value that a server takes.
_SIGNATURE_DEF = b"\x12\x0dsignature_def"


class RunningServer:
    """A server at `target` that serves `model`. As a context manager it is closed at the end."""

    def __init__(self, target: str, model: str, *, timeout: float = 5.0, tls: TLS | bool = False) -> None:
        """Send nothing yet.

        Args:
            target: `host:port` of the gRPC port.
            model: the server's name for the model.
            timeout: seconds to wait for an answer.
            tls: as for `Tagger`; False is plain text.
        """
        self.target = target
        self.model = model
        self._timeout = timeout
        self._tagger = Tagger(target, model, timeout=timeout, retries=0, tls=tls)
        self._channel = open_calls(grpc, channel_settings(target, tls)).channel
        # The client has no messages for metadata. On the wire request and answer begin like those for the
        # status: field 1 is the ModelSpec; the other fields of the answer are skipped.
        self._get_metadata = self._channel.unary_unary(
            _METADATA,
            request_serializer=lambda request: request.SerializeToString() + _SIGNATURE_DEF,
            response_deserializer=serving_pb2.GetModelStatusRequest.FromString,
        )

    def statuses(self) -> dict[int, VersionStatus]:
        """Request the state of each version that the server knows, by number; empty if it knows only the model.

        Raises:
            TaggerError: the server cannot be reached, or does not serve the model.
        """
        return {status.version: status for status in self._tagger.status()}

    def labelled(self, label: str) -> int | None:
        """Request the version that has `label` now; None if no version has.

        Raises:
            TaggerError: the server cannot be reached, or fails for a reason other than the label.
        """
        request = serving_pb2.GetModelStatusRequest()
        request.model_spec.name = self.model
        request.model_spec.version_label = label
        try:
            return self._get_metadata(request, timeout=self._timeout).model_spec.version.value
        except grpc.RpcError as error:
            failure = error_of(
                error, target=self.target, model=self.model, signature="", timeout=self._timeout
            )
            # NOT_FOUND is also the answer for a label whose version is not loaded.
            if isinstance(failure, (LabelNotFound, ModelNotFound)):
                return None
            raise failure from error

    def close(self) -> None:
        """Close the connections."""
        self._tagger.close()
        self._channel.close()

    def __enter__(self) -> RunningServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
