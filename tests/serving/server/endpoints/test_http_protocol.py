"""Connections to the REST port: how long they last, and what a half-closed one gets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket

import httpx
import psutil
import pytest
import uvicorn
from starlette.applications import Starlette
from uvicorn.server import ServerState

from serving.server.endpoints import http_protocol
from tests.serving.folders import until

PATH = "/v1/models/tagger:predict"
BODY = b'{"signature_name": "decode_text", "instances": ["Anna"]}'
REQUEST = b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (PATH.encode(), len(BODY), BODY)


def connect(server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.rest_port), timeout=20)


def received(connection: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    parts = b""
    while part := connection.recv(2**16):
        parts += part
    return parts


@pytest.mark.embedded
def test_half_a_head_is_not_waited_for_for_ever(server, monkeypatch):
    monkeypatch.setattr(http_protocol, "SECONDS", 0.2)
    with connect(server) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost")
        assert connection.recv(1) == b"", "closed"


@pytest.mark.embedded
def test_a_client_may_take_its_time_between_two_requests(server, monkeypatch):
    monkeypatch.setattr(http_protocol, "SECONDS", 0.2)
    with httpx.Client() as client:
        for _ in range(3):
            assert client.post(f"http://127.0.0.1:{server.rest_port}{PATH}", content=BODY).status_code == 200


@pytest.mark.embedded
@pytest.mark.parametrize("before", [b"", REQUEST], ids=["before the first request", "after an answer"])
def test_an_idle_connection_is_closed(server, monkeypatch, before):
    monkeypatch.setattr(http_protocol, "IDLE_SECONDS", 0.5)
    monkeypatch.setattr(http_protocol, "SECONDS", 20)
    with connect(server) as connection:
        connection.sendall(before)
        assert received(connection).count(b"200 OK") == bool(before)


@pytest.mark.embedded
def test_an_idle_connection_outlives_the_time_of_a_head(server, monkeypatch):
    monkeypatch.setattr(http_protocol, "SECONDS", 0.2)
    with connect(server) as connection:
        for _ in range(2):
            connection.sendall(REQUEST)
            assert b"200 OK" in connection.recv(2**16)
            connection.settimeout(0.6)
            with pytest.raises(TimeoutError):
                connection.recv(1)
            connection.settimeout(20)


@pytest.mark.embedded
def test_idle_connections_have_the_time_of_tensorflow_serving():
    config = uvicorn.Config(Starlette(), log_config=None)
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        protocol = http_protocol.HttpProtocol(config, ServerState(), {}, loop)
    assert protocol.timeout_keep_alive == 50


def test_a_half_closed_connection_gets_its_answer(server):
    with connect(server) as connection:
        connection.sendall(REQUEST)
        connection.shutdown(socket.SHUT_WR)
        assert b"B-PER" in received(connection)


def test_a_half_closed_connection_gets_all_its_answers(server):
    with connect(server) as connection:
        connection.sendall(REQUEST * 3)
        connection.shutdown(socket.SHUT_WR)
        assert received(connection).count(b"B-PER") == 3


@pytest.mark.parametrize("whole", [0, 1])
@pytest.mark.parametrize("cut", [len(REQUEST) - 1, 20], ids=["body", "head"])
def test_half_a_request_on_a_half_closed_connection_is_not_waited_for(server, whole, cut):
    with connect(server) as connection:
        connection.sendall(REQUEST * whole + REQUEST[:cut])
        connection.shutdown(socket.SHUT_WR)
        assert received(connection).count(b"HTTP/1.1") == whole


@pytest.mark.embedded
def test_a_half_closed_connection_whose_answer_is_not_read_is_not_kept(server, monkeypatch):
    monkeypatch.setattr(http_protocol, "SECONDS", 0.2)
    body = json.dumps({"signature_name": "decode_text", "instances": ["Anna " * 1000] * 300}).encode()
    with connect(server) as connection:
        _, port = connection.getsockname()
        connection.sendall(b"POST %s HTTP/1.1\r\nHost: a\r\n" % PATH.encode())
        connection.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        connection.shutdown(socket.SHUT_WR)
        until(lambda: port in _clients(), "the connection is open")
        until(lambda: port not in _clients(), "the server gives it up", 60)
        head, _, answer = received(connection).partition(b"\r\n\r\n")
    assert b"200 OK" in head
    (length,) = re.findall(rb"content-length: (\d+)", head)
    assert len(answer) < int(length)


def _clients() -> set[int]:
    """The ports of those whose connections this process, in which the server runs, holds open."""
    return {each.raddr.port for each in psutil.Process().connections("tcp4") if each.raddr}
