"""A client of the REST API."""

from __future__ import annotations

import httpx
import pytest


@pytest.fixture(scope="module")
def rest(server):
    with httpx.Client(base_url=f"http://127.0.0.1:{server.rest_port}", timeout=20) as client:
        yield client
