"""The command line: what can be asked for. What it takes to answer is imported inside each command.

Exit codes: 0 done; 1 something broke; 2 bad input; 3 a gate refused the model; 130 interrupted.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipeline import models_cli
from pipeline.options import Assignments, Config, Data
from pipeline.options import settings_of as _settings

app = typer.Typer(
    help="A TFX production line for sequence taggers: a tagged corpus in, a served BiLSTM-CRF out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(models_cli.app, name="models")


@app.command()
def run(
    config: Config = None,
    data: Data = None,
    assignments: Assignments = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the raw logs.")] = False,
) -> None:
    """Run the whole line: corpus to pushed model. Exit code 3 if a gate refuses the model."""
    from pipeline.commands.run import run

    run(_settings(config, data, assignments), verbose=verbose)


@app.command()
def check(
    data: Annotated[Path | None, typer.Argument(help="The corpus: a folder or a file.")] = None,
    config: Config = None,
    assignments: Assignments = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check a corpus, every finding with file and line. Exit code 2 if there are errors."""
    from pipeline.commands.check import check

    check(_settings(config, data, assignments), as_json=as_json)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
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
    from pipeline.commands.serve import serve

    serve(_settings(config, None, assignments), context.args, engine=engine)


@app.command()
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
    from pipeline.commands.demo import demo

    demo(_settings(config, None, assignments), port=port, open_browser=open_browser)


@app.command()
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
    from pipeline.commands.decode import decode, tls_of

    decode(
        _settings(config, None, assignments),
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


@app.command()
def predict(
    source: Annotated[Path, typer.Option("--input", "-i", help="A text a line (.txt), or a corpus file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to: .jsonl or .conll.")],
    version: Annotated[int | None, typer.Option(help="The pushed version; the latest without it.")] = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Tag a file in bulk by a pushed model, without a server."""
    from pipeline.commands.predict import predict

    predict(_settings(config, None, assignments), source=source, output=output, version=version)


@app.command()
def status(config: Config = None, assignments: Assignments = None) -> None:
    """The last run and the pushed versions."""
    from pipeline.commands.status import status

    status(_settings(config, None, assignments))


@app.command()
def report(
    config: Config = None,
    assignments: Assignments = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open it in a browser.")] = False,
) -> None:
    """Where the last run's report lies."""
    from pipeline.commands.report import report

    report(_settings(config, None, assignments), open_browser=open_browser)


@app.command(name="compile")
def compile_(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    target: Annotated[
        str, typer.Option(help="kubeflow: Argo YAML, which open-source Kubeflow takes.")
    ] = "kubeflow",
    config: Config = None,
    data: Data = None,
    assignments: Assignments = None,
) -> None:
    """Compile the pipeline for a cluster."""
    from pipeline.commands.compile import compile_pipeline

    compile_pipeline(_settings(config, data, assignments), target=target, output=output)


def main() -> None:
    """Entry point of the `tagline` command: errors of input are a message, not a traceback."""
    from corpus.errors import CorpusError
    from pipeline.settings import SettingsError

    try:
        app()
    except (CorpusError, SettingsError) as error:
        console = Console(stderr=True, highlight=False)
        console.print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
