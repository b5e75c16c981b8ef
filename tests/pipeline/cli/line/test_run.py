"""What `tagline run` prints about the pushed model."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from pipeline.cli.line.run import _print_pushed
from pipeline.runs.outcome import Outcome
from pipeline.settings import Serving, Settings

PUSHED = Outcome(
    run_id="r", seconds={}, cached=[], came_out={}, pushed_to="/models/tagger/1", duplicate=False, refusals=[],
    report="", log="",
)  # fmt: skip
REFUSED = msgspec.structs.replace(PUSHED, refusals=["ModelGate did not bless it: [x] too low"])
NOTHING_TO_FORCE = "there was nothing to force"
NOT_FORCED = "nothing was forced, and the reason is not recorded"


@pytest.mark.parametrize(
    ("outcome", "force", "expected", "absent"),
    [
        (PUSHED, "", ["pushed  /models/tagger/1"], ["force", "refused"]),
        (PUSHED, "so", [NOTHING_TO_FORCE, "pushed  /models/tagger/1"], ["against the verdict"]),
        (
            msgspec.structs.replace(REFUSED, forced="[b] so"),
            "[b] so",
            [
                "refused ModelGate did not bless it: [x] too low",
                "the manifest keeps the reason: [b] so",
                "forced  /models/tagger/1",
            ],
            [NOT_FORCED],
        ),
        (
            msgspec.structs.replace(REFUSED, duplicate=True),
            "so",
            ["too low", NOT_FORCED, "in place already"],
            ["against the verdict", NOTHING_TO_FORCE],
        ),
    ],
    ids=["pushed", "nothing to force", "forced", "in place"],
)
def test_what_force_bless_did_is_printed(
    tmp_path: Path, outcome: Outcome, force: str, expected: list[str], absent: list[str]
) -> None:
    text = io.StringIO()
    settings = Settings(serving=Serving(models=str(tmp_path)))
    _print_pushed(Console(file=text, width=120), settings, outcome, force)
    printed = text.getvalue()
    assert all(words in printed for words in expected), printed
    assert not any(words in printed for words in absent), printed
