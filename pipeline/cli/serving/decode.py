"""`tagline decode`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from pipeline.cli.console import output
from pipeline.cli.pushed_server import pushed_server
from pipeline.cli.serving.sentences import FORMATS, SentencePrinter
from pipeline.cli.serving.texts import is_typed, lines_of
from pipeline.settings import Settings, SettingsError
from serving.client import TLS, Tagger, TaggerError
from serving.server.process import ServerProcessError


def decode(
    settings: Settings,
    *,
    texts: list[str],
    file: Path | None,
    output_format: str,
    target: str | None,
    model: str | None,
    version: int | None,
    label: str | None,
    timeout: float,
    tls: TLS | bool,
) -> None:
    """Print every text tagged, in the order given, as the answers come."""
    if output_format not in FORMATS:
        raise SettingsError(f"--format: found {output_format!r}; expected one of {', '.join(FORMATS)}")
    if bool(texts) == (file is not None):
        raise SettingsError("tagline decode: give either texts or --file")
    if target is None and (label is not None or tls):
        raise SettingsError(
            f"{'--tls' if label is None else '--label'}: expected with --target; the server that is started "
            "without one has no labels, speaks plain text and serves the version that --version names"
        )
    lines: Iterable[str] = _checked(texts) if file is None else lines_of(file)
    printer = SentencePrinter(output(), output_format)
    # A person who types waits for each answer; whatever else reads or writes is better served in bulk.
    rows, in_flight = (1, 1) if is_typed(file) else (32, 8)
    try:
        with contextlib.ExitStack() as stack:
            if target is None:
                target, model = stack.enter_context(pushed_server(settings, version=version)), settings.name
            try:
                tagger = Tagger(
                    target,
                    model or settings.name,
                    version=version,
                    label=label,
                    timeout=timeout,
                    tls=tls,
                    batch_size=rows,
                )
            except ValueError as error:
                raise SettingsError(f"tagline decode: {error}") from error
            stack.enter_context(tagger)
            for sentence in stack.enter_context(
                contextlib.closing(tagger.stream(lines, in_flight=in_flight))
            ):
                printer.show(sentence)
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has had enough. Nothing is left to be written when Python closes what it has open.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (ServerProcessError, TaggerError) as error:
        Console(stderr=True, highlight=False).print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)


def tls_of(
    *, use: bool, ca: Path | None, certificate: Path | None, key: Path | None, server_name: str | None
) -> TLS | bool:
    """What the options of TLS ask for; any of them asks for TLS.

    Raises:
        SettingsError: a certificate without a key, or the other way round.
    """
    if ca is None and certificate is None and key is None and server_name is None:
        return use
    try:
        return TLS(ca, certificate, key, server_name)
    except ValueError as error:
        raise SettingsError("--tls-cert, --tls-key: expected both or neither") from error


def _checked(texts: list[str]) -> Iterator[str]:
    for number, text in enumerate(texts, start=1):
        # What the shell passed on and is no UTF-8 comes as lone surrogates.
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise SettingsError(
                f"text {number} {text!r}: not UTF-8; expected UTF-8, as the terminal's encoding"
            )
        yield text
