"""GetModelStatus and GetModelMetadata: the states and signatures of the served models."""

from __future__ import annotations

from tensorflow_serving.apis import get_model_metadata_pb2 as metadata
from tensorflow_serving.apis import get_model_status_pb2 as status

from serving.server.versions.catalogue import Catalogue
from serving.server.wire.errors import invalid

_SIGNATURES = "signature_def"


def model_status(
    catalogue: Catalogue, request: status.GetModelStatusRequest
) -> status.GetModelStatusResponse:
    """Report the state of one version or of all.

    Raises:
      ServingError: no spec, or an unknown name or version.
    """
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    response = status.GetModelStatusResponse()
    for version in catalogue.statuses(request.model_spec):
        entry = response.model_version_status.add(version=version.version, state=int(version.state))
        entry.status.error_code = int(version.code)
        entry.status.error_message = version.message
    return response


def model_metadata(
    catalogue: Catalogue, request: metadata.GetModelMetadataRequest
) -> metadata.GetModelMetadataResponse:
    """Report the signatures of a version, packed in an Any as `signature_def`.

    Raises:
      ServingError: no spec, no field or another field than `signature_def`, an unknown model or version.
    """
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    if not request.metadata_field:
        raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
    for field in request.metadata_field:
        if field != _SIGNATURES:
            raise invalid(f"Metadata field {field} is not supported")
    response = metadata.GetModelMetadataResponse()
    with catalogue.use(request.model_spec) as servable:
        signatures = metadata.SignatureDefMap()
        for name, signature in servable.signatures.items():
            signatures.signature_def[name].CopyFrom(signature)
        response.model_spec.name = servable.name
        response.model_spec.version.value = servable.version
        response.metadata[_SIGNATURES].Pack(signatures)
    return response
