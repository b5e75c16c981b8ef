"""`AsyncTagger` passes the tests of `Tagger`, and those of `asyncio_client`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving.client.taggers import IN_ASYNCIO

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.mark.parametrize(
    "files",
    [
        ("test_stream.py", "protocol/test_errors.py", "protocol/test_channel.py", "asyncio_client.py"),
        ("test_tagger.py",),
    ],
    ids=["scripted", "served"],
)
def test_in_asyncio(files):
    if os.environ.get(IN_ASYNCIO):
        pytest.skip("this is that process")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            *(str(HERE / name) for name in files),
        ],
        env={**os.environ, IN_ASYNCIO: "1"},
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout[-8000:]
