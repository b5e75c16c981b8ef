"""What both versions of the API have in common."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.cluster import kfp_client, kfp_v2
from pipeline.cluster.pipelines_api import ClusterError, six_fields
from tests.pipeline.cluster.rest_api import serving

VERSIONS = {"v1beta1": kfp_client.Pipelines, "v2beta1": kfp_v2.Pipelines}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("status", "remedy"), [(401, "TAGLINE_KFP_TOKEN"), (503, "kubectl port-forward")])
def test_an_api_that_does_not_answer_is_reported_at_once(version: str, status: int, remedy: str) -> None:
    with serving({f"GET /apis/{version}/healthz": status}) as api:
        with pytest.raises(
            ClusterError, match=f"expected Kubeflow Pipelines' API, found HTTP {status}; .*{remedy}"
        ):
            VERSIONS[version](api.address, namespace="kubeflow")
        assert len(api.requests) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_nobody_there(version: str) -> None:
    with serving({}) as gone:
        address = gone.address
    with pytest.raises(
        ClusterError, match=r"found .*refused.*; set kubeflow\.host, or `kubectl port-forward"
    ):
        VERSIONS[version](address, namespace="kubeflow")


def test_a_token_is_sent_and_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    healthy: dict[str, Any] = {"GET /apis/v2beta1/healthz": {}}
    with serving(healthy) as api:
        kfp_v2.Pipelines(api.address, namespace="n")
        monkeypatch.setenv("TAGLINE_KFP_TOKEN", "abc")
        kfp_v2.Pipelines(api.address, namespace="n")
    assert [headers.get("Authorization") for headers in api.headers] == [None, "Bearer abc"]


@pytest.mark.parametrize(
    ("cron", "expected"), [("0 3 * * 1", "0 0 3 * * 1"), ("30 0 3 * * 1", "30 0 3 * * 1")]
)
def test_a_schedule_begins_with_the_second(cron: str, expected: str) -> None:
    assert six_fields(cron) == expected


def test_a_malformed_schedule_is_refused() -> None:
    with pytest.raises(ValueError, match="--cron: found 'daily'; expected five fields"):
        six_fields("daily")
