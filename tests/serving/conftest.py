"""One server for the tests of serving, and the mark of tests that need the embedded one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.server.flags import ANY_FREE_PORT, Flags
from tests.serving import tiny_model
from tests.serving.running import TFSERVING, Running, running


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "embedded: about the embedded server's inside, or what it alone has")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if TFSERVING and item.get_closest_marker("embedded"):
        pytest.skip(f"not run against {TFSERVING}: it is about the embedded server")


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """SavedModels by the label they answer with; copy them, do not serve them from here."""
    root = tmp_path_factory.mktemp("exported")
    tiny_model.export(root / "PER", "PER")
    tiny_model.export(root / "ORG", "ORG", signatures=("decode_text", "decode"))
    tiny_model.export(root / "NAME", "NAME", scheme="plain", signatures=("decode_text",))
    return {label: root / label for label in ("PER", "ORG", "NAME")}


@pytest.fixture(scope="session")
def server(exported: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of model `tagger`, version 7, that polls its folder once."""
    base = tmp_path_factory.mktemp("served")
    shutil.copytree(exported["PER"], base / "7")
    flags = Flags(
        model_base_path=str(base),
        model_name="tagger",
        port=0,
        rest_api_port=ANY_FREE_PORT,
        file_system_poll_wait_seconds=0,
    )
    with running(flags) as started:
        yield started
