"""`thermeld holdout`: how near a network comes to the truth on synthetic pairs it never saw."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thermeld.cli._options import JsonOption
from thermeld.cli._parts import progress_bar
from thermeld.registry import need

if TYPE_CHECKING:
    from thermeld.train.holdout import Holdout
    from thermeld.train.weights import Trained

EPILOG = """[bold]Examples[/bold]

thermeld holdout mobilefuse --data shared/data/camvid

thermeld holdout runs/mobilefuse --data shared/data/camvid --limit 20
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("holdout", epilog=EPILOG)(run)


def run(
    trained: Annotated[str, typer.Argument(help="A shipped network by name, or a run folder.")],
    data: Annotated[Path, typer.Option("--data", help="Folder of the image set.")],
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only so many pictures, spread evenly.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score multi-focus and multi-lighting pairs of the test split against their truth (PSNR)."""
    need("torch", "train")
    from thermeld.train.weights import load_trained

    found = load_trained(trained)
    for measured in measure(found, data, limit=limit):
        if as_json:
            typer.echo(json.dumps(asdict(measured)))
            continue
        typer.echo(
            f"{found.recipe.name}, {measured.kind}, {measured.pairs} pairs: "
            f"fused {measured.fused:.2f} dB, average of the inputs {measured.average:.2f} dB "
            f"({measured.fused - measured.average:+.2f}), perfect map {measured.perfect:.2f} dB"
        )


def measure(found: "Trained", data: Path, *, limit: int | None) -> "list[Holdout]":
    """Both kinds on the test split, under a progress bar."""
    from thermeld.data.masked import masked_images
    from thermeld.train.holdout import KINDS, holdout

    images = masked_images(found.recipe.layout, data, "test").spread(limit)
    measured = []
    for kind in KINDS:
        with progress_bar(f"held-out {kind}", len(images), resumes=False) as advance_to:
            measured.append(
                holdout(found.net, images, kind, on_pair=lambda number: advance_to(number, ""))
            )
    return measured
