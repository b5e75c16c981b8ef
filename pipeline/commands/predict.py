"""`tagline predict`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from corpus import read
from pipeline.commands.pushed_server import pushed_server
from pipeline.commands.texts import lines_of
from pipeline.settings import Settings, SettingsError
from serving.client import TaggedSentence, Tagger, TaggerError
from serving.client.formats import to_conll, to_jsonl
from serving.server.process import ServerProcessError


def predict(settings: Settings, *, source: Path, output: Path, version: int | None) -> None:
    """Tag every sentence of `source`; nothing is at `output` before all of it is there."""
    if output.suffix not in (".jsonl", ".conll"):
        raise SettingsError(f"--output {output}: expected a name that ends in .jsonl or .conll")
    if not source.is_file():
        raise SettingsError(
            f"--input {source}: no such file; expected a text a line (.txt), or a corpus file"
        )
    output.parent.mkdir(parents=True, exist_ok=True)
    draft = output.with_name(output.name + ".draft")
    console = Console(stderr=True, highlight=False)
    columns = (SpinnerColumn(), TextColumn("tagging"), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with (
            pushed_server(settings, version=version) as target,
            Tagger(target, settings.name, timeout=120.0) as tagger,
            draft.open("w", encoding="utf-8") as file,
            Progress(*columns, console=console, transient=True) as progress,
        ):
            task = progress.add_task("tagging", total=None)
            for sentence in _tagged(tagger, source, settings):
                file.write(to_conll(sentence) if output.suffix == ".conll" else to_jsonl(sentence) + "\n")
                progress.advance(task)
            done = int(progress.tasks[0].completed)
        os.replace(draft, output)
    except (ServerProcessError, TaggerError) as error:
        console.print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
    finally:
        draft.unlink(missing_ok=True)
    console.print(f"{done:,} sentences of {source} tagged: {output}", soft_wrap=True, markup=False)


def _tagged(tagger: Tagger, source: Path, settings: Settings) -> Iterator[TaggedSentence]:
    """Texts of a .txt file go to the model's own tokenizer; the tokens of a corpus file stay as they are."""
    if source.suffix == ".txt":
        return tagger.stream(lines_of(source))
    return tagger.stream_tokens(
        list(sentence.tokens) for _, sentence in read.sentences(source, settings.corpus)
    )
