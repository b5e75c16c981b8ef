"""Disk, inodes, memory and ports of this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.doctor.finding import Finding, State

# Below the first a run may fail, below the second it will: bytes of a disk and of memory, and inodes.
_DISK = (2e9, 100e6)
_INODES = (20_000, 1_000)
_MEMORY = (2e9, 500e6)
_SERVERS = ("serving.server", "tensorflow_model_server")


def findings(folders: Iterable[tuple[str, Path]], ports: Iterable[tuple[str, int]]) -> Iterator[Finding]:
    """Look at the disks below `folders`, which may not exist yet, at memory and at `ports`, each with its name."""
    for name, folder in folders:
        yield from _disk(name, folder)
    yield _memory()
    for name, port in ports:
        yield _port(name, port)


def _disk(name: str, folder: Path) -> Iterator[Finding]:
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    disk = os.statvfs(there)
    free = disk.f_bavail * disk.f_frsize
    remedy = "delete old runs or versions, or set another folder"
    yield _measured(f"disk of {name}", free, _DISK, f"{free / 1e9:.1f} GB free at {there}", remedy)
    if disk.f_files:  # some file systems do not count them
        found = f"{disk.f_favail:,} free at {there}"
        yield _measured(f"inodes of {name}", disk.f_favail, _INODES, found, remedy)


def _memory() -> Finding:
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        return Finding("memory", "warning", "unknown on this system")
    (kibibytes,) = re.findall(r"MemAvailable:\s+(\d+) kB", meminfo.read_text(encoding="ascii"))
    free = int(kibibytes) * 1024
    try:
        group = Path("/sys/fs/cgroup")
        free = min(
            free, int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
        )
    except (OSError, ValueError):
        pass  # without a limit of its own the machine's holds
    return _measured(
        "memory", free, _MEMORY, f"{free / 1e9:.1f} GB available", "end other programs, or train elsewhere"
    )


def _measured(what: str, free: float, bounds: tuple[float, float], found: str, remedy: str) -> Finding:
    low, lowest = bounds
    state: State = "error" if free < lowest else "warning" if free < low else "ok"
    return Finding(what, state, found, "" if state == "ok" else remedy)


def _port(name: str, port: int) -> Finding:
    # Looked up, not tried: to listen for a moment could keep out a server that starts at that moment.
    sockets = _listening(port)
    if not sockets:
        return Finding(f"port {port}", "ok", f"{name}: free")
    user = _user_of(sockets)
    if any(server in user for server in _SERVERS):
        return Finding(f"port {port}", "ok", f"{name}: a server runs, {user}")
    return Finding(f"port {port}", "warning", f"{name}: used by {user}", "end it, or choose another port")


def _listening(port: int) -> set[str]:
    """The sockets that listen on a port, as links of /proc name them."""
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[1].endswith(f":{port:04X}") and fields[3] == "0A":
                found.add(f"socket:[{fields[9]}]")
    return found


def _user_of(sockets: set[str]) -> str:
    """Describe the process that has one of `sockets` open, as far as this user may see."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(one) in sockets for one in (process / "fd").iterdir()):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                return f"process {process.name} ({command.strip()[:60]})"
        except OSError:  # it ended meanwhile, or it is another user's
            continue
    return "a process that this user may not see"
