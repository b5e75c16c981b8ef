"""The command line: what can be asked for. What it takes to answer is imported inside each command.

Exit codes: 0 done; 1 something broke; 2 bad input; 3 a gate refused the model; 130 interrupted.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from pipeline.settings import Settings

app = typer.Typer(
    help="A TFX production line for sequence taggers: a tagged corpus in, a served BiLSTM-CRF out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Settings of a task; the rest is configs/default.yaml."),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="KEY=VALUE", help="Override a setting, such as trainer.epochs=3."),
]
Data = Annotated[Path | None, typer.Option("--data", "-d", help="The corpus: a folder or a file.")]


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
def serve(context: typer.Context, config: Config = None, assignments: Assignments = None) -> None:
    """Serve the pushed models over gRPC and REST, until interrupted.

    Every other option goes to the server as TensorFlow Serving knows it: --port 8500 --rest_api_port 8501 ...
    """
    from pipeline.commands.serve import serve

    serve(_settings(config, None, assignments), context.args)


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
    timeout: Annotated[float, typer.Option(help="Deadline of each request, in seconds.")] = 30.0,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Tag texts by a served model, over gRPC."""
    from pipeline.commands.decode import decode

    decode(
        _settings(config, None, assignments),
        texts=texts or [],
        file=file,
        output_format=output_format,
        target=target,
        model=model,
        timeout=timeout,
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


def _settings(config: Path | None, data: Path | None, assignments: list[str] | None) -> Settings:
    from pipeline import settings

    # Quoted, since a path is no YAML: `corpora/#1` would lose its end.
    extra = [f"data={json.dumps(str(data), ensure_ascii=False)}"] if data is not None else []
    return settings.load(config=config, assignments=[*(assignments or []), *extra])


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
