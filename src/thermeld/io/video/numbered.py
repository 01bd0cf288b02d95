"""A folder of numbered frames as a stream, and a stream as such a folder."""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from thermeld.errors import UnreadableFile
from thermeld.image import Stored
from thermeld.io.files import read_image
from thermeld.io.headers import SUFFIXES
from thermeld.io.pairing import natural
from thermeld.io.video.frames import Facts, Frame, safe_name
from thermeld.io.writing import write_image

NUMBER = re.compile(r"(\d+)\D*$")


class NumberedFrames:
    """The images of a folder in the order of their numbers.

    Where the last numbers in the names count frames (with gaps at no more than half of them), a
    gap in the numbers is a gap in time; else every file is simply the next frame.

    Args:
        folder: hidden files and other kinds of files in it are passed over.
        fps: rate at which the frames were taken.

    Raises:
        UnreadableFile: the folder cannot be listed, holds no image, or its first one is damaged.
    """

    def __init__(self, folder: Path, fps: Fraction) -> None:
        self._files = _images(folder)
        self._numbers = _numbers(self._files)
        size = read_image(self._files[0]).pixels.shape[:2]
        self.facts = Facts(
            name=safe_name(str(folder)),
            size=(size[0], size[1]),
            fps=fps,
            count=self._numbers[-1] + 1,
        )

    def __iter__(self) -> Iterator[Frame]:
        for number, path in zip(self._numbers, self._files, strict=True):
            seconds = float(number / self.facts.fps)
            try:
                yield Frame(read_image(path).pixels, seconds)
            except UnreadableFile as error:
                yield Frame(None, seconds, str(error))

    def close(self) -> None:
        """Nothing is open between frames."""


def _images(folder: Path) -> list[Path]:
    try:
        files = [
            path
            for path in folder.iterdir()
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
        ]
    except OSError as error:
        raise UnreadableFile(
            f"{safe_name(str(folder))}: cannot be listed ({error.strerror}); check access rights"
        ) from error
    if not files:
        raise UnreadableFile(
            f"{safe_name(str(folder))}: holds no image; expected numbered frames with names "
            f"ending with {' '.join(SUFFIXES)}"
        )
    return sorted(files, key=lambda path: natural(path.name))


def _numbers(files: list[Path]) -> list[int]:
    """The place of each file in time, in frames since the first."""
    found = [NUMBER.search(path.stem) for path in files]
    numbers = [int(match.group(1)) if match else -1 for match in found]
    rising = all(low < high for low, high in pairwise(numbers))
    dense = numbers[-1] - numbers[0] < 2 * len(numbers)
    if None in found or not rising or not dense:  # time stamps, or several numberings mixed
        return list(range(len(files)))
    return [number - numbers[0] for number in numbers]


class FolderEncoder:
    """Frames as 000001.png, 000002.png, ...: lossless, 8 or 16 bit."""

    codec = "png"
    notes: tuple[str, ...] = ()

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written = 0

    def write(self, pixels: Stored) -> None:
        """Append a frame."""
        self._written += 1
        write_image(self._folder / f"{self._written:06}.png", pixels)

    def close(self) -> None:
        """Every frame is complete already."""
