"""A minute of `python -m benchmarks.soak`: honest and hostile traffic, batching on, while the version changes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.docs.documents import ROOT
from tests.faults.conftest import Faults
from tests.serving import tiny_model


def test_a_minute_of_everything(tmp_path: Path, faults: Faults) -> None:
    tiny_model.export(tmp_path / "model", signatures=("decode", "decode_text", "decode_tokens"))
    command = [
        sys.executable,
        "-m",
        "benchmarks.soak",
        "--minutes",
        "1.2",
        "--model",
        str(tmp_path / "model"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    told = re.search(r"^wrong (\d+), lost (\d+)$", done.stdout, flags=re.MULTILINE)
    assert told, done.stdout + done.stderr[-2000:]
    faults.counts["wrong"] += int(told[1])
    faults.counts["lost"] += int(told[2])
    hostile = sum(
        int(count.replace(",", ""))
        for line in re.findall(r"^hostile .*$", done.stdout, flags=re.MULTILINE)
        for count in re.findall(r" ([\d,]*\d)(?:, |$)", line)
    )
    assert hostile > 100
    with faults.tried(hostile):
        assert done.returncode == 0, done.stdout
    assert "version changes 3, late 0" in done.stdout
