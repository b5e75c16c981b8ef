"""A client of HandleReloadConfigRequest, by TensorFlow Serving's own stub, and a server for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest, ReloadConfigResponse
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub

from serving.client import Tagger
from serving.server.flags import Flags
from tests.serving.running import running

CODES = grpc.StatusCode


class ManagementClient:
    """Sends the management call, and makes a client for each model."""

    def __init__(self, target: str) -> None:
        self.target = target
        self._channel = grpc.insecure_channel(target)
        self._stub = ModelServiceStub(self._channel)

    def reload(
        self,
        models: Mapping[str, Path],
        *,
        versions: Sequence[int] = (),
        labels: Mapping[str, int] | None = None,
        metrics: Sequence[str] = (),
        timeout: float = 30,
    ) -> ReloadConfigResponse:
        """Apply a configuration of `models`; the labels are the first one's."""
        request = ReloadConfigRequest(metric_names=metrics)
        request.config.model_config_list.SetInParent()
        for number, (name, base) in enumerate(models.items()):
            entry = request.config.model_config_list.config.add(
                name=name, base_path=str(base), model_platform="tensorflow"
            )
            if labels and not number:
                entry.version_labels.update(labels)
            if versions:
                entry.model_version_policy.specific.versions.extend(versions)
        return self.send(request, timeout=timeout)

    def send(self, request: ReloadConfigRequest, *, timeout: float = 30) -> ReloadConfigResponse:
        return self._stub.HandleReloadConfigRequest(request, timeout=timeout)

    def tagger(self, model: str, **choice: object) -> Tagger:
        return Tagger(self.target, model, retries=0, **choice)

    def close(self) -> None:
        self._channel.close()


@contextmanager
def serving(base: Path, **more: object) -> Iterator[ManagementClient]:
    flags = Flags(
        model_base_path=str(base),
        model_name="a",
        port=0,
        file_system_poll_wait_seconds=0.05,
        max_num_load_retries=0,
        enable_reload_rpc=True,
        **more,
    )
    with running(flags) as server:
        management = ManagementClient(server.target)
        try:
            yield management
        finally:
            management.close()


def refused(management: ManagementClient, *args: object, **options: object) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        management.reload(*args, **options)
    return caught.value.code(), caught.value.details()
