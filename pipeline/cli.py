"""The command line: all that can be asked for, and what becomes of errors. Each group of commands has its file.

Exit codes: 0 done; 1 something broke; 2 bad input; 3 a gate refused the model; 130 interrupted.
"""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.markup import escape

from pipeline import cluster_cli, line_cli, models_cli, serving_cli

app = typer.Typer(
    help="A TFX production line for sequence taggers: a tagged corpus in, a served BiLSTM-CRF out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(models_cli.app, name="models")
app.add_typer(cluster_cli.app, name="cluster")
# In the order of the help.
app.command()(line_cli.run)
app.command()(line_cli.tune)
app.command()(line_cli.check)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(serving_cli.serve)
app.command()(serving_cli.demo)
app.command()(serving_cli.decode)
app.command()(serving_cli.predict)
app.command()(line_cli.status)
app.command()(line_cli.report)
app.command()(line_cli.tensorboard)
app.command(name="compile")(cluster_cli.compile_)
app.command()(cluster_cli.execute)
app.command()(cluster_cli.submit)


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
