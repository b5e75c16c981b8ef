"""A fixture for the tests that run for every kustomization with a deployment."""

from __future__ import annotations

import pytest

from tests.deploy.k8s.k8s_objects import DEPLOYED, rendered
from tests.deploy.k8s.kustomize import Object


@pytest.fixture(params=DEPLOYED)
def objects(request: pytest.FixtureRequest) -> list[Object]:
    """The objects of one kustomization."""
    return rendered(request.param)
