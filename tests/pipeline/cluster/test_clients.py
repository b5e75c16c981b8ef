"""Which client takes which target."""

from __future__ import annotations

import pytest

from pipeline.cluster import kfp_client, kfp_v2
from pipeline.cluster.clients import DEFAULT, client_of
from pipeline.settings import SettingsError


def test_each_target_has_its_client() -> None:
    assert client_of("kubeflow") is kfp_client.Pipelines
    assert client_of("kubeflow-v2") is client_of(DEFAULT) is kfp_v2.Pipelines
    with pytest.raises(SettingsError, match="--target: found 'vertex'; expected kubeflow-v2 or kubeflow"):
        client_of("vertex")
