"""`python -m deploy.docker.lock`: writes the part of requirements.lock that a step needs, for the image.

A package is needed if one of the project's own dependencies asks for it, directly or through others; what the
development extra alone brings (linters, browsers, stub generators) is not. Who asks for what is read from the comments
that uv leaves in the lock.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
IMAGE_LOCK = ROOT / "deploy/docker/pipeline/requirements.lock"
# What packages that come as source are built with; held to hashes too, so installed before them.
BUILD_LOCK = ROOT / "deploy/docker/pipeline/build.lock"
BUILD = ("setuptools", "wheel")

_PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==(?P<version>\S+)(?:\s*;.*?)?\s*\\?"
)
_HASH = re.compile(r"\s+--hash=(?P<kind>[a-z0-9]+):(?P<value>[0-9a-f]+)")
_VIA = re.compile(r"\s+#\s+(?:via\s+)?(?P<by>\S.*)?")
_PROJECT = "tagline (pyproject.toml)"


@dataclass(frozen=True, kw_only=True)
class Locked:
    """One package of a lock.

    Attributes:
        name: as packages are compared: small letters, parted by `-`.
        version: the one version.
        hashes: (algorithm, hexadecimal value) of each file that may be installed.
        asked_by: names of the packages that ask for it; `PROJECT` stands for this one.
        text: its lines in the lock.
    """

    name: str
    version: str
    hashes: tuple[tuple[str, str], ...]
    asked_by: tuple[str, ...]
    text: str


def canonical(name: str) -> str:
    """A package's name as it is compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse(text: str) -> dict[str, Locked]:
    """The packages of a lock, by canonical name, in its order.

    Raises:
        ValueError: a line that is none of a lock's, or a package without a hash; says which line.
    """
    packages: dict[str, Locked] = {}
    blocks: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            if not blocks:
                raise ValueError(f"line {number}: found {line.strip()!r} before any package")
            blocks[-1][1].append(line)
        else:
            blocks.append((number, [line]))
    for number, (head, *rest) in blocks:
        pinned = _PINNED.fullmatch(head)
        if pinned is None:
            raise ValueError(f"line {number}: found {head!r}; expected NAME==VERSION")
        hashes, asked_by = [], []
        for line in rest:
            if found := _HASH.match(line):
                hashes.append((found["kind"], found["value"]))
            elif (found := _VIA.fullmatch(line)) and (found["by"] or "via") != "via":
                asked_by.append(found["by"])
        name = canonical(pinned["name"])
        if not hashes:
            raise ValueError(f"line {number}: found {name} without --hash; expected one for each file")
        packages[name] = Locked(
            name=name,
            version=pinned["version"],
            hashes=tuple(hashes),
            asked_by=tuple(_PROJECT if by == _PROJECT else canonical(by.split(" ")[0]) for by in asked_by),
            text="\n".join([head, *rest]) + "\n",
        )
    return packages


def needed(packages: dict[str, Locked], roots: Iterable[str]) -> set[str]:
    """Names of `roots` and of all that they ask for, through others too."""
    asks: dict[str, set[str]] = {}
    for package in packages.values():
        for by in package.asked_by:
            asks.setdefault(by, set()).add(package.name)
    reached: set[str] = set()
    to_see = [canonical(root) for root in roots]
    while to_see:
        name = to_see.pop()
        if name not in reached:
            reached.add(name)
            to_see += asks.get(name, ())
    return reached


def dependencies(pyproject: str) -> list[str]:
    """Names of the project's own dependencies, without the extras."""
    import tomli

    given = tomli.loads(pyproject)["project"]["dependencies"]
    return [re.split(r"[\[\s<>=!~;]", one, maxsplit=1)[0] for one in given]


def image_lock(lock: str, pyproject: str) -> tuple[str, str]:
    """The texts of the image's locks: what it installs, and what that is built with.

    Raises:
        ValueError: a dependency that the lock does not have.
    """
    packages = parse(lock)
    roots = [canonical(name) for name in dependencies(pyproject)]
    if missing := sorted({*roots, *BUILD} - packages.keys()):
        raise ValueError(f"requirements.lock has no {', '.join(missing)}: run `make lock`")
    return _text(packages, needed(packages, roots)), _text(packages, BUILD)


def _text(packages: dict[str, Locked], names: Collection[str]) -> str:
    head = "# Part of requirements.lock, written by `python -m deploy.docker.lock`.\n"
    return head + "".join(package.text for name, package in packages.items() if name in names)


def main() -> int:
    """Write both files; 2 if the lock is none."""
    try:
        texts = image_lock(
            LOCK.read_text(encoding="utf-8"), (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        )
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    for path, text in zip((IMAGE_LOCK, BUILD_LOCK), texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
