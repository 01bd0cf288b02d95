"""Streams by OpenCV: cameras by number, and files where PyAV is not installed.

OpenCV hides broken frames (it gives the next good one, at its later time) and sound, and always
gives 8 bits.
"""

import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from thermeld.errors import UnreadableFile, UnwritableFile
from thermeld.image import Stored
from thermeld.io.video.frames import Facts, Frame, is_address, rate, safe_name

FOURCC = {"mpeg4": "mp4v", "ffv1": "FFV1"}


class OpencvSource:
    """A camera by its number, a video file, or the stream at an address; 8 bit.

    Raises:
        UnreadableFile: it cannot be opened, or gives no frame.
    """

    def __init__(self, where: str | int, *, gray: bool = False) -> None:
        self._gray = gray
        name = f"camera {where}" if isinstance(where, int) else safe_name(where)
        self._live = isinstance(where, int) or is_address(where)
        kind = cv2.CAP_ANY if isinstance(where, int) else cv2.CAP_FFMPEG
        self._capture = cv2.VideoCapture(where, kind)
        read, first = self._capture.read()
        self._first: Stored | None = first if read else None
        if self._first is None:
            self.close()
            raise UnreadableFile(f"{name}: gives no picture; {_cure(where)}")
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        height, width = self._first.shape[:2]
        self.facts = Facts(
            name=name,
            size=(height, width),
            fps=rate(self._capture.get(cv2.CAP_PROP_FPS)),
            count=count if count > 0 and not self._live else None,
            live=self._live,
        )

    def __iter__(self) -> Iterator[Frame]:
        step = 1.0 / float(self.facts.fps)
        begun = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        picture, at = self._first, 0.0
        self._first = None
        while picture is not None:
            yield Frame(self._pixels(picture), time.monotonic() if self._live else at)
            read, picture = self._capture.read()
            if not read:
                return
            stamp = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0 - begun
            at = stamp if stamp > at else at + step  # some formats have no stamps

    def _pixels(self, picture: Stored) -> Stored:
        code = cv2.COLOR_BGR2GRAY if self._gray else cv2.COLOR_BGR2RGB
        return picture if picture.ndim == 2 else cv2.cvtColor(picture, code)  # type: ignore[arg-type]

    def close(self) -> None:
        """Close the file, connection or camera."""
        self._capture.release()


def _cure(where: str | int) -> str:
    if isinstance(where, int):
        return "check that the camera is plugged in and free, and its number (/dev/video*)"
    if is_address(where):
        return "check the address, the network and the camera"
    return "it is no video that OpenCV knows; install PyAV (pip install 'thermeld[video]')"


class OpencvEncoder:
    """A video file being written, 8 bit; the first frame decides its size and kind.

    Raises:
        UnwritableFile: this OpenCV has no such encoder, or the place cannot be written to.
    """

    def __init__(self, path: Path, codec: str, *, fps: Fraction, first: Stored) -> None:
        self.codec = codec
        self._size = first.shape[:2]
        notes = ["16 bits became 8; PyAV keeps them in .mkv"] if first.dtype == np.uint16 else []
        self.notes = tuple(notes)
        self._writer = cv2.VideoWriter(
            str(path),
            cv2.CAP_FFMPEG,
            cv2.VideoWriter.fourcc(*FOURCC[codec]),
            float(fps),
            self._size[::-1],
        )
        if not self._writer.isOpened():
            raise UnwritableFile(
                f"OpenCV cannot write {codec} video of {self._size[1]}x{self._size[0]}; "
                "install PyAV (pip install 'thermeld[video]')"
            )

    def write(self, pixels: Stored) -> None:
        """Append a frame of the kind of the first."""
        if pixels.dtype == np.uint16:
            pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
        code = cv2.COLOR_GRAY2BGR if pixels.ndim == 2 else cv2.COLOR_RGB2BGR
        self._writer.write(cv2.cvtColor(pixels, code))  # type: ignore[arg-type]

    def close(self) -> None:
        """Write the index that makes the file playable."""
        self._writer.release()
