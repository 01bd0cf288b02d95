"""`thermeld export`: a trained run to an ONNX file and its card."""

from pathlib import Path
from typing import Annotated

import typer

from thermeld.errors import BadSetting
from thermeld.registry import need

EPILOG = """[bold]Examples[/bold]

thermeld export runs/mobilefuse --data shared/data/camvid -o my-models
    --summary "..." --source "..." --licence "..."

thermeld fuse ir.png vis.png -o fused.png --method my-models/mobilefuse.onnx
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("export", epilog=EPILOG)(run)


def run(
    trained: Annotated[str, typer.Argument(help="A run folder, or a shipped network by name.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for NAME.onnx and NAME.json.")],
    licence: Annotated[str, typer.Option(help="Of the weights, for the card.")],
    summary: Annotated[str, typer.Option(help="One line, for lists.")] = "trained by its user",
    source: Annotated[str, typer.Option(help="Paper or recipe, for the card.")] = "",
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Image set: also measure the held-out split, for the card."),
    ] = None,
) -> None:
    """Export to ONNX with its card, after checking ONNX Runtime against torch."""
    if not licence.strip():
        raise BadSetting("a card must state the licence of its weights; say which with --licence")
    need("torch", "train")
    need("onnxscript", "train")
    from thermeld.cli.holdout import measure
    from thermeld.train.export import export
    from thermeld.train.weights import load_trained

    found = load_trained(trained)
    measured = measure(found, data, limit=None) if data else []
    command = f"thermeld train {found.recipe.name} --data {found.recipe.layout}"
    path = export(
        found,
        out,
        holdouts=measured,
        command=command,
        summary=summary,
        source=source or found.recipe.name,
        licence=licence,
    )
    typer.echo(f"{path}: {path.stat().st_size / 1000:.0f} kB, equal to torch; card beside it")
