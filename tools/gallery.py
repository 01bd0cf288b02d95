"""Pictures for people: sources and results side by side, of the shared data or of rendered scenes.

Usage: python tools/gallery.py [-o out/gallery] [--shared ../shared/data] [--methods A,B]
       python tools/gallery.py --rendered docs/images/video.jpg

The first form writes one panel per chosen pair, a contact sheet of the smoke clip of M2VD and an
index.html; the licences of those images keep it out of the repository. The second writes the
contact sheet of a rendered foggy street that a camera pans over, which may be committed.
"""

import argparse
import html
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from thermeld.data.scene import render_scene
from thermeld.errors import FusionError
from thermeld.fuse import DEFAULT_METHOD, Fuser, resized
from thermeld.image import Stored, luminance, to_depth, unit
from thermeld.io import pair_files, read_image, write_image
from thermeld.io.video import open_source
from thermeld.panel import panel

SETS = ("msrs", "llvip", "m3fd", "roadscene50", "tno25", "vifb21")
CLIP = "0117_1605"
MOMENTS = (135, 180, 225, 270)  # frames in which people walk in the smoke
PAIRS_PER_SET = 3
HEIGHT_PX = 360


def main() -> None:
    """Write the gallery or the committed picture."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, default=Path("out/gallery"))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--methods", default=f"{DEFAULT_METHOD},laplacian")
    parser.add_argument("--rendered", type=Path)
    asked = parser.parse_args()
    fusers = {name: Fuser(name, fit="vis") for name in asked.methods.split(",")}
    if asked.rendered:
        shown = sheet(rendered_moments(), fusers, height_px=200)
        write_image(asked.rendered, shown, overwrite=True, quality=80)
        print(f"{asked.rendered}: {asked.rendered.stat().st_size // 1000} kB")
        return
    if not asked.shared.is_dir():
        raise SystemExit(f"gallery: {asked.shared} is not there; name it with --shared")
    names = list(gallery(asked.shared, fusers, asked.out))
    write_index(asked.out, names)
    print(f"{asked.out / 'index.html'}: {len(names)} pictures")


def gallery(shared: Path, fusers: Mapping[str, Fuser], out: Path) -> Iterator[str]:
    """Write the pictures; yields their names."""
    for name in SETS:
        if not (shared / name).is_dir():
            continue
        pairs = pair_files(shared / name / "ir", shared / name / "vi").pairs
        for pair in pairs[:: max(1, len(pairs) // PAIRS_PER_SET)][:PAIRS_PER_SET]:
            moment = read_image(pair.ir).pixels, read_image(pair.vis).pixels
            try:
                shown = panel(views(*moment, fusers, height_px=HEIGHT_PX))
            except FusionError as error:
                print(f"{pair.stem}: {error}")
                continue
            write_image(out / f"{name}-{pair.stem}.jpg", shown, overwrite=True)
            yield f"{name}-{pair.stem}.jpg"
    if (shared / "m2vd").is_dir():
        write_image(out / "smoke.jpg", sheet(smoke(shared / "m2vd"), fusers), overwrite=True)
        yield "smoke.jpg"


def smoke(folder: Path) -> Iterator[tuple[Stored, Stored]]:
    """Some moments of the clip in which people walk behind smoke."""
    sources = [open_source(folder / view / f"{CLIP}.mp4") for view in ("ir", "vi")]
    for number, (ir, vis) in enumerate(zip(*sources, strict=True)):
        if number in MOMENTS and ir.pixels is not None and vis.pixels is not None:
            yield luminance(unit(ir.pixels)), vis.pixels
    for source in sources:
        source.close()


def rendered_moments() -> Iterator[tuple[Stored, Stored]]:
    """What a camera sees that pans over a foggy street by day, three times."""
    scene = render_scene(np.random.default_rng(4), height=360, width=800, night=False, fog=0.7)
    for left in (0, 160, 320):
        view = slice(left, left + 480)
        yield scene.ir[:, view], to_depth(scene.vis[:, view], np.uint8)


def sheet(
    moments: Iterator[tuple[Stored, Stored]], fusers: Mapping[str, Fuser], *, height_px: int = 240
) -> Stored:
    """One row per moment: infrared, visible, and each method's result."""
    rows = [panel(views(ir, vis, fusers, height_px=height_px)) for ir, vis in moments]
    return np.concatenate(rows, axis=0)


def views(
    ir: Stored, vis: Stored, fusers: Mapping[str, Fuser], *, height_px: int
) -> dict[str, Stored]:
    """Captions and pictures of one moment, all of one height."""
    first = next(iter(fusers.values()))
    pictures = {"infrared": to_depth(first.infrared(ir), np.uint8), "visible": vis}
    pictures |= {name: fuser(ir, vis) for name, fuser in fusers.items()}
    size = (height_px, round(vis.shape[1] * height_px / vis.shape[0]))
    return {name: resized(picture, size) for name, picture in pictures.items()}


def write_index(out: Path, names: list[str]) -> None:
    """A page that shows them all."""
    shown = "\n".join(
        f'<figure><img src="{html.escape(name)}" alt="{html.escape(name)}" loading="lazy">'
        f"<figcaption>{html.escape(Path(name).stem)}</figcaption></figure>"
        for name in names
    )
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>thermeld gallery</title>"
        "<style>body{font:15px system-ui;margin:1em}img{max-width:100%}figure{margin:0 0 1.5em}"
        f"</style><h1>Infrared, visible, fused</h1>{shown}</html>\n"
    )
    (out / "index.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
