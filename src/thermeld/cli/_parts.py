"""What several verbs share: progress on standard error, KEY=VALUE options."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

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


@contextmanager
def progress_bar(
    what: str, total: int, *, resumes: bool = True
) -> Iterator[Callable[[int, str], None]]:
    """A bar on standard error, hidden when that is not a terminal; yields `advance_to(n, note)`.

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
            yield lambda number, note: progress.update(task, completed=number, note=note)
        except KeyboardInterrupt:
            hint = "; the same command again goes on from here" if resumes else ""
            console.print(f"thermeld: stopped{hint}")
            raise typer.Exit(130) from None
