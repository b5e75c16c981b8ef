"""Targets of REST requests: what belongs to the path, and in which form it is matched."""

from __future__ import annotations

import json
import socket

import pytest

from tests.serving.running import TFSERVING

BODY = '{"signature_name": "decode_text", "instances": ["Anna"]}'


def ask(server, target: str, method: str = "POST", *headers: str) -> tuple[int, dict[str, str], str]:
    """Send one request as it is written; returns status, headers and body."""
    head = [
        f"{method} {target} HTTP/1.1",
        "Host: a",
        "Connection: close",
        f"Content-Length: {len(BODY)}",
        *headers,
    ]
    with socket.create_connection(("127.0.0.1", server.rest_port), timeout=20) as connection:
        connection.sendall("\r\n".join([*head, "", BODY]).encode())
        received = b""
        while part := connection.recv(2**16):
            received += part
    before, _, after = received.decode().partition("\r\n\r\n")
    first, *lines = before.split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), fields, after


@pytest.mark.parametrize("scheme", ["http://nobody:80", "HTTPS://a", "//a", "ftp:"])
def test_of_an_absolute_form_the_path_counts(server, scheme):
    assert ask(server, f"{scheme}/v1/models/tagger:predict")[0] == 200
    assert ask(server, f"{scheme}/v1/models/tagger", "GET")[0] == 200
    assert ask(server, f"{scheme}/other", "GET")[0] == 404


def test_an_absolute_form_without_a_path_is_not_found(server):
    assert ask(server, "http://a", "GET")[0] == 404
    assert ask(server, "http://v1/models/tagger", "GET")[0] == 404


@pytest.mark.parametrize(
    ("method", "target", "status", "message"),
    [
        ("POST", "/v1/models/a%2Fb:predict", 404, "Servable not found for request: Latest(a/b)"),
        ("GET", "/v1/models/a%2Fb", 404, "Could not find any versions of model a/b"),
        ("GET", "/v1/models/%zz%", 404, "Could not find any versions of model %zz%"),
        ("GET", "/v1/models/%ff", 404, "Could not find any versions of model"),
        ("POST", "/v1/models/tagger%3Apredict", 400, "Malformed request: POST /v1/models/tagger%3Apredict"),
        ("GET", "/v1%2Fmodels/tagger", 404, None),
        ("POST", "/v1/models/tagger/labels/a%2Fb:predict", 503, "Model labels does not init yet.a/b"),
        (
            "POST",
            "/v1/models/tagger:predict?a=b",
            400,
            "Malformed request: POST /v1/models/tagger:predict?a=b",
        ),
        ("GET", "/v1/models/tagger?a=b", 404, "Could not find any versions of model tagger?a=b"),
        ("GET", "/v1/models/tagger/metadata?a", 400, "Malformed request: GET /v1/models/tagger/metadata?a"),
        ("GET", "/v1/models/tagger/metadata#a", 400, "Malformed request: GET /v1/models/tagger/metadata#a"),
        ("POST", "/v1/models/tagger:Predict", 400, "Malformed request: POST /v1/models/tagger:Predict"),
        ("TRACE", "/v1/models/tagger", 501, None),
        ("FOO", "/v1/models/tagger:predict", 501, None),
        ("FOO", "/", 501, None),
    ],
)
def test_what_is_matched(server, method, target, status, message):
    found, _, body = ask(server, target, method)
    assert found == status
    if message or not TFSERVING:  # it writes HTML where no message is expected
        assert (message or "Not") in json.loads(body)["error"]


def test_an_encoded_name_is_the_model(server):
    assert ask(server, "/v1/models/%74agger:predict")[0] == 200
    assert "signature_def" in ask(server, "/v1/models/t%61gger/metadata", "GET")[2]


def test_metadata_in_capitals_is_the_status(server):
    assert "AVAILABLE" in ask(server, "/v1/models/tagger/METADATA", "GET")[2]
