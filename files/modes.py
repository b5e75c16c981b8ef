"""Who may read what is put into a shared folder: that folder decides, not the umask of the shell that writes."""

from __future__ import annotations

from pathlib import Path

_READ, _READ_AND_ENTER = 0o444, 0o2555  # with setgid, by which a group keeps a folder


def open_as(folder: Path, path: Path) -> None:
    """Let those read `path`, and all below it, who may read `folder`; its owner may write too.

    A file gets the folder's read bits, a folder its read, execute and setgid bits.

    Raises:
        OSError: a mode cannot be changed.
    """
    mode = folder.stat().st_mode
    for one in [path, *path.rglob("*")]:
        one.chmod(mode & _READ_AND_ENTER | 0o700 if one.is_dir() else mode & _READ | 0o600)


def create(folder: Path) -> None:
    """Create a folder and those above it that are missing, each open to those to whom the one above is."""
    if folder.is_dir():
        return
    create(folder.parent)
    folder.mkdir(exist_ok=True)
    open_as(folder.parent, folder)
