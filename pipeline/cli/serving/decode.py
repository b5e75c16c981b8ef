"""`tagline decode`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.console import output, print_error
from pipeline.cli.exit_codes import BROKEN
from pipeline.cli.options import (
    Assignments,
    Config,
    Tls,
    TlsCa,
    TlsCert,
    TlsKey,
    TlsName,
    Wait,
    settings_of,
    tls_of,
)
from pipeline.cli.pushed_server import pushed_server
from pipeline.cli.serving.texts import is_typed, lines_of
from pipeline.settings import SettingsError
from serving.server.process import ServerProcessError

if TYPE_CHECKING:
    from serving.client import Tagger

FORMATS = ("text", "jsonl", "conll")


def decode(
    texts: Annotated[list[str] | None, typer.Argument(help="Texts to tag.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Tag every line of a file; - is stdin.")
    ] = None,
    output_format: Annotated[
        str, typer.Option("--format", help="text (for people), jsonl or conll.")
    ] = "text",
    target: Annotated[
        str | None,
        typer.Option(
            help="host:port of a TensorFlow Serving or `tagline serve`; without it a server is started."
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The model's name; default: that of the settings.")
    ] = None,
    version: Annotated[int | None, typer.Option(help="The version to use; default: the newest.")] = None,
    label: Annotated[
        str | None, typer.Option(help="Use the version with this label at the target, such as stable.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Deadline of each request, in seconds.")] = 30.0,
    wait: Wait = None,
    tls: Tls = False,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_name: TlsName = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Tag texts by a served model, over gRPC, and print the answers as they come."""
    settings = settings_of(config, None, assignments)
    security = tls_of(tls, tls_ca, tls_cert, tls_key, tls_name)
    if output_format not in FORMATS:
        raise SettingsError(f"--format: found {output_format!r}; expected one of {', '.join(FORMATS)}")
    if bool(texts) == (file is not None):
        raise SettingsError("tagline decode: give either texts or --file")
    if target is None and (label is not None or security):
        raise SettingsError(
            f"{'--tls' if label is None else '--label'}: expected with --target; the server that is started "
            "without one has no labels, speaks plain text and serves the version that --version names"
        )
    if target is not None and wait is not None:
        raise SettingsError("--wait: expected without --target; --timeout limits each request to a target")
    from serving.client import Tagger

    server = (
        pushed_server(settings, version=version, wait=wait)
        if target is None
        else contextlib.nullcontext(target)
    )
    name = settings.name if target is None else model or settings.name

    def connect(host: str, rows: int) -> Tagger:
        return Tagger(
            host, name, version=version, label=label, timeout=timeout, tls=security, batch_size=rows
        )

    _print_tagged(texts or [], file, output_format, server, connect)


def _print_tagged(
    texts: list[str],
    file: Path | None,
    output_format: str,
    server: contextlib.AbstractContextManager[str],
    connect: Callable[[str, int], Tagger],
) -> None:
    """Print every text tagged, in the order given, as the answers come.

    Args:
        texts: what to tag, where `file` is None.
        file: its lines are tagged.
        output_format: one of `FORMATS`.
        server: gives `host:port`.
        connect: makes a client of `host:port` and the texts in a request.
    """
    from pipeline.cli.serving.sentences import SentencePrinter
    from serving.client import TaggerError

    lines: Iterable[str] = _checked(texts) if file is None else lines_of(file)
    printer = SentencePrinter(output(), output_format)
    # A person who types waits for each answer; whatever else reads or writes is better served in bulk.
    rows, in_flight = (1, 1) if is_typed(file) else (32, 8)
    try:
        with contextlib.ExitStack() as stack:
            host = stack.enter_context(server)
            try:
                tagger = connect(host, rows)
            except ValueError as error:
                raise SettingsError(f"tagline decode: {error}") from error
            stack.enter_context(tagger)
            answers = stack.enter_context(contextlib.closing(tagger.stream(lines, in_flight=in_flight)))
            for sentence in answers:
                printer.show(sentence)
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader has closed the pipe. Nothing is left to be written when Python closes what it has open.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BROKEN)
    except (ServerProcessError, TaggerError) as error:
        print_error(error)
        sys.exit(BROKEN)


def _checked(texts: list[str]) -> Iterator[str]:
    for number, text in enumerate(texts, start=1):
        # Bytes of the command line that are not UTF-8 arrive as lone surrogates.
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise SettingsError(
                f"text {number} {text!r}: not UTF-8; expected UTF-8, as the terminal's encoding"
            )
        yield text
