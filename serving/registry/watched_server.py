"""What a running server says about a model: the states of its versions, and which of them a label is."""

from __future__ import annotations

from types import TracebackType

import grpc

from serving.client import TLS, Tagger, VersionStatus
from serving.client.errors import LabelNotFound, ModelNotFound, told
from serving.client.protocol.channel import channel_settings, open_calls
from serving.client.protocol.messages import serving_pb2

_METADATA = "/tensorflow.serving.PredictionService/GetModelMetadata"
# Field 2, `metadata_field`, with the one value that a server takes.
_SIGNATURE_DEF = b"\x12\x0dsignature_def"


class WatchedServer:
    """A server at `target`, asked about `model`. As a context manager it is let go of at the end."""

    def __init__(self, target: str, model: str, *, timeout: float = 5.0, tls: TLS | bool = False) -> None:
        """Args:
        target: `host:port` of the gRPC port.
        model: the server's name for the model.
        timeout: seconds that an answer may take.
        tls: whom to trust, and who to be; False is plain text.
        """
        self.target = target
        self.model = model
        self._timeout = timeout
        self._tagger = Tagger(target, model, timeout=timeout, retries=0, tls=tls)
        self._channel = open_calls(grpc, channel_settings(target, tls)).channel
        # The client has no messages for metadata. On the wire request and answer begin as those for the status
        # do: field 1 is the ModelSpec; what else is in the answer is passed over.
        self._get_metadata = self._channel.unary_unary(
            _METADATA,
            request_serializer=lambda request: request.SerializeToString() + _SIGNATURE_DEF,
            response_deserializer=serving_pb2.GetModelStatusRequest.FromString,
        )

    def statuses(self) -> dict[int, VersionStatus]:
        """The versions that the server knows of, by number; none when it knows the model but no version.

        Raises:
            TaggerError: no server there, or one that does not serve the model.
        """
        return {status.version: status for status in self._tagger.status()}

    def labelled(self, label: str) -> int | None:
        """The version that answers to `label` now; None if none does.

        Raises:
            TaggerError: no server there, or a failure that has nothing to do with labels.
        """
        request = serving_pb2.GetModelStatusRequest()
        request.model_spec.name = self.model
        request.model_spec.version_label = label
        try:
            return self._get_metadata(request, timeout=self._timeout).model_spec.version.value
        except grpc.RpcError as error:
            failure = told(error, target=self.target, model=self.model, signature="", timeout=self._timeout)
            # A label may also be of a version that is not loaded: the server does not find that.
            if isinstance(failure, (LabelNotFound, ModelNotFound)):
                return None
            raise failure from error

    def close(self) -> None:
        """Close the connections."""
        self._tagger.close()
        self._channel.close()

    def __enter__(self) -> WatchedServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
