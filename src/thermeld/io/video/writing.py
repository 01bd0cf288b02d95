"""Frames to a video file or a folder of numbered frames, there when complete or not at all."""

import os
from fractions import Fraction
from os import W_OK, access
from pathlib import Path
from shutil import rmtree
from types import TracebackType
from typing import Protocol

import numpy as np

from thermeld.errors import BadImage, BadSetting, UnwritableFile
from thermeld.image import Stored, to_depth
from thermeld.io.files import shown
from thermeld.io.parts import hold, part_beside, sweep
from thermeld.io.video.numbered import FolderEncoder
from thermeld.io.video.opening import pyav_installed

# Suffix: FFmpeg's name of the container, and codecs from the one preferred to the last resort.
CODECS: dict[str, tuple[str, tuple[str, ...]]] = {
    ".mp4": ("mp4", ("libx264", "mpeg4")),
    ".mov": ("mov", ("libx264", "mpeg4")),
    ".mkv": ("matroska", ("ffv1",)),
}
OPENCV_CODECS = {".mp4": "mpeg4", ".mov": "mpeg4", ".mkv": "ffv1"}


class Encoder(Protocol):
    """What writes frames in one format."""

    codec: str
    notes: tuple[str, ...]

    def write(self, pixels: Stored) -> None:
        """Append a frame."""
        ...

    def close(self) -> None:
        """Make the file complete."""
        ...


class VideoWriter:
    """A context in which frames are written; the result gets its name when it ends well.

    Args:
        out: ends with .mp4 or .mov (H.264, else MPEG-4), .mkv (FFV1, lossless), or has no suffix:
            a folder of numbered PNG files, lossless too. Its own folder must exist.
        fps: of the video.
        overwrite: replace a file that is there; a folder with something in it never is.
        backend: "pyav", "opencv", or "auto".

    Raises:
        BadSetting: a suffix that means no video.
        UnwritableFile: before any work: exists, folder missing, no permission, no encoder.
    """

    def __init__(
        self, out: str | Path, fps: Fraction, *, overwrite: bool = False, backend: str = "auto"
    ) -> None:
        self.out = Path(out)
        self.fps = fps
        self.frames = 0
        self._pyav = backend == "pyav" or (backend == "auto" and pyav_installed())
        require_video_target(self.out, overwrite)
        self.codec = _codec(self.out, self._pyav)
        sweep(self.out.absolute().parent)  # what a killed run left
        self._part = part_beside(self.out)
        self._held: int | None = None
        self._encoder: Encoder | None = None
        self._first: tuple[tuple[int, ...], np.dtype[np.generic]] | None = None

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        try:
            if self._encoder is not None:
                encoder, self._encoder = self._encoder, None
                encoder.close()
                if kind is None:
                    self._part.replace(self.out)
        except OSError as error:
            raise UnwritableFile(f"{shown(self.out)}: {error.strerror or error}") from error
        finally:
            self._discard()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the format could not keep."""
        return self._encoder.notes if self._encoder else ()

    def write(self, pixels: Stored) -> None:
        """Append a frame; all have the size and channels of the first.

        Raises:
            BadImage: a frame unlike the first.
            UnwritableFile: disk full, encoder failed.
        """
        if np.issubdtype(pixels.dtype, np.floating):
            pixels = to_depth(np.asarray(pixels, np.float32), np.uint16)
        kind = (pixels.shape, pixels.dtype)
        if self._encoder is None:
            self._first = kind
            self._encoder = self._open(pixels)
            self._held = hold(self._part)
        if kind != self._first:
            raise BadImage(f"a frame of {pixels.dtype} {pixels.shape} amid others of {self._first}")
        self._encoder.write(pixels)
        self.frames += 1

    def _open(self, first: Stored) -> Encoder:
        try:
            if self.out.suffix == "":
                self._part.mkdir()
                return FolderEncoder(self._part)
            if not self._pyav:
                from thermeld.io.video.opencv import OpencvEncoder

                return OpencvEncoder(self._part, self.codec, fps=self.fps, first=first)
            from thermeld.io.video.pyav import PyavEncoder

            container = CODECS[self.out.suffix.lower()][0]
            return PyavEncoder(self._part, container, self.codec, fps=self.fps, first=first)
        except OSError as error:
            raise UnwritableFile(f"{shown(self.out)}: {error.strerror or error}") from error

    def _discard(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None
        if self._part.is_dir():
            rmtree(self._part)
        self._part.unlink(missing_ok=True)


def require_video_target(out: Path, overwrite: bool) -> None:
    """Refuse a place that cannot take a video, before work is spent on it.

    Raises:
        BadSetting: the name means no video.
        UnwritableFile: exists and may not be replaced, its folder is missing, no permission.
    """
    if out.suffix and out.suffix.lower() not in CODECS:
        raise BadSetting(
            f"{shown(out)}: the name must end with {' '.join(CODECS)}, or have no suffix for a "
            "folder of numbered frames"
        )
    parent = out.absolute().parent
    if not parent.is_dir():
        raise UnwritableFile(f"{shown(parent)}: no such folder; make it first")
    if not access(parent, W_OK):
        raise UnwritableFile(f"{shown(parent)}: no permission to write; choose another folder")
    if out.is_dir() and (out.suffix or any(out.iterdir())):
        raise UnwritableFile(f"{shown(out)}: is a folder with files in it; choose another name")
    if out.exists() and not out.is_dir() and not overwrite:
        raise UnwritableFile(
            f"{shown(out)}: exists already; choose another name or allow it with --overwrite"
        )


def _codec(out: Path, pyav: bool) -> str:
    """The codec that will be used.

    Raises:
        UnwritableFile: none of those that the suffix allows can be written here.
    """
    if out.suffix == "":
        return FolderEncoder.codec
    if not pyav:
        return OPENCV_CODECS[out.suffix.lower()]
    from thermeld.io.video.pyav import has_encoder

    wanted = CODECS[out.suffix.lower()][1]
    for codec in wanted:
        if has_encoder(codec):
            return codec
    raise UnwritableFile(
        f"{shown(out)}: this FFmpeg has no encoder for it ({', '.join(wanted)}); "
        "write .mkv, or a folder of numbered frames"
    )
