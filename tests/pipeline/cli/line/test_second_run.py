"""A second run of a pipeline that is running is refused before TFX and TensorFlow are imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SECOND = """
import sys
from pathlib import Path
from pipeline.cli import app
from pipeline.cli.line import following
from pipeline.runs.run_lock import run_lock
command, root, look_first = sys.argv[1:4]
if look_first == "no":
    following.require_not_running = lambda folder: None
sys.argv = ["tagline", command, *sys.argv[4:], "--set", f"pipeline.root={root}"]
with run_lock(Path(root, "tiny")):
    try:
        app.main()
    finally:
        print("imported:", [name for name in ("tensorflow", "tfx") if name in sys.modules])
"""


@pytest.mark.parametrize("command", ["run", "tune"])
@pytest.mark.parametrize("look_first", ["yes", "no"], ids=["at its start", "after the check of the corpus"])
def test_a_second_run_is_refused_at_once(tmp_path: Path, command: str, look_first: str) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for split in ("train", "dev", "test"):
        (corpus / f"{split}.conll").write_text(f"{split}\tB-PER\nsings\tO\n\n" * 3)
    assignments = (f"data={corpus}", "name=tiny", f"serving.models={tmp_path / 'models'}")
    options = [part for assignment in assignments for part in ("--set", assignment)]
    done = subprocess.run(
        [sys.executable, "-c", SECOND, command, str(tmp_path / "runs"), look_first, *options],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert "this pipeline is running in process" in line
    assert "wait for it, or give this run another --set name=NAME" in line
    assert "imported: []" in done.stdout
