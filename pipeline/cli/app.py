"""The command line: all that can be asked for, and what becomes of errors. Each group of commands has its file.

Exit codes: 0 done; 1 something broke; 2 bad input; 3 a gate refused the model; 130 interrupted.
"""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.cli.cluster import commands as cluster
from pipeline.cli.line import commands as line
from pipeline.cli.models import commands as models
from pipeline.cli.serving import commands as serving

app = typer.Typer(
    help="A TFX production line for sequence taggers: a tagged corpus in, a served BiLSTM-CRF out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(models.app, name="models")
app.add_typer(cluster.app, name="cluster")
# In the order of the help.
app.command()(line.run)
app.command()(line.tune)
app.command()(line.check)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(serving.serve)
app.command()(serving.demo)
app.command()(serving.decode)
app.command()(serving.predict)
app.command()(line.status)
app.command()(line.report)
app.command()(line.tensorboard)
app.command(name="compile")(cluster.compile_)
app.command()(cluster.execute)
app.command()(cluster.submit)


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
