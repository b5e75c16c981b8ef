"""`tagline convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from corpus.writing.convert import Conversion
from corpus.writing.convert import convert as convert_corpus
from corpus.writing.table import FORMS
from pipeline.cli.console import errors, output
from pipeline.cli.options import Assignments, Config, settings_of
from pipeline.settings import SettingsError
from tagging.notation import alphabet_named


def convert(
    data: Annotated[Path, typer.Argument(metavar="IN", help="The corpus: a folder or a file.")],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="A new folder for a folder, a new file for a file.")
    ],
    form: Annotated[str, typer.Option("--to", help=f"The form: {', '.join(FORMS)}.")],
    scheme: Annotated[
        str | None, typer.Option(help="The scheme of entity tags, where the form has tags; default: BIO.")
    ] = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Write a corpus in another form, and say what the form does not hold."""
    settings = settings_of(config, data, assignments)
    if form not in FORMS:
        raise SettingsError(f"--to: found {form}; expected one of {', '.join(FORMS)}")
    if scheme is not None and not FORMS[form].has_tags:
        raise SettingsError(f"--scheme: found {scheme}; expected none with --to {form}, which has no tags")
    try:
        scheme = scheme and alphabet_named(scheme)
    except ValueError as error:
        raise SettingsError(f"--scheme: {error}") from None
    with errors().status(f"converting {escape(str(data))}"):
        done = convert_corpus(settings.data, out, settings.corpus, form=form, scheme=scheme)
    _print(done, form)


def _print(done: Conversion, form: str) -> None:
    console = output()
    lines = [escape(line) for line in done.reading.told()]
    for path, count in done.files.items():
        lines.append(f"[green]wrote[/] {escape(str(path))}  {count:,} sentence{'s' * (count != 1)}")
    setting = FORMS[form].entity_tags
    if setting and not done.reading.notation.is_plain:
        lines.append(f"to read it: --set {setting}")
    lines += [f"[yellow]left out[/] {escape(file.path.name)}: {escape(file.why)}" for file in done.ignored]
    lines += [f"[yellow]lost:[/] {escape(line)}" for line in done.lost]
    for line in lines:
        console.print(line, soft_wrap=True)
