"""The ``edgeface`` command: this file only assembles it, one file a command beside it."""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from edgeface import __version__
from edgeface.cli import data, output
from edgeface.cli.bench import bench
from edgeface.cli.benchverify import bench_verify
from edgeface.cli.compare import compare
from edgeface.cli.detect import detect
from edgeface.cli.doctor import doctor
from edgeface.cli.explain import explain
from edgeface.cli.export import export
from edgeface.cli.predict import predict
from edgeface.cli.quickstart import quickstart
from edgeface.cli.run import run
from edgeface.cli.show import show
from edgeface.cli.train import train
from edgeface.cli.tune import tune
from edgeface.cli.verify import verify
from edgeface.errors import EdgefaceError

_HELP = """From photographs of faces to a board that names them at camera speed.

The way is: train, export, compare, bench, run; every command ends with the next one to type. To see
all of it on drawn faces first: edgeface quickstart.
"""
_INTERRUPTED = 130  # what a shell reports for a program that SIGINT ended


class _Commands(TyperGroup):
    """The commands in the order of the way, and Ctrl-C said in words."""

    def list_commands(self, ctx: Any) -> list[str]:
        """What the help lists: groups stand where they belong, not at the end."""
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: (name != "quickstart", name != "data"))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """A command may consist of two words, of which the first is one by itself."""
        both = " ".join(args[:2])
        if len(args) > 1 and both in self.commands:
            return both, self.commands[both], args[2:]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; commands that keep something after Ctrl-C catch it themselves."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            output.say("interrupted: nothing unfinished was left behind")
            raise typer.Exit(_INTERRUPTED) from None


app = typer.Typer(
    name="edgeface",
    cls=_Commands,
    help=_HELP,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        output.result(f"edgeface {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """See `_HELP`."""


# In the order of the way: what a newcomer reads in the help.
app.command("quickstart")(quickstart)
app.add_typer(data.app, name="data")
app.command("train")(train)
app.command("explain")(explain)
app.command("export")(export)
app.command("compare")(compare)
app.command("bench")(bench)
app.command("bench verify")(bench_verify)
app.command("tune")(tune)
app.command("predict")(predict)
app.command("detect")(detect)
app.command("run")(run)
app.command("verify")(verify)
app.command("show")(show)
app.command("doctor")(doctor)


def main() -> None:
    """Run the command line; our own errors become one line, a remedy and an exit code."""
    output.prepare_streams()
    try:
        app()
    except EdgefaceError as error:
        output.error(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away (`edgeface show … | head`); that is not an error.
        sys.stderr.close()
        sys.exit(0)
