"""`tagline decode`."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from pipeline.commands.chunks import chunks
from pipeline.commands.console import output
from pipeline.commands.pushed_server import pushed_server
from pipeline.commands.texts import lines_of
from pipeline.settings import Settings, SettingsError
from serving.client import TaggedSentence, Tagger, TaggerError
from serving.client.formats import to_conll, to_jsonl
from serving.server.process import ServerProcessError

FORMATS = ("text", "jsonl", "conll")
_CHUNK = 64
_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")


def decode(
    settings: Settings,
    *,
    texts: list[str],
    file: Path | None,
    output_format: str,
    target: str | None,
    model: str | None,
    timeout: float,
) -> None:
    """Print every text tagged, in the order given."""
    if output_format not in FORMATS:
        raise SettingsError(f"--format: found {output_format!r}; expected one of {', '.join(FORMATS)}")
    if bool(texts) == (file is not None):
        raise SettingsError("tagline decode: give either texts or --file")
    lines = iter(texts) if file is None else lines_of(file)
    console = output()
    try:
        with contextlib.ExitStack() as stack:
            if target is None:
                target, model = stack.enter_context(pushed_server(settings)), settings.name
            tagger = stack.enter_context(Tagger(target, model or settings.name, timeout=timeout))
            for batch in chunks(lines, _CHUNK):
                for sentence in tagger.tag(batch):
                    _show(console, sentence, output_format)
    except (ServerProcessError, TaggerError) as error:
        Console(stderr=True, highlight=False).print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)


def _show(console: Console, sentence: TaggedSentence, output_format: str) -> None:
    if output_format == "jsonl":
        print(to_jsonl(sentence))
    elif output_format == "conll":
        sys.stdout.write(to_conll(sentence))
    else:
        _show_to_people(console, sentence)


def _show_to_people(console: Console, sentence: TaggedSentence) -> None:
    """The text with its entities in colour, then each with offsets and confidence; tags for plain tags."""
    if not sentence.entities and any(token.tag != "O" for token in sentence.tokens):
        console.print("  ".join(f"{token.text}/{token.tag}" for token in sentence.tokens), markup=False)
        return
    labels = sorted({entity.label for entity in sentence.entities})
    colour = {label: _COLOURS[index % len(_COLOURS)] for index, label in enumerate(labels)}
    text = Text(sentence.text)
    for entity in sentence.entities:
        text.stylize(f"bold {colour[entity.label]}", entity.start, entity.end)
    console.print(text, soft_wrap=True)
    for entity in sentence.entities:
        line = Text(f"  {entity.start:>4}-{entity.end:<4} ")
        line.append(f"{entity.label:<6} ", style=colour[entity.label])
        line.append(f"{entity.confidence:.3f}  {entity.text}")
        console.print(line, soft_wrap=True)
    console.print(f"  [dim]probability of the whole reading {sentence.score:.3f}[/]")
