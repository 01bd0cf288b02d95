"""`thermeld import`: published weights to an ONNX file and its card."""

from pathlib import Path
from typing import Annotated

import typer

from thermeld.registry import need

EPILOG = """[bold]Examples[/bold]

thermeld import seafusion SeAFusion.pth -o seafusion.onnx

thermeld import sdnet checkpoint/SDNet.model -o sdnet.onnx   (TensorFlow: prefix or folder)

thermeld fuse ir.png vis.png -o fused.png --method seafusion.onnx
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("import", epilog=EPILOG)(run)


def run(
    network: Annotated[str, typer.Argument(help="Whose weights: seafusion, ifcnn, tardal, ...")],
    checkpoint: Annotated[Path, typer.Argument(help="The file as its authors published it.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The .onnx file to write.")],
) -> None:
    """Make a method of weights that others published, after checking that they fit."""
    need("torch", "train")
    need("onnxscript", "train")
    from thermeld.train.adopt import adopt

    path = adopt(network, checkpoint, out)
    typer.echo(f"{path}: {path.stat().st_size / 1000:.0f} kB, equal to torch; card beside it")
