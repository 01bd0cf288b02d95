"""`thermeld demo`: a fused picture at once, from a scene that is rendered on the spot."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from thermeld.batch import fuse_files
from thermeld.cli._options import MethodOption
from thermeld.errors import BadSetting
from thermeld.fuse import DEFAULT_METHOD, Fuser
from thermeld.image import to_depth
from thermeld.io import Pair, write_image

EPILOG = """[bold]Examples[/bold]

thermeld demo

thermeld demo -o somewhere --method laplacian --light fog

thermeld demo --seed 7   (another scene)
"""
LIGHTS = {"night": (True, 0.0), "day": (False, 0.0), "fog": (False, 0.7)}


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("demo", epilog=EPILOG)(run)


def run(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the pictures.")] = Path(
        "out/demo"
    ),
    method: MethodOption = DEFAULT_METHOD,
    light: Annotated[str, typer.Option("--light", help="night, day or fog.")] = "night",
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, help="A random scene instead of the composed one."),
    ] = None,
) -> None:
    """Render a street scene for both sensors, fuse it, and show all three side by side."""
    from thermeld.data.scene import demo_scene, render_scene

    if light not in LIGHTS:
        raise BadSetting(f"--light takes {', '.join(LIGHTS)}, got {light!r}")
    night, fog = LIGHTS[light]
    fuser = Fuser(method)
    if seed is None:
        scene = demo_scene(night=night, fog=fog)
    else:
        scene = render_scene(np.random.default_rng(seed), night=night, fog=fog)
    pair = Pair(light, out / f"{light}_ir.png", out / f"{light}_vis.png")
    write_image(pair.ir, to_depth(scene.ir, np.uint8), overwrite=True)
    write_image(pair.vis, to_depth(scene.vis, np.uint8), overwrite=True)
    fused, sheet = out / f"{light}_fused.png", out / f"{light}_compare.png"
    done = fuse_files(fuser, pair, fused, overwrite=True, compare=sheet)
    typer.echo(f"{pair.ir}, {pair.vis}: a rendered scene, as both sensors see it")
    typer.echo(f"{fused}: fused by {fuser.card.name} in {done.seconds:.2f} s")
    typer.echo(f"{sheet}: all three side by side; open this one")
