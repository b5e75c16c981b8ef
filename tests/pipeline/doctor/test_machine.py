"""Disk, inodes, memory and ports."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.doctor import machine
from pipeline.doctor.machine import findings


def test_a_disk_with_room_and_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    found = list(findings([("pipeline.root", tmp_path / "a" / "b")], []))
    assert [one.what for one in found] == ["disk of pipeline.root", "inodes of pipeline.root", "memory"]
    assert found[0].found.endswith(f"GB free at {tmp_path}")


@pytest.mark.parametrize(
    ("blocks", "inodes", "states"),
    [(10**9, 10**6, ["ok", "ok"]), (10**5, 5000, ["warning"] * 2), (9, 9, ["error"] * 2)],
)
def test_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocks: int, inodes: int, states: list[str]
) -> None:
    full = SimpleNamespace(f_bavail=blocks, f_frsize=4096, f_files=10**7, f_favail=inodes)
    monkeypatch.setattr(machine.os, "statvfs", lambda _: full)
    disk = list(findings([("pipeline.root", tmp_path)], []))[:2]
    assert [one.state for one in disk] == states
    assert all(bool(one.remedy) == (one.state != "ok") for one in disk)


def test_the_user_of_a_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (_, used) = findings([], [("gRPC", port)])
        assert used.state == "warning"
        assert used.found.startswith(f"gRPC: used by process {os.getpid()} (")
        monkeypatch.setattr(machine, "_SERVERS", ("py",))
        (_, used) = findings([], [("gRPC", port)])
        assert used.state == "ok"
    (_, free) = findings([], [("gRPC", port)])
    assert (free.state, free.found) == ("ok", "gRPC: free")
