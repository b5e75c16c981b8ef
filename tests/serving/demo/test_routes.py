"""The demo page's routes on the REST port."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from serving.demo import STATIC
from serving.server.flags import ANY_FREE_PORT, Flags
from tests.serving.running import Running, running

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def address(exported: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    base = tmp_path_factory.mktemp("routes")
    shutil.copytree(exported["ORG"], base / "12")
    flags = Flags(
        model_base_path=str(base), model_name="tagger", port=0, rest_api_port=ANY_FREE_PORT, demo=True
    )
    with running(flags) as server:
        yield f"http://127.0.0.1:{server.rest_port}"


@pytest.mark.parametrize(
    ("path", "file", "kind"),
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/demo/page.js", "page.js", "text/javascript; charset=utf-8"),
        ("/demo/page.css", "page.css", "text/css; charset=utf-8"),
        ("/demo/icon.svg", "icon.svg", "image/svg+xml"),
    ],
)
def test_the_page_and_the_files_it_loads(address: str, path: str, file: str, kind: str) -> None:
    with urlopen(address + path) as response:
        assert response.read() == (STATIC / file).read_bytes()
        assert response.headers["Content-Type"] == kind
        assert response.headers["Cache-Control"] == "no-cache"
        tag = response.headers["ETag"]
    with pytest.raises(HTTPError) as again:
        urlopen(Request(address + path, headers={"If-None-Match": tag}))
    assert again.value.code == 304


def test_every_file_of_the_page_is_served_and_named_by_it() -> None:
    text = "".join(path.read_text() for path in STATIC.iterdir())
    for path in STATIC.iterdir():
        assert path.name in text or path.name == "index.html"
    for forbidden in ("http://", "https://", "//cdn", "innerHTML", "insertAdjacentHTML", "eval("):
        assert forbidden not in text.replace("http://www.w3.org/2000/svg", "")


def test_the_page_may_load_nothing_from_elsewhere(address: str) -> None:
    with urlopen(address) as response:
        policy = response.headers["Content-Security-Policy"].split("; ")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in policy
    assert {rule.split()[1] for rule in policy} == {"'self'", "'none'"}


def test_models_are_listed_with_versions_and_labels(address: str) -> None:
    with urlopen(f"{address}/demo/models.json") as response:
        listed = json.load(response)
    versions = [{"version": "12", "state": "AVAILABLE"}]
    assert listed == {"models": [{"name": "tagger", "labels": {}, "versions": versions}]}


def test_the_rest_api_is_unchanged(address: str) -> None:
    with urlopen(f"{address}/v1/models/tagger") as response:
        assert json.load(response)["model_version_status"][0]["version"] == "12"


@pytest.mark.parametrize("path", ["/demo/../secret", "/demo/", "/demo/__init__.py", "/index.html"])
def test_nothing_else_is_served(address: str, path: str) -> None:
    with pytest.raises(HTTPError) as error:
        urlopen(address + path)
    assert error.value.code == 404


def test_no_page_without_the_flag(server: Running) -> None:
    for path in ("/", "/demo/models.json"):
        with pytest.raises(HTTPError) as error:
            urlopen(f"http://127.0.0.1:{server.rest_port}{path}")
        assert error.value.code == 404
