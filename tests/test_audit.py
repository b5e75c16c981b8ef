"""`make audit`, with a database of its own: what is found, and that no answer is told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


class _Database(BaseHTTPRequestHandler):
    """Knows one vulnerability, of jinja2."""

    def do_POST(self) -> None:
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        known = {"jinja2": {"vulns": [{"id": "GHSA-1"}]}}
        body = json.dumps(
            {"results": [known.get(query["package"]["name"], {}) for query in queries]}
        ).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def database() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Database)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def audit(database: str) -> tuple[int, str]:
    command = [sys.executable, "setup/audit.py", "--database", database]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    return done.returncode, done.stdout + done.stderr


def test_vulnerabilities_and_licences_are_listed(database: str) -> None:
    status, printed = audit(database)
    assert status == 1
    assert "https://osv.dev/GHSA-1" in printed
    assert "1 with known vulnerabilities" in printed
    assert re.search("^MIT: .*PyYAML", printed, flags=re.MULTILINE)


def test_no_answer_is_told(database: str) -> None:
    status, printed = audit("http://127.0.0.1:9/")
    assert status == 3
    assert "offline: http://127.0.0.1:9/ did not answer" in printed


def test_make_runs_it() -> None:
    shown = subprocess.run(
        ["make", "-n", "audit"], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout
    assert "setup/audit.py" in shown
