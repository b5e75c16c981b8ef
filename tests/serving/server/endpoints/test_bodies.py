"""Bodies of REST requests that are too large, too slow or of two lengths, over a bare socket."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import shutil
import socket
import struct
import time
import tracemalloc
import weakref
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Message

from serving.server.endpoints import rest
from serving.server.endpoints.bodies import Bodies
from serving.server.flags import ANY_FREE_PORT, Flags
from serving.server.server import Server
from serving.server.wire.errors import invalid
from tests.serving.folders import until

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


def test_a_gzip_body_is_unpacked(port):
    packed = gzip.compress(BODY)
    for coding in ("gzip", "x-gzip, identity"):
        headers = ("Connection: close", f"Content-Encoding: {coding}")
        assert answer(port, *headers, f"Content-Length: {len(packed)}", body=packed)[0] == 200
        parts = chunked(packed[:3], packed[3:20], packed[20:])
        assert answer(port, *headers, "Transfer-Encoding: chunked", body=parts)[0] == 200
    status, text = answer(port, "Connection: close", "Content-Encoding: gzip", "Content-Length: 0")
    assert (status, json.loads(text)["error"]) == (400, "JSON Parse error: The document is empty")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (BODY, "expected a gzip body, as Content-Encoding says; found Error -3"),
        (gzip.compress(BODY)[:-9], "expected a complete gzip body; found its beginning alone"),
        (
            gzip.compress(BODY)[:-8] + bytes(8),
            "expected a gzip body, as Content-Encoding says; found Error -3",
        ),
        (gzip.compress(BODY) * 2, "expected a gzip body of one member; found more bytes after its end"),
        (zlib.compress(BODY), "expected a gzip body, as Content-Encoding says; found Error -3"),
    ],
    ids=["plain", "cut", "wrong sum", "two members", "zlib"],
)
def test_a_body_that_is_no_gzip_is_refused(port, body, message):
    headers = ("Connection: close", "Content-Encoding: gzip")
    status, text = answer(port, *headers, f"Content-Length: {len(body)}", body=body)
    assert status == 400
    assert message in json.loads(text)["error"]


def test_what_a_gzip_body_holds_counts_against_the_limit(port):
    holds_all = gzip.compress(BODY + b" " * (LIMIT - len(BODY)))
    holds_more = gzip.compress(BODY + b" " * (LIMIT + 1 - len(BODY)))
    for packed, expected in ((holds_all, 200), (holds_more, 413)):
        headers = ("Connection: close", "Content-Encoding: gzip", f"Content-Length: {len(packed)}")
        assert answer(port, *headers, body=packed)[0] == expected


def test_a_bomb_is_refused_before_it_is_unpacked():
    limit = 2**20
    # 1 MB that holds 1 GB: refused after its first part, and without room for more than the limit.
    pack = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    bomb = b"".join(pack.compress(bytes(2**20)) for _ in range(1024)) + pack.flush()
    parts = [bomb[start : start + 2**16] for start in range(0, len(bomb), 2**16)]
    received, sent = [], []

    async def receive() -> Message:
        received.append(parts[len(received)])
        return {"type": "http.request", "body": received[-1], "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    async def app(*_: object) -> None:
        pytest.fail("the body reached the application")

    scope = {"type": "http", "headers": [(b"content-encoding", b"gzip")]}
    tracemalloc.start()
    try:
        asyncio.run(Bodies(app, limit=limit, timeout=60)(scope, receive, send))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sent[0]["status"] == 413
    assert len(received) == 1
    assert peak < 4 * limit


@pytest.mark.parametrize("length", ["Content-Length: 500", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_client_that_leaves_in_its_body_is_a_line_of_the_log(port, length, reset, caplog):
    caplog.set_level("INFO")
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: a\r\n{length}\r\n\r\n5\r\n12345".encode())
        time.sleep(0.1)  # so that it leaves in the body, and not before the server has seen its head
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    until(lambda: bool(caplog.records), "a line of the log")
    assert answer(port, "Content-Length: 0", "Connection: close")[0] == 400, "the server goes on"
    (record,) = caplog.records
    assert "A client left in the middle of its request" in record.getMessage()
    assert record.exc_info is None


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
