"""The command `printroom`: one file per verb, joined here.

    arguments -> exit status     0 done, 1 failed, 2 wrong usage, 128 + n stopped by signal n

Errors that end a command are one sentence on stderr; a reader that goes away is not an error.
"""

from __future__ import annotations

import sys

import typer

from printroom.cli.accounts import accounts
from printroom.cli.backup import backup, restore
from printroom.cli.bench import bench
from printroom.cli.collections import collections
from printroom.cli.doctor import doctor
from printroom.cli.enhance import enhance
from printroom.cli.inspect import inspect
from printroom.cli.keys import keys
from printroom.cli.market import market
from printroom.cli.metrics import metrics
from printroom.cli.models import models
from printroom.cli.mount import mount
from printroom.cli.people import people
from printroom.cli.pipelines import pipelines
from printroom.cli.push import push  # noqa: F401  a verb of `models`
from printroom.cli.resident import resident  # noqa: F401  a verb of `models`
from printroom.cli.run import OWN_WORDS, run
from printroom.cli.runs import runs
from printroom.cli.serve import serve
from printroom.cli.signing import signing
from printroom.cli.steps import steps
from printroom.cli.stores import stores
from printroom.cli.train import train
from printroom.cli.usage import usage
from printroom.cli.verify import verify
from printroom.cli.version import version
from printroom.cli.words import describe
from printroom.cli.work import work
from printroom.core.config import adopt
from printroom.core.errors import PrintroomError, RequestError

app = typer.Typer(
    help="Enhance pictures of any size, exactly, in bounded memory.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Rich is loaded only to draw progress on a terminal
)
app.command()(enhance)
app.add_typer(bench, name="bench")
app.command()(inspect)
app.command()(metrics)
app.command()(mount)
app.command(context_settings=OWN_WORDS)(run)
app.add_typer(runs, name="runs")
app.command()(serve)
app.add_typer(accounts, name="accounts")
app.add_typer(collections, name="collections")
app.add_typer(keys, name="keys")
app.command()(usage)
app.add_typer(market, name="market")
app.add_typer(models, name="models")
app.add_typer(people, name="people")
app.add_typer(pipelines, name="pipelines")
app.add_typer(signing, name="signing")
app.add_typer(steps, name="steps")
app.add_typer(stores, name="stores")
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(train)
app.command()(doctor)
app.command()(backup)
app.command()(restore)
app.command()(verify)
app.command()(version)
app.command()(work)


def main() -> None:
    """Run the command line of this process and exit."""
    try:
        adopt()
        app(prog_name="printroom")
    except PrintroomError as error:
        print(describe(error), file=sys.stderr)
        sys.exit(2 if isinstance(error, RequestError) else 1)
