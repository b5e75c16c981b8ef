"""The licences of the installed packages, and the known vulnerabilities of the locked ones: `make audit`.

Exit status 0: no vulnerability is known; 1: some are; 3: offline, the database did not answer.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import urllib.request
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Takes names and versions, and answers with the ids of advisories: https://google.github.io/osv.dev/post-v1-querybatch
DATABASE = "https://api.osv.dev/v1/querybatch"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_SECONDS = 30
FOUND, OFFLINE = 1, 3


def main() -> int:
    """Print both lists; return the exit status."""
    parser = argparse.ArgumentParser(prog="python setup/audit.py", description=__doc__)
    parser.add_argument("--database", default=DATABASE, help="URL that answers as OSV's querybatch does")
    options = parser.parse_args()
    licences = licences_of(bill_of_materials())
    for licence, packages in sorted(licences.items()):
        print(f"{licence or 'no licence stated'}: {', '.join(sorted(packages))}")
    locked = dict(_PINNED.findall((ROOT / "requirements.lock").read_text(encoding="utf-8")))
    try:
        found = vulnerabilities(locked, options.database)
    except OSError as error:
        print(f"offline: {options.database} did not answer ({error}); vulnerabilities were not looked up")
        return OFFLINE
    for package, ids in sorted(found.items()):
        print(f"{package} {locked[package]}: {', '.join(f'https://osv.dev/{each}' for each in ids)}")
    print(f"{len(locked)} locked packages, {len(found)} with known vulnerabilities")
    return FOUND if found else 0


def bill_of_materials() -> Mapping[str, list[dict]]:
    """Describe the installed packages, in CycloneDX's form."""
    command = ["cyclonedx_py", "environment", "--output-format", "JSON", "--no-validate"]
    done = subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True)
    bill: Mapping[str, list[dict]] = json.loads(done.stdout)
    return bill


def licences_of(bill: Mapping[str, list[dict]]) -> dict[str, list[str]]:
    """List the packages of each licence; "" has those that state none."""
    packages = defaultdict(list)
    for component in bill["components"]:
        stated = [
            entry.get("expression") or entry["license"].get("id") or entry["license"]["name"]
            for entry in component.get("licenses", ())
        ]
        # Some packages have the text of the licence where its name belongs.
        names = sorted({name.strip().splitlines()[0] for name in stated if name.strip()})
        packages[" / ".join(names)].append(component["name"])
    return dict(packages)


def vulnerabilities(locked: Mapping[str, str], database: str) -> dict[str, list[str]]:
    """Look up the ids of the advisories for each package, by its version.

    Raises:
        OSError: the database did not answer, or with an error.
    """
    queries = [
        {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
        for name, version in locked.items()
    ]
    body = json.dumps({"queries": queries}).encode()
    request = urllib.request.Request(database, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        results = json.load(answer)["results"]
    return {
        name: [each["id"] for each in result["vulns"]]
        for name, result in zip(locked, results, strict=True)
        if result.get("vulns")
    }


if __name__ == "__main__":
    sys.exit(main())
