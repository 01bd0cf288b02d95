"""Pair sets to score on: folders with ir/ and vi/ whose files share their stems.

A set is named by its folder, or by a name of `KNOWN` under the folder where data is kept, or is
rendered on the spot ("scenes:6"). "msrs:val" is one split of a set.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from thermeld.data.scene import render_scene
from thermeld.data.splits import SPLITS, split_pairs
from thermeld.errors import BadSetting, UnreadableFile
from thermeld.image import to_depth
from thermeld.io import Pair, pair_files, write_image
from thermeld.registry import lookup

PARTNERS = (("ir", "vi"), ("ir", "vis"), ("infrared", "visible"))
RENDERED = "scenes"
RENDERED_PX = (480, 640)


@dataclass(frozen=True)
class Known:
    """A published set: how many pairs it has, and whom to cite."""

    pairs: int
    cite: str


KNOWN = {
    "vifb21": Known(21, "Zhang, Ye & Xiao, VIFB, CVPR Workshops 2020"),
    "tno25": Known(25, "Toet, The TNO Multiband Image Data Collection, Data in Brief 15, 2017"),
    "roadscene50": Known(50, "Xu et al., FusionDN, AAAI 2020"),
    "roadscene": Known(130, "Xu et al., FusionDN, AAAI 2020"),
    "msrs": Known(241, "Tang et al., PIAFusion, Information Fusion 83-84, 2022"),
    "llvip": Known(50, "Jia et al., LLVIP, ICCV Workshops 2021"),
    "m3fd": Known(10, "Liu et al., Target-aware Dual Adversarial Learning, CVPR 2022"),
}


@dataclass(frozen=True)
class PairSet:
    """A set that is on the disk.

    Attributes:
        name: in tables.
        pairs: in natural order.
        lonely: files without a partner, left out.
    """

    name: str
    pairs: tuple[Pair, ...]
    lonely: tuple[Path, ...] = ()


def find_set(name: str, *, root: Path, made: Path = Path("out")) -> PairSet:
    """A set by the path of its folder, by its name under `root`, or "scenes:N", rendered.

    A set's name may end in a split, as "msrs:val"; `split_pairs` says what is in it.

    Args:
        name: what the user typed.
        root: folder in which named sets lie.
        made: folder for rendered scenes; those already there are used.

    Raises:
        UnknownName: neither a folder nor a name.
        UnreadableFile: a known set that is not under `root`, or a folder without partners.
        BadSetting: files that cannot be paired, or an impossible number of scenes.
    """
    kind, colon, count = name.partition(":")
    if kind == RENDERED and colon:
        folder = rendered(made / f"{RENDERED}-{count}", _count(name, count))
        return _set_in(folder, name)
    for folder in (root / name, Path(name)):
        if folder.is_dir():
            return _set_in(folder, folder.resolve().name)
    if colon and count in SPLITS:
        whole = find_set(kind, root=root, made=made)
        return replace(whole, name=name, pairs=split_pairs(whole.name, whole.pairs, count))
    known = lookup(KNOWN | {f"{RENDERED}:6": None}, name, "pair set or folder")
    raise UnreadableFile(
        f"{name}: no folder {root / name}; fetch the set ({known.cite if known else ''}) or name "
        "the folder in which sets lie with --data"
    )


def rendered(folder: Path, count: int) -> Path:
    """A folder with `count` rendered scenes, every second one by day, each third one in fog."""
    for number in range(count):
        night, fog = number % 2 == 0, 0.5 if number % 3 == 2 else 0.0
        stem = f"{'night' if night else 'day'}{'-fog' if fog else ''}-{number}"
        ir, vis = folder / "ir" / f"{stem}.png", folder / "vi" / f"{stem}.png"
        if ir.exists() and vis.exists():
            continue
        height, width = RENDERED_PX
        rng = np.random.default_rng(number)
        scene = render_scene(rng, height=height, width=width, night=night, fog=fog)
        write_image(ir, to_depth(scene.ir, np.uint8), overwrite=True)
        write_image(vis, to_depth(scene.vis, np.uint8), overwrite=True)
    return folder


def labels_of(pair: Pair) -> Path | None:
    """The class map of a pair; None without one."""
    path = labels_place(pair)
    return path if path.is_file() else None


def labels_place(pair: Pair) -> Path:
    """Where a pair's class map has to lie: labels/STEM.png beside the two folders."""
    return pair.ir.parent.parent / "labels" / f"{pair.stem}.png"


def fingerprint(pair: Pair) -> str:
    """SHA-256 over the bytes of both files.

    Raises:
        UnreadableFile: one of them cannot be read.
    """
    digest = hashlib.sha256()
    for path in (pair.ir, pair.vis):
        try:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError as error:
            raise UnreadableFile(f"{path}: {error.strerror}; check the file") from error
    return digest.hexdigest()


def _set_in(folder: Path, name: str) -> PairSet:
    for ir, vis in PARTNERS:
        if (folder / ir).is_dir() and (folder / vis).is_dir():
            pairing = pair_files(folder / ir, folder / vis)
            return PairSet(name, pairing.pairs, (*pairing.lonely_ir, *pairing.lonely_vis))
    raise UnreadableFile(f"{folder}: has no folders ir and vi; a pair set is SET/ir and SET/vi")


def _count(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise BadSetting(f"{name!r}: how many scenes? as {RENDERED}:6")
    return int(text)
