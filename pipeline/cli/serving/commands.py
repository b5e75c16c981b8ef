"""The commands that put pushed models to use, declared; what it takes to answer is imported inside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Assignments, Config, settings_of


def serve(
    context: typer.Context,
    engine: Annotated[
        str, typer.Option(help="embedded, or tfserving: TensorFlow Serving's own program or container.")
    ] = "embedded",
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Serve the pushed models over gRPC and REST, until interrupted.

    Versions and labels are those of <models>/<name>/models.config, which `tagline models` changes while it runs.

    It is made where it is missing, and not looked at with --model_name, --model_base_path, --model_config_file.

    Every other option goes to the server as TensorFlow Serving knows it: --port 8500 --rest_api_port 8501 ...

    --engine tfserving starts tensorflow_model_server (TAGLINE_TFSERVING, or on the PATH), else its container.
    """
    from pipeline.cli.serving.serve import serve

    serve(settings_of(config, None, assignments), context.args, engine=engine)


def demo(
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="Port of the page; without it 8501, or a free one if that is taken."
        ),
    ] = None,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in a browser, where there is one.")
    ] = True,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Serve the pushed model with a page to try it on, until interrupted."""
    from pipeline.cli.serving.demo import demo

    demo(settings_of(config, None, assignments), port=port, open_browser=open_browser)


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
    model: Annotated[str | None, typer.Option(help="The model's name; the settings' own without it.")] = None,
    version: Annotated[int | None, typer.Option(help="The version to ask; the newest without it.")] = None,
    label: Annotated[
        str | None, typer.Option(help="Ask the version with this label at the target, such as stable.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Deadline of each request, in seconds.")] = 30.0,
    tls: Annotated[bool, typer.Option("--tls", help="Use TLS, and trust the system's authorities.")] = False,
    tls_ca: Annotated[
        Path | None, typer.Option(help="Use TLS, and trust the authorities in this PEM file.")
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="The client's own certificate, for servers that ask for one.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The key of --tls-cert.")] = None,
    tls_name: Annotated[
        str | None, typer.Option(help="The name in the server's certificate, if not the target's host.")
    ] = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Tag texts by a served model, over gRPC, and print the answers as they come."""
    from pipeline.cli.serving.decode import decode, tls_of

    decode(
        settings_of(config, None, assignments),
        texts=texts or [],
        file=file,
        output_format=output_format,
        target=target,
        model=model,
        version=version,
        label=label,
        timeout=timeout,
        tls=tls_of(use=tls, ca=tls_ca, certificate=tls_cert, key=tls_key, server_name=tls_name),
    )


def predict(
    source: Annotated[
        Path,
        typer.Option(
            "--input", "-i", help="A corpus file, a text a line (.txt), or a folder of them; .gz too."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="A folder for parts and manifest, or one file: .jsonl, .conll, .tfrecord."
        ),
    ],
    version: Annotated[int | None, typer.Option(help="The pushed version; the latest without it.")] = None,
    output_format: Annotated[
        str | None,
        typer.Option("--format", help="jsonl (which a folder gets without it), conll or tfrecord."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Parts made at a time; without it as the settings' beam says.")
    ] = None,
    shard_size: Annotated[
        int | None, typer.Option(min=1, help="Most sentences of a part; 5,000 without it.")
    ] = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Tag files in bulk by a pushed model, without a server.

    What was interrupted goes on where it stopped, by the same command.

    Where the input is tagged, the answers are scored against its tags.
    """
    from pipeline.cli.serving.predict import predict

    predict(
        settings_of(config, None, assignments),
        source=source,
        output=output,
        version=version,
        output_format=output_format,
        workers=workers,
        shard_size=shard_size,
    )
