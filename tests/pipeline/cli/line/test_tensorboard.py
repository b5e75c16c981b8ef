"""`tagline tensorboard`: a real TensorBoard on the trainings of a pipeline."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from trainer.training.history import Epoch, History
from trainer.training.tensorboard import Events


def test_it_shows_the_trainings_until_interrupted(tmp_path: Path) -> None:
    epoch = Epoch(number=1, loss=8.0, dev_score=0.25, learning_rate=0.5, seconds=1.0, tokens_per_second=10.0)
    for number in (7, 19):
        folder = tmp_path / "runs" / "tagger" / "artifacts" / "Trainer" / "model_run" / str(number)
        with Events(str(folder)) as events:
            events.write(History("entity_f1_strict", (epoch,)))
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                Path(sys.executable).with_name("tagline"), "tensorboard", "--port", "0",
                "--set", f"pipeline.root={tmp_path}/runs",
            ],
            stdout=out,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while not (found := re.search(r"http://localhost:\d+/", log.read_text(errors="replace"))):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        shown: dict[str, object] = {}
        while set(shown) != {"7", "19"}:
            assert time.monotonic() < deadline, shown
            with urllib.request.urlopen(f"{found[0]}data/plugin/scalars/tags") as answer:
                shown = json.load(answer)
            time.sleep(0.1)
        assert set(shown["7"]) >= {"loss", "dev/entity_f1_strict", "learning_rate", "tokens_per_second"}  # type: ignore[call-overload]
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in log.read_text()
