"""The command line: one file per verb, all errors and exit codes in one place.

Exit codes: 0 done, 1 something failed, 2 asked wrongly. Results go to standard output,
progress and problems to standard error.
"""

import sys
from importlib import import_module
from importlib.metadata import version
from pkgutil import iter_modules
from typing import Annotated

import typer

from thermeld.cli._stop import heed_sigterm
from thermeld.errors import BadSetting, FusionError, MissingExtra, UnknownName

app = typer.Typer(
    name="thermeld",
    help="Fuse infrared and visible images of one scene into one.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

ASKED_WRONGLY = (BadSetting, UnknownName, MissingExtra)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"thermeld {version('thermeld')}")
        raise typer.Exit


@app.callback()
def _root(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


for _verb in iter_modules(__path__):
    if not _verb.name.startswith("_"):
        import_module(f"{__name__}.{_verb.name}").add(app)


def main() -> None:
    """Run one command; turn what the library refuses into one line and an exit code."""
    heed_sigterm()
    try:
        app()
    except FusionError as error:
        line = " ".join(str(error).split())
        sys.stderr.write(f"thermeld: {line}\n")
        sys.exit(2 if isinstance(error, ASKED_WRONGLY) else 1)
    except OSError as error:  # what the system refuses: disk full, name too long, no access
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"thermeld: {where}{error.strerror or error}\n")
        sys.exit(1)
