"""Sets whose file names, not their folders, say which sensor took a picture: TNO and INO.

TNO (figshare 1008029, one folder per scene) was named by many hands: IR_meting003_g.bmp beside
VIS_meting003_r.bmp, Farm_IR.bmp beside Farm_Vis.bmp and Farm_II.bmp, 2_fk_ge_03_005.bmp beside
1_fk_ge_03_005.bmp. Its sequences keep each sensor in a folder of its own and number the frames.
INO's clips end with _T.avi and _RGB.avi.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from thermeld.data.layouts.trees import Look, PairFiles, files_by_stem, folders_in
from thermeld.errors import UnreadableFile
from thermeld.io.files import shown

T = TypeVar("T")
LETTERS = re.compile(r"[A-Za-z]+")
DIGITS = re.compile(r"[0-9]+")
# NIR and II (image intensifier) are other sensors; in false colour TNO writes red for visible,
# green for near and blue for thermal infrared, so a lone "r" marks the visible plane.
IR_WORDS, VIS_WORDS, RED = frozenset({"ir", "lwir"}), frozenset({"vis"}), "r"
IR_FOLDERS, VIS_FOLDERS = ("thermal", "rad"), ("visual", "dhv")
ARCHIVE = "TNO_Image_Fusion_Dataset"  # unpacks to a folder in a folder of this name
CLIPS = (".avi", ".mp4", ".mov", ".mkv")


def tno(folder: Path, split: str) -> Look:
    """TNO as figshare unpacks it.

    Args:
        folder: at or above the folders of scenes.
        split: "scenes", one pair per folder, or "sequences", the frames of clips.

    Raises:
        UnreadableFile: a folder cannot be listed.
    """
    find = tno_scene if split == "scenes" else tno_sequence
    return _gathered(folder, find)


def tno_scene(folder: Path, root: Path) -> Look:
    """The one thermal and the one visible picture of a scene's folder; none elsewhere."""
    if folder.name.casefold() in (*IR_FOLDERS, *VIS_FOLDERS):
        return Look(())
    paths = list(files_by_stem(folder).values())
    irs = [path for path in paths if _words(path) & IR_WORDS]
    viss = [path for path in paths if _words(path) & VIS_WORDS]
    if irs and not viss:  # bunker: IR_bunker_g.bmp, bunker_r.bmp
        viss = [path for path in paths if path not in irs and RED in _words(path)]
    if not irs and not viss:  # APC_2: 2_NAME.bmp thermal, 1_NAME.bmp visible
        irs, viss = ([path for path in paths if path.name.startswith(at)] for at in ("2_", "1_"))
    if len(irs) == len(viss) == 1:
        return Look((PairFiles(_stem(folder, root), irs[0], viss[0]),))
    return Look((), (*irs, *viss))


def tno_sequence(folder: Path, root: Path) -> Look:
    """Frames of one number in a folder `thermal` or `rad` and its neighbour `visual` or `dhv`."""
    inside = {path.name.casefold(): path for path in folder.iterdir() if path.is_dir()}
    irs, viss = (
        next((inside[name] for name in names if name in inside), None)
        for names in (IR_FOLDERS, VIS_FOLDERS)
    )
    if irs is None or viss is None:
        return Look(())
    ir_frames, vis_frames = _numbered(irs), _numbered(viss)
    shared = sorted(ir_frames.keys() & vis_frames.keys())
    pairs = (PairFiles(f"{_stem(folder, root)}-{n}", ir_frames[n], vis_frames[n]) for n in shared)
    lonely = (
        path for frames in (ir_frames, vis_frames) for n, path in frames.items() if n not in shared
    )
    return Look(tuple(pairs), tuple(lonely))


def ino(folder: Path, split: str) -> Look:
    """INO's clips: NAME_T.avi (thermal) beside NAME_RGB.avi, wherever below `folder` they lie.

    Raises:
        UnreadableFile: a folder cannot be listed.
    """
    return _gathered(folder, ino_clip)


def ino_clip(folder: Path, root: Path) -> Look:
    """The clips of one folder that exist for both sensors."""
    clips = files_by_stem(folder, CLIPS)
    thermal = {stem[: -len("_T")]: path for stem, path in clips.items() if stem.endswith("_T")}
    visible = {stem[: -len("_RGB")]: path for stem, path in clips.items() if stem.endswith("_RGB")}
    shared = [stem for stem in thermal if stem in visible]
    lonely = [path for stem, path in (thermal | visible).items() if stem not in shared]
    pairs = (PairFiles(stem, thermal[stem], visible[stem]) for stem in shared)
    return Look(tuple(pairs), tuple(lonely))


def clips(folder: Path, split: str) -> Look:
    """Clips of one name in ir/ and vi/, as M2VD's.

    Raises:
        UnreadableFile: one of the folders is missing or holds no clip.
    """
    irs, viss = (files_by_stem(folder / name, CLIPS) for name in ("ir", "vi"))
    if not irs or not viss:
        raise UnreadableFile(f"{shown(folder)}: no clips ({' '.join(CLIPS)}) in ir/ and vi/")
    shared = [stem for stem in irs if stem in viss]
    lonely = [path for stem, path in (*irs.items(), *viss.items()) if stem not in shared]
    return Look(tuple(PairFiles(stem, irs[stem], viss[stem]) for stem in shared), tuple(lonely))


def _gathered(root: Path, look: Callable[[Path, Path], Look]) -> Look:
    looks = [look(folder, root) for folder in folders_in(root)]
    return Look(_flat(look.pairs for look in looks), _flat(look.lonely for look in looks))


def _flat(parts: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(item for part in parts for item in part)


def _words(path: Path) -> set[str]:
    return {word.casefold() for word in LETTERS.findall(path.stem)}


def _numbered(folder: Path) -> dict[int, Path]:
    """Frames by the last number in their name."""
    frames = {}
    for stem, path in files_by_stem(folder).items():
        numbers = DIGITS.findall(stem)
        if numbers:
            frames[int(numbers[-1])] = path
    return frames


def _stem(folder: Path, root: Path) -> str:
    parts = [part for part in folder.relative_to(root).parts if part != ARCHIVE]
    return "-".join(parts) or folder.name
