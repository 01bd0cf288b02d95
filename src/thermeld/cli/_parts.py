"""What several verbs share: progress on standard error, KEY=VALUE options."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from thermeld.cli._stop import Terminated
from thermeld.errors import BadSetting


def key_values(pairs: list[str]) -> dict[str, str]:
    """KEY=VALUE strings as a dict.

    Raises:
        BadSetting: one has no "=".
    """
    found = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise BadSetting(f"--set takes KEY=VALUE, got {pair!r}")
        found[key.strip()] = value.strip()
    return found


def names_in(text: str) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def tell_tally(tally: Mapping[str, int], out: Path, *, as_json: bool) -> None:
    """Say on standard output how many ended how, and where the table is."""
    if as_json:
        typer.echo(json.dumps({**tally, "out": str(out)}))
    else:
        typer.echo(f"{out}: " + ", ".join(f"{count} {kind}" for kind, count in tally.items()))


class Bar:
    """A running progress bar: `bar(number_done, note)`."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def __call__(self, number: int, note: str) -> None:
        """Show how many are done, and a word about the last one."""
        self._progress.update(self._task, completed=number, note=note)

    def expect(self, total: int | None) -> None:
        """Say how many there will be, once that is known."""
        self._progress.update(self._task, total=total)


@contextmanager
def progress_bar(what: str, total: int | None, *, resumes: bool = True) -> Iterator[Bar]:
    """A bar on standard error, hidden when that is not a terminal; total None for unknown.

    An interrupted user is told whether the same command would go on (`resumes`).
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total, note="")
        try:
            yield Bar(progress, task)
        except KeyboardInterrupt as wish:
            hint = "; the same command again goes on from here" if resumes else ""
            console.print(f"thermeld: stopped{hint}")
            raise typer.Exit(143 if isinstance(wish, Terminated) else 130) from None
