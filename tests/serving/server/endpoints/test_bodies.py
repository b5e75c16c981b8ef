"""Bodies of REST requests that are too large, too slow or of two lengths, over a bare socket."""

from __future__ import annotations

import gc
import json
import shutil
import socket
import weakref
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from serving.server.endpoints import http_protocol, rest
from serving.server.flags import ANY_FREE_PORT, Flags
from serving.server.server import Server
from serving.server.wire.errors import invalid

pytestmark = pytest.mark.embedded
LIMIT = 1000
PATH = "/v1/models/tagger:predict"
BODY = b'{"signature_name": "decode_text", "instances": ["Anna"]}'


@pytest.fixture(scope="module")
def port(exported: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    base = tmp_path_factory.mktemp("bodies")
    shutil.copytree(exported["PER"], base / "1")
    flags = Flags(
        model_base_path=str(base),
        model_name="tagger",
        port=0,
        rest_api_port=ANY_FREE_PORT,
        rest_api_timeout_in_ms=2000,
        rest_api_max_body_bytes=LIMIT,
    )
    with Server(flags) as server:
        assert server.rest_port is not None
        yield server.rest_port


def answer(port: int, *headers: str, body: bytes = b"", path: str = PATH) -> tuple[int, str]:
    """Send one request and read to the end of the connection; returns the status and what follows the head."""
    head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: a", *headers, "", ""])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head.encode() + body)
        received = b""
        while part := connection.recv(2**16):
            received += part
    before, _, after = received.partition(b"\r\n\r\n")
    return int(before.split()[1]), after.decode()


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_a_chunked_body_within_the_limit_is_answered(port):
    status, _ = answer(
        port, "Transfer-Encoding: chunked", "Connection: close", body=chunked(BODY[:9], BODY[9:])
    )
    assert status == 200


@pytest.mark.parametrize("path", [PATH, "/", "/v1/models/tagger"])
def test_two_lengths_are_refused_and_the_connection_ends(port, path):
    headers = ("Transfer-Encoding: chunked", f"Content-Length: {len(BODY)}")
    status, text = answer(port, *headers, body=chunked(BODY), path=path)
    assert status == 400
    assert json.loads(text)["error"] == "expected Content-Length or Transfer-Encoding; found both"


def test_a_body_over_the_limit_is_refused_before_it_has_come(port):
    message = "expected a body of at most 1000 bytes (--rest_api_max_body_bytes); found more"
    status, text = answer(port, f"Content-Length: {LIMIT + 1}")
    assert (status, json.loads(text)["error"]) == (413, message)
    status, text = answer(port, "Transfer-Encoding: chunked", body=chunked(b"a" * (LIMIT + 1)))
    assert (status, json.loads(text)["error"]) == (413, message)


def test_half_a_body_is_waited_for_as_long_as_a_request_may_take(port):
    status, text = answer(port, f"Content-Length: {len(BODY)}", body=BODY[:10])
    assert (status, json.loads(text)["error"]) == (
        408,
        "expected the complete body within 2 s; found 10 bytes",
    )


def test_half_a_head_is_not_waited_for_for_ever(port, monkeypatch):
    monkeypatch.setattr(http_protocol, "SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost")
        assert connection.recv(1) == b"", "closed"


def test_a_client_may_take_its_time_between_two_requests(port, monkeypatch):
    monkeypatch.setattr(http_protocol, "SECONDS", 0.2)
    with httpx.Client() as client:
        for _ in range(3):
            assert client.post(f"http://127.0.0.1:{port}{PATH}", content=BODY).status_code == 200


def test_nothing_is_kept_of_a_body_that_is_refused(port, monkeypatch):
    class Document:
        pass

    read = []

    def refuse(*_: object) -> None:
        document = Document()
        read.append(weakref.ref(document))
        raise invalid("no")

    monkeypatch.setattr(rest, "read_request", refuse)
    gc.collect()
    gc.disable()  # so that reference cycles stay
    try:
        assert httpx.post(f"http://127.0.0.1:{port}{PATH}", content=BODY).status_code == 400
        assert [reference() for reference in read] == [None]
    finally:
        gc.enable()
