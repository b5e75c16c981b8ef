"""The stop of the REST port."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from serving.server.endpoints.ports import RestPort
from serving.server.endpoints.rest import make_app
from serving.server.inference.metrics import Metrics
from serving.server.inference.predictor import Predictor
from serving.server.versions.catalogue import Catalogue

pytestmark = pytest.mark.embedded


def test_what_has_not_ended_in_the_grace_time_is_unavailable(monkeypatch):
    started, may_end = threading.Event(), threading.Event()

    def endless(*_: object) -> str:
        started.set()
        may_end.wait()
        return "{}"

    monkeypatch.setattr("serving.server.endpoints.rest._predict", endless)
    predictor = Predictor(Catalogue(lambda *_: pytest.fail("loaded")), Metrics())
    port = RestPort(make_app(predictor, timeout=60, threads=1, body_limit=100), "127.0.0.1", 0)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(httpx.post, f"http://127.0.0.1:{port.port}/v1/models/a:predict", timeout=60)
        try:
            assert started.wait(20)
            port.stop(grace=1)
            assert answer.result().status_code == 503
            assert answer.result().json() == {"error": "The server is stopping"}
        finally:
            may_end.set()
