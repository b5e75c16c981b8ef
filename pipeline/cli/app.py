"""The `tagline` command line: every command is a function in a file of its own, registered here.

Exit codes: 0 done; 1 something broke; 2 bad input; 3 a gate refused the model; 130 interrupted.
"""

from __future__ import annotations

import sys

import typer

from pipeline.cli.cluster.check import check as cluster_check
from pipeline.cli.cluster.compile import compile_
from pipeline.cli.cluster.execute import execute
from pipeline.cli.cluster.submit import submit
from pipeline.cli.console import print_error
from pipeline.cli.exit_codes import BAD_INPUT
from pipeline.cli.line.check import check
from pipeline.cli.line.convert import convert
from pipeline.cli.line.doctor import doctor
from pipeline.cli.line.report import report
from pipeline.cli.line.run import run
from pipeline.cli.line.status import status
from pipeline.cli.line.tensorboard import tensorboard
from pipeline.cli.line.tune import tune
from pipeline.cli.models import labels
from pipeline.cli.models.config import config
from pipeline.cli.models.history import history
from pipeline.cli.models.overview import overview
from pipeline.cli.models.sign import sign
from pipeline.cli.models.verify import verify
from pipeline.cli.serving.decode import decode
from pipeline.cli.serving.demo import demo
from pipeline.cli.serving.predict import predict
from pipeline.cli.serving.serve import serve

app = typer.Typer(
    help="A TFX production line for sequence taggers: a tagged corpus in, a served BiLSTM-CRF out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

models = typer.Typer(
    help="The pushed versions and their labels; without a command it lists them.\n\n"
    "Until a label is set, servers take the newest version as soon as it is pushed. From the first promote on, a "
    "pushed version waits: it is loaded when it is promoted or made the canary. `tagline models follow` goes back.",
    rich_markup_mode="rich",
)
models.callback(invoke_without_command=True)(overview)
for command in (labels.promote, labels.canary, labels.uncanary, labels.rollback, labels.follow):
    models.command()(command)
models.command()(history)
models.command()(verify)
models.command()(sign)
models.command()(config)
app.add_typer(models, name="models")

cluster = typer.Typer(help="The cluster that `tagline submit` goes to.", no_args_is_help=True)
# With a single command and no callback, typer would make `tagline cluster` that command.
cluster.callback()(lambda: None)
cluster.command()(cluster_check)
app.add_typer(cluster, name="cluster")

# In the order of the help.
app.command()(run)
app.command()(tune)
app.command()(check)
app.command()(convert)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(serve)
app.command()(demo)
app.command()(decode)
app.command()(predict)
app.command()(status)
app.command()(doctor)
app.command()(report)
app.command()(tensorboard)
app.command(name="compile")(compile_)
app.command()(execute)
app.command()(submit)


def main() -> None:
    """Run the `tagline` command: errors of input are a message, not a traceback."""
    from corpus.errors import CorpusError
    from pipeline.settings import SettingsError

    try:
        app()
    except (CorpusError, SettingsError) as error:
        print_error(error)
        sys.exit(BAD_INPUT)


if __name__ == "__main__":
    main()
