"""One server for the tests of serving, and the mark of tests that need the embedded one."""

from __future__ import annotations

import pytest

from tests.serving.running import TFSERVING
from tests.serving.served import exported, server

__all__ = ["exported", "server"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "embedded: about the embedded server's inside, or what it alone has")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if TFSERVING and item.get_closest_marker("embedded"):
        pytest.skip(f"not run against {TFSERVING}: it is about the embedded server")
