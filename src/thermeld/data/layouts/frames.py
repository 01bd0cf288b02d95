"""Pairs of frames of two registered clips, decoded one at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.data.layouts.named import clips
from thermeld.errors import BadSetting, SizeMismatch, UnreadableFile
from thermeld.io.files import shown


@dataclass(frozen=True)
class FramePair:
    """One moment in both clips.

    Attributes:
        stem: name of the clip and number of the frame, from 0, as "0111_1716-00030".
        ir: uint8 (H, W).
        vis: uint8 (H, W, 3), RGB.
    """

    stem: str
    ir: NDArray[np.uint8]
    vis: NDArray[np.uint8]


def clip_frames(folder: str | Path, *, stride: int = 15) -> Iterator[FramePair]:
    """Every `stride`-th frame of all clips in folder/ir and folder/vi, as those of m2vd.

    Raises:
        UnreadableFile, SizeMismatch, BadSetting: see `frame_pairs`.
    """
    for clip in clips(Path(folder), "all").pairs:
        if clip.ir is not None:
            yield from frame_pairs(clip.ir, clip.vis, stride=stride)


def frame_pairs(ir: str | Path, vis: str | Path, *, stride: int = 15) -> Iterator[FramePair]:
    """Every `stride`-th frame of two clips that run in step, from the first on.

    Frames of coloured infrared clips become grey by their luminance: what the three channels
    differ by is the coding's noise. Frames between two that are yielded are decoded but not
    converted; neighbours show nearly the same, so training wants half a second between them.

    Args:
        ir: infrared clip.
        vis: visible clip of the same size and length.
        stride: 15 is half a second at 30 frames per second.

    Raises:
        UnreadableFile: a clip is missing, does not open, or ends before the other.
        SizeMismatch: frames differ in size.
        BadSetting: a stride below 1.
    """
    if stride < 1:
        raise BadSetting(f"stride must be at least 1, got {stride}")
    ir, vis = Path(ir), Path(vis)
    with _opened(ir) as ir_clip, _opened(vis) as vis_clip:
        number = 0
        while _both_go_on((ir_clip, ir), (vis_clip, vis), number):
            if number % stride == 0:
                yield _pair(f"{vis.stem}-{number:05}", (ir_clip, ir), (vis_clip, vis))
            number += 1
    if number == 0:
        raise UnreadableFile(f"{shown(ir)}: no frame can be decoded; export the clip again")


Clip = tuple[cv2.VideoCapture, Path]


def _both_go_on(ir: Clip, vis: Clip, number: int) -> bool:
    ir_more, vis_more = ir[0].grab(), vis[0].grab()
    if ir_more != vis_more:
        short, other = (vis, ir) if ir_more else (ir, vis)
        raise UnreadableFile(
            f"{shown(short[1])}: ends after {number} frames but {shown(other[1])} goes on; "
            "one of them is cut off"
        )
    return bool(ir_more)


def _pair(stem: str, ir: Clip, vis: Clip) -> FramePair:
    heat, colour = _frame(ir), _frame(vis)
    if heat.shape[:2] != colour.shape[:2]:
        raise SizeMismatch(
            f"{shown(ir[1])} is {heat.shape[1]}x{heat.shape[0]} but {shown(vis[1])} is "
            f"{colour.shape[1]}x{colour.shape[0]}; these clips are not registered"
        )
    grey = cv2.cvtColor(heat, cv2.COLOR_BGR2GRAY)
    rgb = cv2.cvtColor(colour, cv2.COLOR_BGR2RGB)
    return FramePair(stem, np.asarray(grey, np.uint8), np.asarray(rgb, np.uint8))


def _frame(clip: Clip) -> NDArray[np.uint8]:
    good, frame = clip[0].retrieve()
    if not good or frame.ndim != 3 or frame.dtype != np.uint8:
        raise UnreadableFile(f"{shown(clip[1])}: a frame cannot be decoded; export the clip again")
    return np.asarray(frame, np.uint8)


@contextmanager
def _opened(path: Path) -> Iterator[cv2.VideoCapture]:
    if not path.is_file():  # OpenCV would take some other names for cameras or addresses
        raise UnreadableFile(f"{shown(path)}: no such clip; check the spelling")
    name = str(path.resolve())
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise UnreadableFile(f"{shown(path)}: its name is not UTF-8; rename it") from error
    clip = cv2.VideoCapture(name, cv2.CAP_FFMPEG)
    try:
        if not clip.isOpened():
            raise UnreadableFile(f"{shown(path)}: not a clip that can be decoded")
        yield clip
    finally:
        clip.release()
