"""The command line: what can be asked for. What it takes to answer is imported inside each command.

Exit codes: 0 done; 1 something broke; 2 bad input; 3 a gate refused the model; 130 interrupted.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape

from pipeline import cluster_cli, models_cli
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
app.add_typer(cluster_cli.app, name="cluster")


@app.command()
def run(
    config: Config = None,
    data: Data = None,
    assignments: Assignments = None,
    force_bless: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help="Push a model that ModelGate refuses; its manifest keeps the reason. Never one that "
            "does not answer as it should.",
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the raw logs.")] = False,
) -> None:
    """Run the whole line: corpus to pushed model. Exit code 3 if a gate refuses the model."""
    from pipeline.commands.run import run

    run(_settings(config, data, assignments), verbose=verbose, force_bless=force_bless)


@app.command()
def tune(
    trials: Annotated[
        int | None,
        typer.Option(
            min=1, help="Trainings at most; without it as tuning.trials says: a round of hyperband, or 20."
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Epochs of the longest training; trainer.epochs without it.")
    ] = None,
    algorithm: Annotated[
        Literal["hyperband", "bayesian", "random"] | None,
        typer.Option(help="How settings are chosen; tuning.algorithm without it."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write; runs/<name>/tuned.yaml without it."),
    ] = None,
    config: Config = None,
    data: Data = None,
    assignments: Assignments = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the raw logs.")] = False,
) -> None:
    """Search for better settings of the training, and write the best to a file that `run --config` takes.

    What is tried stands in the settings, below tuning.space; scores are those of the dev split.

    The same command again, after an interruption or to the end, trains no trial twice; more --trials go on from there.
    """
    from pipeline.commands.tune import tune

    given = {"trials": trials, "epochs": epochs, "algorithm": algorithm}
    extra = [f"tuning.{name}={value}" for name, value in given.items() if value is not None]
    settings = _settings(config, data, [*(assignments or []), *extra])
    tune(settings, config=config, output_file=output, verbose=verbose)


@app.command()
def check(
    data: Annotated[Path | None, typer.Argument(help="The corpus: a folder or a file.")] = None,
    config: Config = None,
    assignments: Assignments = None,
    output_format: Annotated[
        str, typer.Option("--format", help="text (for people), json, or sarif (for code hosts).")
    ] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Show all findings listed, not the first few of a kind.")
    ] = False,
    fix: Annotated[
        Path | None,
        typer.Option(
            help="Write a repaired copy into this folder, with changes.diff; tell what is left in it."
        ),
    ] = None,
) -> None:
    """Check a corpus, every finding with file and line. Exit code 2 if there are errors."""
    from pipeline.commands.check import check

    check(
        _settings(config, data, assignments),
        output_format="json" if as_json else output_format,
        everything=everything,
        fix=fix,
    )


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
        int | None, typer.Option(min=1, help="Parts made at a time; without it as pipeline.beam_args say.")
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
    from pipeline.commands.predict import predict

    predict(
        _settings(config, None, assignments),
        source=source,
        output=output,
        version=version,
        output_format=output_format,
        workers=workers,
        shard_size=shard_size,
    )


@app.command()
def status(config: Config = None, assignments: Assignments = None) -> None:
    """The last run and the pushed versions."""
    from pipeline.commands.status import status

    status(_settings(config, None, assignments))


@app.command()
def report(
    all_runs: Annotated[
        bool, typer.Option("--list", help="All runs: data, scores, what became of each.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --list: as JSON.")] = False,
    compared: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--compare",
            metavar="RUN1 RUN2",
            help="Two runs side by side, as a page: ids or their beginnings, versions, last, previous.",
        ),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open it in a browser.")] = False,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Where the last run's report lies; or a list of all runs; or a page about two of them."""
    from pipeline.commands.report import report

    report(
        _settings(config, None, assignments),
        open_browser=open_browser,
        all_runs=all_runs,
        as_json=as_json,
        compared=compared,
    )


@app.command()
def tensorboard(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 takes a free one.")] = 6006,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "localhost",
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Show the curves of all trainings in TensorBoard, until interrupted."""
    from pipeline.commands.tensorboard import tensorboard

    tensorboard(_settings(config, None, assignments), port=port, host=host)


@app.command(name="compile")
def compile_(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    target: Annotated[
        str,
        typer.Option(
            help="kubeflow: Argo YAML, which open-source Kubeflow takes; kubeflow-v2: a pipeline spec 2.1, JSON or "
            "(by the file's name) YAML; vertex: the same for Vertex AI; tfjob: what the Trainer's step on "
            "kubeflow asks the training operator for with trainer.workers of 2 or more."
        ),
    ] = "kubeflow",
    config: Config = None,
    data: Data = None,
    assignments: Assignments = None,
) -> None:
    """Compile the pipeline for a cluster."""
    from pipeline.commands.compile import compile_pipeline

    compile_pipeline(_settings(config, data, assignments), target=target, output=output)


@app.command()
def execute(
    spec: Annotated[Path, typer.Option(help="What `compile --target kubeflow-v2` wrote.")],
    work: Annotated[
        Path | None,
        typer.Option(help="Logs, and what is done so far; build/execute/<pipeline> without it."),
    ] = None,
    mount: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=DIR", help="A folder of this machine for a volume, or a bucket, of the cluster."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Steps side by side.")] = 2,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin a new run in the same --work.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the copy of the code that steps import.")
    ] = False,
) -> None:
    """Run a compiled pipeline without a cluster: each step a process, with the command its container would have.

    A step sees the environment that the spec sets, and a read-only copy of the code; --mount /tagline=DIR puts
    DIR for /tagline wherever a parameter or an argument names a path below it.

    The same command again goes on after the last finished step. Exit code 3 if a gate refuses the model.
    """
    from pipeline.commands.execute import execute

    execute(spec=spec, work=work, mounts=mount or [], jobs=jobs, fresh=fresh, keep=keep)


@app.command()
def submit(
    host: Annotated[
        str | None, typer.Option(help="Kubeflow Pipelines' API; kubeflow.host without it.")
    ] = None,
    namespace: Annotated[str | None, typer.Option(help="Of the run; kubeflow.namespace without it.")] = None,
    experiment: Annotated[
        str | None, typer.Option(help="That the run is listed under; kubeflow.experiment without it.")
    ] = None,
    cron: Annotated[
        str | None,
        typer.Option(help="Run on a schedule: minute hour day month weekday, such as '0 3 * * 1'."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show the steps until the run has ended.")] = False,
    poll: Annotated[float, typer.Option(min=0.1, help="With --wait: seconds between two looks.")] = 10.0,
    config: Config = None,
    data: Data = None,
    assignments: Assignments = None,
) -> None:
    """Compile for Kubeflow and run it there. Exit code 1 if it fails, or no cluster answers."""
    from pipeline.commands.submit import submit

    submit(
        _settings(config, data, assignments),
        host=host,
        namespace=namespace,
        experiment=experiment,
        cron=cron,
        wait=wait,
        poll_seconds=poll,
    )


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
