"""HandleReloadConfigRequest: other models, versions or labels while the server runs."""

from __future__ import annotations

import logging
from collections.abc import Callable

from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest, ReloadConfigResponse

from serving.server.errors import ServingError, invalid, shortened
from serving.server.versions.catalogue import Catalogue

_LOG = logging.getLogger(__name__)


def reload(
    catalogue: Catalogue,
    request: ReloadConfigRequest,
    *,
    timeout: float | None = None,
    count: Callable[[str], int] = lambda metric: 0,
) -> ReloadConfigResponse:
    """Changes the models over to the request's, and answers when those that are new in it are available.

    A call that ends with an error carries no message over gRPC, only code and text: they are what
    TensorFlow Serving puts in the response's status too.

    Args:
      catalogue: the models there are.
      request: as it came.
      timeout: seconds that the caller still waits; None is for ever. The change goes on after it.
      count: the value of an integer metric by its name, 0 if there is none; the answer tells by how much
        the reload raised those that the request names.

    Raises:
      ServingError: with TensorFlow Serving's code and text.
    """
    before = {name: count(name) for name in request.metric_names}
    try:
        if request.config.WhichOneof("config") != "model_config_list":
            raise invalid(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is "
                "currently supported"
            )
        catalogue.reload(request.config, timeout=timeout)
    except ServingError as error:
        _LOG.error("ReloadConfig failed: %s", shortened(error.message))
        raise
    response = ReloadConfigResponse()
    response.status.error_code = 0
    for name, value in before.items():
        response.metric.add(name=name, int64_value_increase=count(name) - value)
    return response
