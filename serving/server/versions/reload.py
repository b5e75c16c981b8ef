"""HandleReloadConfigRequest: other models, versions or labels while the server runs."""

from __future__ import annotations

import logging
from collections.abc import Callable

from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest, ReloadConfigResponse

from serving.server.versions.catalogue import Catalogue
from serving.server.wire.errors import ServingError, invalid, shortened

_LOG = logging.getLogger(__name__)


def reload(
    catalogue: Catalogue,
    request: ReloadConfigRequest,
    *,
    timeout: float,
    count: Callable[[str], int],
) -> ReloadConfigResponse:
    """Apply the request's configuration, and answer when the models that are new in it are available.

    Args:
      catalogue: the models to change.
      request: the configuration, and the names of metrics whose increase the caller wants to know.
      timeout: seconds to wait for the new models; the change continues after it.
      count: the value of an integer metric by its name.

    Raises:
      ServingError: with TensorFlow Serving's code, which it also writes to the response's status; over gRPC
        an error carries no response.
    """
    before = {name: count(name) for name in request.metric_names}
    try:
        if request.config.WhichOneof("config") != "model_config_list":
            raise invalid("HandleReloadConfigRequest takes a model_config_list only")
        catalogue.wait(catalogue.apply(request.config), timeout=timeout)
    except ServingError as error:
        _LOG.error("ReloadConfig failed: %s", shortened(error.message))
        raise
    response = ReloadConfigResponse()
    response.status.error_code = 0
    for name, value in before.items():
        response.metric.add(name=name, int64_value_increase=count(name) - value)
    return response
