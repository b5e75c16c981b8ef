"""`python -m deploy.docker.sbom [LOCK]`: prints what the image's Python environment holds, as CycloneDX 1.6 in JSON.

Made from the lock alone, so the same lock gives the same text: no date, and a serial number that follows from the
content. A package's hashes are those of all its files that the lock lets in. Needs nothing but Python.
"""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.docker.lock import IMAGE_LOCK, Locked, parse

_ALGORITHMS = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
_IMAGE = "tagline-image"


def purl(package: Locked) -> str:
    """The package's URL, as the purl specification writes those of Python packages."""
    return f"pkg:pypi/{package.name}@{quote(package.version, safe='.-_~')}"


def bom(lock: str) -> dict[str, Any]:
    """The bill of materials of a lock.

    Raises:
        ValueError: as `deploy.docker.lock.parse`.
    """
    packages = parse(lock)
    asks: dict[str, list[str]] = {name: [] for name in packages}
    roots = []
    for package in packages.values():
        # What the project asks for, and what nobody does, hangs on the image itself.
        askers = [by for by in package.asked_by if by in packages]
        if len(askers) < len(package.asked_by) or not askers:
            roots.append(purl(package))
        for by in askers:
            asks[by].append(purl(package))
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "container", "bom-ref": _IMAGE, "name": "tagline"}},
        "components": [
            {
                "type": "library",
                "bom-ref": purl(package),
                "name": package.name,
                "version": package.version,
                "purl": purl(package),
                "hashes": [{"alg": _ALGORITHMS[kind], "content": value} for kind, value in package.hashes],
            }
            for package in sorted(packages.values(), key=lambda one: one.name)
        ],
        "dependencies": [
            {"ref": _IMAGE, "dependsOn": sorted(set(roots))},
            *(
                {"ref": purl(packages[name]), "dependsOn": sorted(set(asked))}
                for name, asked in sorted(asks.items())
            ),
        ],
    }
    content = json.dumps(document, sort_keys=True)
    return {**document, "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, content)}"}


def main(arguments: list[str]) -> int:
    """Print it; 2 if the lock is none."""
    path = Path(arguments[0]) if arguments else IMAGE_LOCK
    try:
        document = bom(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 2
    print(json.dumps(document, indent=2, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
