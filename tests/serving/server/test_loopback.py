"""Without `--host` no other machine reaches a port of the server."""

from __future__ import annotations

import ipaddress
import shutil
from pathlib import Path

import psutil
import pytest

from serving.server.process import start_server_process

pytestmark = pytest.mark.embedded


def test_every_port_listens_on_loopback(exported: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(exported["PER"], tmp_path / "models" / "1")
    with start_server_process(
        tmp_path / "models", "tagger", tmp_path / "log", rest_api_port=-1, extra_flags=["--demo"]
    ) as process:
        listening = {
            (
                connection.laddr.ip.removeprefix("::ffff:"),
                connection.laddr.port,
            )  # gRPC's, of IPv4 within IPv6
            for connection in psutil.Process(process.pid).connections("inet")
            if connection.status == psutil.CONN_LISTEN
        }
    assert len(listening) == 2, "gRPC and REST"
    assert all(ipaddress.ip_address(ip).is_loopback for ip, _ in listening), listening
