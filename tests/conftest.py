"""A browser for the tests of pages, and names of tests that do not change from run to run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from serving.screenshots import BROWSERS


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.fail(
            f"no browser to test pages in: found none of {', '.join(BROWSERS)} on the PATH; install one, by "
            "`apt-get install chromium`, say"
        )
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a test by the length of its bytes: a header may hold the time, and the names must not change."""
    return f"{argname}-{len(val)}-bytes" if isinstance(val, bytes) and len(val) > 20 else None
