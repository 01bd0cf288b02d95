"""From what a user types (file, folder, device number, address) to an opened stream."""

import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

from thermeld.errors import BadSetting, UnreadableFile
from thermeld.io.video.frames import Facts, Frame, Source, is_address, safe_name
from thermeld.io.video.numbered import NumberedFrames

LONGEST_GAP_S = 0.25
BACKENDS = ("auto", "pyav", "opencv")


def open_source(
    where: str | Path,
    *,
    gray: bool = False,
    frames_fps: Fraction | None = None,
    realtime: bool = False,
    backend: str = "auto",
) -> Source:
    """Open a stream of frames.

    Args:
        where: a video file, a folder of numbered frames, a device number ("0"), or an address
            (rtsp://, http://, ...).
        gray: give colour video as its luminance, which is quicker; folders stay as they are.
        frames_fps: rate of numbered frames, which state none; None for 25.
        realtime: play files and folders at their speed, as if they were cameras.
        backend: "pyav", "opencv", or "auto": PyAV where it is installed; devices by OpenCV.

    Raises:
        UnreadableFile: nothing there, or not a video; the message says what to check.
        MissingExtra: PyAV was asked for and is not installed.
        BadSetting: unknown backend.
    """
    if backend not in BACKENDS:
        raise BadSetting(f"backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
    text = str(where)
    source = _recording(text, gray, frames_fps, backend)
    return Paced(source) if realtime and not source.facts.live else source


def _recording(text: str, gray: bool, frames_fps: Fraction | None, backend: str) -> Source:
    path = Path(text)
    if is_address(text):
        return _decoded(text, gray, backend, live=True)
    if is_device(text):
        from thermeld.io.video.opencv import OpencvSource

        return OpencvSource(int(text), gray=gray)
    _require_there(path)
    if path.is_dir():
        return NumberedFrames(path, frames_fps or Fraction(25))
    return _decoded(text, gray, backend, live=False)


def _decoded(text: str, gray: bool, backend: str, *, live: bool) -> Source:
    if backend == "opencv" or (backend == "auto" and not pyav_installed()):
        from thermeld.io.video.opencv import OpencvSource

        return OpencvSource(text, gray=gray)
    from thermeld.io.video.pyav import PyavSource

    return PyavSource(text, gray=gray, live=live)


def pyav_installed() -> bool:
    """Whether the `video` extra is there."""
    return find_spec("av") is not None


def is_device(where: str) -> bool:
    """Whether this is the number of a camera: digits only, and no file of that name."""
    return where.isdecimal() and not Path(where).exists()


def is_endless(where: str | Path) -> bool:
    """Whether this names a camera or an address, known without opening it."""
    return is_device(str(where)) or is_address(str(where))


def _require_there(path: Path) -> None:
    try:
        there = path.exists()
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise UnreadableFile(f"{safe_name(str(path))}: {error}; check the path") from error
    if not there:
        raise UnreadableFile(
            f"{safe_name(str(path))}: does not exist; give a video file, a folder of numbered "
            "frames, a device number or an address as rtsp://camera/stream"
        )


class Paced:
    """A recording played at its own speed, its frames stamped with this machine's clock.

    A frame for which it is too late is left out, as a camera would; not all of them are, even
    where decoding is slower than the recording.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.facts: Facts = replace(source.facts, live=True, count=None)

    def __iter__(self) -> Iterator[Frame]:
        begun = time.monotonic()
        lasts = 1.0 / float(self.facts.fps)
        shown = begun
        for frame in self._source:
            ahead = begun + frame.seconds - time.monotonic()
            if ahead > 0.0:
                time.sleep(ahead)
            elif ahead < -lasts and time.monotonic() - shown < LONGEST_GAP_S:
                continue
            shown = time.monotonic()
            yield replace(frame, seconds=shown)

    def close(self) -> None:
        """Close the recording."""
        self._source.close()
