"""`thermeld export`: a trained run to an ONNX file and its card."""

from pathlib import Path
from typing import Annotated

import typer

from thermeld.errors import BadSetting
from thermeld.registry import need

EPILOG = """[bold]Examples[/bold]

thermeld export runs/light-tardal -o my-models

thermeld export runs/mine --data shared/data/camvid -o my-models --licence "CC BY 4.0"

thermeld fuse ir.png vis.png -o fused.png --method my-models/mobilefuse.onnx
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("export", epilog=EPILOG)(run)


def run(
    trained: Annotated[str, typer.Argument(help="A run folder, or a shipped network by name.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for NAME.onnx and NAME.json.")],
    licence: Annotated[
        str, typer.Option(help="Of the weights, for the card. Default: the recipe's.")
    ] = "",
    summary: Annotated[str, typer.Option(help="One line, for lists. Default: the recipe's.")] = "",
    source: Annotated[str, typer.Option(help="Paper, for the card. Default: the recipe's.")] = "",
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Image set with masks: also measure its held-out split."),
    ] = None,
) -> None:
    """Export to ONNX with its card, after checking ONNX Runtime against torch."""
    need("torch", "train")
    need("onnxscript", "train")
    from thermeld.cli.holdout import measure
    from thermeld.train.export import export
    from thermeld.train.weights import load_trained

    found = load_trained(trained)
    recipe = found.recipe
    given = {"summary": summary.strip(), "source": source.strip(), "licence": licence.strip()}
    stated = {key: text or recipe.card.get(key, "") for key, text in given.items()}
    if not stated["licence"]:
        raise BadSetting("a card must state the licence of its weights; say which with --licence")
    synthetic = recipe.task == "synthetic"
    measured = measure(found, data, limit=None) if data and synthetic else []
    command = f"thermeld train {recipe.name} --data {recipe.layout if synthetic else 'shared/data'}"
    path = export(
        found,
        out,
        holdouts=measured,
        command=command,
        summary=stated["summary"] or "trained by its user",
        source=stated["source"] or recipe.name,
        licence=stated["licence"],
    )
    typer.echo(f"{path}: {path.stat().st_size / 1000:.0f} kB, equal to torch; card beside it")
