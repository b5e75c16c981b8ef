"""What a person sees of a run, out of the records that a run logs."""

from __future__ import annotations

import importlib.metadata
import io
import logging
from collections.abc import Callable, Iterator

import pytest
from rich.console import Console

from pipeline.runs import progress as module
from pipeline.runs.progress import DOING, Progress, log_to_file

# Progress goes by messages, not by loggers; absl's own logger has a level of its own once TFX is imported.
RUNNER = logging.getLogger("runner")
WORDS = {"CorpusGen": "10 sentences", "Trainer": "F1 0.5 [on dev]", "Broken": ""}


class Seen:
    """A progress on a console of text, fed by a logger of its own."""

    def __init__(self, describe: Callable[[str], str] = WORDS.__getitem__, terminal: bool = False) -> None:
        self._text = io.StringIO()
        console = Console(file=self._text, force_terminal=terminal, width=200, color_system=None)
        self.progress = Progress(console, describe)

    def text(self) -> str:
        return self._text.getvalue()


@pytest.fixture
def seen() -> Iterator[Seen]:
    found = Seen()
    with listening(found):
        yield found


class listening:
    """The root logger hears of everything at INFO, as in a run."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def __enter__(self) -> None:
        self._level = logging.root.level
        logging.root.setLevel(logging.INFO)
        logging.root.addHandler(self._seen.progress)

    def __exit__(self, *_: object) -> None:
        logging.root.removeHandler(self._seen.progress)
        logging.root.setLevel(self._level)


def starts(component: str) -> None:
    RUNNER.info("Component %s is running.", component)


def ends(component: str) -> None:
    RUNNER.info("Component %s is finished.", component)


def cached() -> None:
    RUNNER.info("A cached execution %d is used.", 7)


def test_a_component_begins_and_ends_in_a_line_each(seen: Seen) -> None:
    starts("CorpusGen")
    ends("CorpusGen")
    first, second = seen.text().splitlines()
    assert first.split() == ["CorpusGen", "reading", "the", "corpus", "..."]
    assert second.startswith("✓ CorpusGen         10 sentences")
    assert second.endswith(" s")
    assert set(seen.progress.seconds) == {"CorpusGen"}
    assert seen.progress.seconds["CorpusGen"] >= 0
    assert seen.progress.cached == []


def test_cached_components_are_marked(seen: Seen) -> None:
    starts("CorpusGen")
    cached()
    ends("CorpusGen")
    starts("Trainer")
    ends("Trainer")
    assert "10 sentences  cached" in seen.text()
    assert seen.progress.cached == ["CorpusGen"]


def test_brackets_in_words_are_shown(seen: Seen) -> None:
    starts("Trainer")
    logging.getLogger("tagline.trainer").info("epoch 1 [bold]")
    ends("Trainer")
    assert "epoch 1 [bold]" in seen.text()
    assert "F1 0.5 [on dev]" in seen.text()


@pytest.mark.parametrize(
    ("name", "level", "shown"),
    [
        ("tagline.trainer", logging.INFO, True),
        ("tagline.pusher", logging.INFO, False),
        ("tagline.pusher", logging.WARNING, True),
        ("tagline.trainer", logging.DEBUG, False),
        ("tagline", logging.ERROR, False),  # tracebacks, for the log file
        ("absl", logging.ERROR, False),
        ("apache_beam", logging.WARNING, False),
    ],
)
def test_which_loggers_are_shown(seen: Seen, name: str, level: int, shown: bool) -> None:
    logging.getLogger(name).log(level, "something %s", "happened")
    assert ("something happened" in seen.text()) == shown


def test_a_component_that_cannot_be_described_does_not_stop_the_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen = Seen({}.__getitem__)
    with listening(seen):
        starts("CorpusGen")
        ends("CorpusGen")
        starts("Trainer")
    assert "✓ CorpusGen" in seen.text()
    assert "Trainer" in seen.text()
    # The log has the reason.
    assert "KeyError" in caplog.text


def test_a_failed_component_is_marked(seen: Seen) -> None:
    starts("Trainer")
    assert seen.progress.fail() == "Trainer"
    assert "✗ Trainer           stopped" in seen.text()
    assert seen.progress.seconds == {}


def test_a_failure_between_components_names_none(seen: Seen) -> None:
    assert seen.progress.fail() == ""
    starts("Trainer")
    ends("Trainer")
    assert seen.progress.fail() == ""
    assert "stopped" not in seen.text()


def test_on_a_terminal_the_running_component_is_a_status_line() -> None:
    seen = Seen(terminal=True)
    with listening(seen):
        starts("CorpusGen")
        ends("CorpusGen")
        starts("Trainer")
        seen.progress.fail()
    assert "reading the corpus" in seen.text()
    assert "✓ CorpusGen" in seen.text()
    assert seen.progress._status is None


def test_the_runner_still_logs_the_expected_messages() -> None:
    files = importlib.metadata.files("tfx")
    assert files is not None
    texts = [
        file.read_text()
        for file in files
        if str(file).endswith(("local/local_dag_runner.py", "portable/launcher.py"))
    ]
    assert len(texts) == 2
    for phrase in (module._STARTS, module._ENDS, module._CACHED):
        assert any(f"'{phrase}'" in text for text in texts), phrase


def test_every_component_is_introduced() -> None:
    from pipeline.runs.outcome import _DESCRIPTIONS

    assert set(_DESCRIPTIONS) <= set(DOING)


def test_the_log_file_holds_every_record(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "logs" / "run.log"
    handler = log_to_file(path)
    logger = logging.getLogger("tagline.somewhere")
    logger.addHandler(handler)
    try:
        logger.warning("größer als %d", 3)
    finally:
        logger.removeHandler(handler)
        handler.close()
    assert path.read_text(encoding="utf-8").endswith("WARNING tagline.somewhere: größer als 3\n")
