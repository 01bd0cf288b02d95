"""`thermeld train`: train a network by its recipe."""

import os
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from thermeld.cli._parts import key_values, progress_bar
from thermeld.registry import need

EPILOG = """[bold]Examples[/bold]

thermeld train mobilefuse --data shared/data/camvid -o runs/mobilefuse

thermeld train mobilefuse --data VOC2012 --set layout=voc --hours 2

thermeld train lwc-densefuse --data shared/data

thermeld train my-recipe.toml --data camvid --set steps=500 --set learning_rate=5e-4

torchrun --nproc-per-node 2 --no-python thermeld train lwc-densefuse --data shared/data
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("train", epilog=EPILOG)(run)


def run(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe by name, or a TOML file.")],
    data: Annotated[
        Path,
        typer.Option("--data", help="Folder of the image set, or the one that holds pair sets."),
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Run folder. Default: runs/RECIPE.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a recipe key.")
    ] = None,
    hours: Annotated[
        float | None, typer.Option("--hours", min=0.0, help="Stop, resumable, after this long.")
    ] = None,
    accelerator: Annotated[
        str, typer.Option("--accelerator", help="cpu, cuda, or auto for the best there is.")
    ] = "auto",
) -> None:
    """Train a network; the same command again goes on where it stopped."""
    need("torch", "train")
    need("lightning_fabric", "train")
    from thermeld.train.recipe import read_recipe
    from thermeld.train.run import run_recipe

    chosen = read_recipe(recipe, key_values(settings or []))
    folder = out or Path("runs") / chosen.name
    first = os.environ.get("RANK", "0") == "0"  # of the processes that torchrun starts
    with progress_bar("training", chosen.steps) if first else nullcontext() as advance_to:

        def on_step(number: int, terms: Mapping[str, float]) -> None:
            if advance_to:
                shown = "  ".join(f"{name} {value:.3g}" for name, value in terms.items())
                advance_to(number, shown)

        outcome = run_recipe(
            chosen, data, folder, hours=hours, accelerator=accelerator, on_step=on_step
        )
    if not first:
        return
    state = "done" if outcome.steps >= chosen.steps else "stopped early, resumable"
    typer.echo(
        f"{folder}: {state}; {outcome.steps} of {chosen.steps} steps, "
        f"{outcome.seconds / 3600:.2f} h, best validation loss {outcome.best:.6f}"
    )
