"""The pictures behind a table, made again for panels: the methods are known by their rows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from thermeld.data.results import Row
from thermeld.data.sets import find_set
from thermeld.errors import BadSetting, UnknownName
from thermeld.fuse import Fuser
from thermeld.image import Stored, eight_bits, luminance, to_depth, unit
from thermeld.io import Pair, encode_image, read_image
from thermeld.registry import METHODS, lookup
from thermeld.report import Panel
from thermeld.report.panels import Box, find_boxes, panel_image
from thermeld.report.segmentation import split

COLUMNS = 4
PART = re.compile(r",(red|green)=")


@dataclass(frozen=True)
class Source:
    """Where pictures come from.

    Attributes:
        data: folder in which named sets lie.
        fused: "NAME=DIR" of images that others fused.
        methods: only these; all of the table if empty.
    """

    data: Path
    fused: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


def show(text: str, rows: Sequence[Row], source: Source) -> Panel:
    """One pair fused by every method of the table.

    Args:
        text: "SET/IMAGE", and where to look as ",red=X,Y,W,H" and ",green=X,Y,W,H"; a place
            that is not given is found.
        rows: of the table.
        source: of the pictures.

    Raises:
        BadSetting: not understood.
        UnknownName, UnreadableFile: no such set or image.
    """
    place, *given = PART.split(text)
    name, slash, stem = place.rpartition("/")
    if not slash:
        raise BadSetting(f"{text!r}: name a pair as SET/IMAGE")
    pairs = find_set(name, root=source.data)
    pair = lookup({pair.stem: pair for pair in pairs.pairs}, stem, f"image of {pairs.name}")
    known, strange = _methods(rows, source)
    blending = sorted(label for label, row in known.items() if row.color == "blend")
    pictures = _pictures(pair, pairs.name, known, source)
    ir, vis = unit(pictures["infrared"]), unit(pictures["visible"])
    fused = {who: unit(image) for who, image in list(pictures.items())[2:]}
    found = dict(zip(("red", "green"), find_boxes(luminance(ir), vis, fused), strict=True))
    asked = {ink: Box.parse(box) for ink, box in zip(given[::2], given[1::2], strict=True)}
    boxes = found | asked
    image = panel_image(pictures, boxes["red"], boxes["green"], columns=COLUMNS)
    how = "given" if len(asked) == 2 else "found where the methods differ most"
    text = (
        f"Red: detail. Green: target. Places {how}: red={boxes['red']}, green={boxes['green']}. "
        f"Colour mode blend: {', '.join(blending) or 'none'}; all others keep the visible colours."
    )
    if strange:
        text += f" Not in the package, so not shown: {', '.join(strange)}."
    return Panel(f"{pairs.name}, {stem}", text, encode_image(image, ".jpg", quality=75))


def _methods(rows: Sequence[Row], source: Source) -> tuple[dict[str, Row], list[str]]:
    """Each method with its first row in the table, which says in what colour mode it was used.

    Those that came from files, whose place a table does not say, are named apart, unless they
    were asked for.
    """
    found: dict[str, Row] = {}
    for row in split(rows)[0]:
        if not source.methods or row.method in source.methods:
            found.setdefault(row.method, row)
    strange = [
        name
        for name, row in sorted(found.items())
        if not source.methods and row.color != "given" and name.partition("@")[0] not in METHODS
    ]
    return {name: row for name, row in sorted(found.items()) if name not in strange}, strange


def _pictures(
    pair: Pair, set_name: str, known: Mapping[str, Row], source: Source
) -> dict[str, Stored]:
    ir, vis = read_image(pair.ir).pixels, read_image(pair.vis).pixels
    pictures = {"infrared": to_depth(Fuser("average").infrared(ir), np.uint8)}
    pictures["visible"] = eight_bits(vis)
    for label, row in known.items():
        if row.color == "given":
            pictures[label] = _given(label, set_name, pair.stem, source)
        else:
            fuser = Fuser(label.partition("@")[0], color=row.color, threads=1)
            pictures[label] = eight_bits(fuser(ir, vis))
    return pictures


def _given(label: str, set_name: str, stem: str, source: Source) -> Stored:
    folders = dict(text.partition("=")[::2] for text in source.fused)
    if label not in folders:
        raise UnknownName(f"where are the images of {label}? say so with --fused {label}=DIR")
    for folder in (Path(folders[label]) / set_name, Path(folders[label])):
        for path in sorted(folder.glob(f"{stem}.*")):
            return eight_bits(read_image(path).pixels)
    raise UnknownName(f"{folders[label]} holds no fused image of {stem}")
