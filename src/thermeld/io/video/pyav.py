"""Streams by PyAV (FFmpeg's libraries): exact time stamps, broken frames seen as broken."""

import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from thermeld.errors import UnreadableFile, UnwritableFile
from thermeld.image import Stored
from thermeld.io.video.frames import Facts, Frame, is_address, rate, safe_name
from thermeld.registry import need

TIMEOUT_S = 10.0
LOOKED_AT = 100  # frames within which one must be readable
BT601 = 6  # SMPTE 170M, FFmpeg's number of the matrix that luminance here is made by
LIMITED = 1  # 16 to 235, as players expect


def _av() -> Any:
    av = need("av", "video")
    av.logging.set_level(av.logging.PANIC)  # what is broken is counted and told by us
    return av


class PyavSource:
    """A video file, or the stream at an address.

    Pixels are (H, W) for video of one plane or if `gray` was asked for, else RGB; uint16 where
    the video holds more than 8 bits. Turned upright as the file says.

    Raises:
        MissingExtra: PyAV is not installed.
        UnreadableFile: not a video, no picture in it, or none of its first frames can be read.
    """

    def __init__(self, where: str, *, gray: bool = False, live: bool = False) -> None:
        self._av = _av()
        self._live = live
        self._gray = gray
        name = safe_name(where)
        try:
            self._container = self._av.open(where, timeout=TIMEOUT_S, options=_options(where))
        except (self._av.error.FFmpegError, OSError) as error:
            raise UnreadableFile(_unreadable(name, error)) from error
        if not self._container.streams.video:
            self.close()
            raise UnreadableFile(f"{name}: has no picture, only sound or text; give a video")
        stream = self._container.streams.video[0]
        # Threads per frame would tell of a broken frame too late, at another one's time; and two
        # streams are decoded side by side anyway.
        stream.thread_type = "SLICE"
        self._fps = rate(stream.average_rate or stream.guessed_rate)
        self._frames = self._decode(stream)
        first = self._first(name)
        self.facts = Facts(
            name=name,
            size=(first.shape[0], first.shape[1]),
            fps=self._fps,
            count=None if live else _count(stream, self._fps),
            audio=bool(self._container.streams.audio),
            live=live,
        )

    def __iter__(self) -> Iterator[Frame]:
        return self._frames

    def close(self) -> None:
        """Close the file or connection."""
        self._container.close()

    def _first(self, name: str) -> Stored:
        """The first readable frame; it and those before it stay in the stream."""
        looked: list[Frame] = []
        for frame in self._frames:
            looked.append(frame)
            if frame.pixels is not None:
                self._frames = chain(looked, self._frames)
                return frame.pixels
            if len(looked) == LOOKED_AT:
                break
        self.close()
        why = looked[0].problem if looked else "there are none"
        raise UnreadableFile(f"{name}: none of its first frames can be read ({why}); record again")

    def _decode(self, stream: Any) -> Iterator[Frame]:
        step = 1.0 / float(self._fps)
        begun: float | None = None
        at = -step
        broken: list[Frame] = []  # the decoder tells of them before it gives earlier frames
        try:
            for packet in self._container.demux(stream):
                for picture, stamp, problem in self._pictures(packet):
                    if stamp is not None and begun is None:
                        begun = stamp - (at + step)  # goes on from frames without a stamp
                    time_of = at + step if stamp is None or begun is None else stamp - begun
                    if picture is None:
                        broken.append(self._frame(None, time_of, problem))
                        continue
                    at = time_of
                    yield from _due(broken, inf if self._live else at)
                    pixels = None if problem else self._pixels(picture)
                    yield self._frame(pixels, at, problem)
        except (self._av.error.FFmpegError, OSError) as error:
            # Cut off, or damaged beyond finding the next frame: the stream ends here.
            problem = f"the stream breaks off ({error.strerror or error})"
            broken.append(self._frame(None, at + step, problem))
        yield from _due(broken, inf)

    def _frame(self, pixels: Stored | None, seconds: float, problem: str) -> Frame:
        return Frame(pixels, time.monotonic() if self._live else seconds, problem)

    def _pictures(self, packet: Any) -> Iterator[tuple[Any, float | None, str]]:
        """Each picture that a packet completes, or None; when it is shown; what is wrong."""
        try:
            for picture in packet.decode():
                yield picture, picture.time, "damaged" if picture.is_corrupt else ""
        except self._av.error.InvalidDataError as error:
            stamp = None if packet.pts is None else float(packet.pts * packet.time_base)
            yield None, stamp, str(error.strerror)

    def _pixels(self, picture: Any) -> Stored:
        kind = picture.format
        deep = max(component.bits for component in kind.components) > 8
        # A palette has one component whose values are no brightness.
        plane = self._gray or (len(kind.components) == 1 and not kind.has_palette)
        target = ("gray16le" if deep else "gray") if plane else ("rgb48le" if deep else "rgb24")
        pixels: Stored = picture.to_ndarray(format=target)
        turns = round(picture.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


def _due(broken: list[Frame], seconds: float) -> Iterator[Frame]:
    """Take out the broken frames up to that time, in their order."""
    broken.sort(key=lambda frame: frame.seconds)
    while broken and broken[0].seconds <= seconds:
        yield broken.pop(0)


def _options(where: str) -> dict[str, str]:
    # Over UDP, RTSP loses packets, and each loss is a damaged frame.
    return {"rtsp_transport": "tcp"} if where.lower().startswith("rtsp") else {}


def _count(stream: Any, fps: Fraction) -> int | None:
    if stream.frames:
        return int(stream.frames)
    if stream.duration and stream.time_base:
        return round(float(stream.duration * stream.time_base * fps))
    total = stream.container.duration
    return int(total / 1_000_000 * fps) if total else None


def _unreadable(name: str, error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    cure = (
        "check the address, the network and the camera"
        if is_address(name)
        else ("give a video, as .mp4, .mkv or .avi; one that was cut off needs repair first")
    )
    return f"{name}: cannot be opened as video ({reason}); {cure}"


class PyavEncoder:
    """A video file being written; the first frame decides its size and kind.

    Args:
        path: where to; its name does not decide the format.
        container: "mp4", "mov" or "matroska".
        codec: a name of `CODECS` in `thermeld.io.video.writing`.
        fps: of the video.
        first: a frame like all that will come.

    Raises:
        UnwritableFile: the encoder cannot do it.
    """

    def __init__(
        self, path: Path, container: str, codec: str, *, fps: Fraction, first: Stored
    ) -> None:
        self._av = _av()
        self.codec = codec
        self._lossless = codec == "ffv1"
        self.notes = _notes(first, self._lossless)
        self._source, self._stored = _formats(first, self._lossless)
        height, width = first.shape[:2]
        if not self._lossless:
            height, width = height + height % 2, width + width % 2
        with self._refusing("open"):
            self._container = self._av.open(str(path), "w", format=container)
            self._stream = self._container.add_stream(
                codec, rate=fps, options=_QUALITY.get(codec, {})
            )
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = self._stored
        self._stream.codec_context.time_base = 1 / fps
        if not self._lossless:
            self._stream.codec_context.colorspace = BT601
            self._stream.codec_context.color_range = LIMITED
        self._written = 0

    def write(self, pixels: Stored) -> None:
        """Append a frame of the kind of the first."""
        frame = self._av.VideoFrame.from_ndarray(_fitting(pixels, self._lossless), self._source)
        if self._stored != self._source:
            frame = frame.reformat(format=self._stored, **self._matrix())
        frame.pts, frame.time_base = self._written, self._stream.codec_context.time_base
        self._written += 1
        self._put(frame)

    def _matrix(self) -> dict[str, str]:
        return {} if self._lossless else {"dst_colorspace": "ITU601"}

    def _put(self, frame: Any) -> None:
        with self._refusing("write"):
            for packet in self._stream.encode(frame):
                self._container.mux(packet)

    def close(self) -> None:
        """Write what the encoder still holds, and the index that makes the file playable."""
        if self._written:
            self._put(None)
        with self._refusing("finish"):
            self._container.close()

    def _refusing(self, what: str) -> "_Refusing":
        return _Refusing(self._av.error.FFmpegError, f"cannot {what} a {self.codec} video")


class _Refusing:
    """Turn what FFmpeg refuses into a refusal of ours."""

    def __init__(self, kind: type[Exception], what: str) -> None:
        self._kind = kind
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: Any, error: BaseException | None, __: Any) -> None:
        if isinstance(error, self._kind | OSError):
            reason = getattr(error, "strerror", None) or error
            raise UnwritableFile(f"{self._what} ({reason}); free space or write .mkv") from error


def has_encoder(codec: str) -> bool:
    """Whether this PyAV can write that codec."""
    av = _av()
    try:
        av.codec.Codec(codec, "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


# crf 18 is visually lossless in x264; veryfast costs a fortieth of the default method's time.
_QUALITY: dict[str, dict[str, str]] = {
    "libx264": {"crf": "18", "preset": "veryfast"},
    "mpeg4": {"qmin": "2", "qmax": "5"},
    "ffv1": {"level": "3", "slicecrc": "1"},
}


def _formats(first: Stored, lossless: bool) -> tuple[str, str]:
    """FFmpeg's names of how frames come and how they are stored."""
    deep = first.dtype == np.uint16
    if first.ndim == 2:
        plane = "gray16le" if deep and lossless else "gray"
        return plane, plane if lossless else "yuv420p"
    if not lossless:
        return "rgb24", "yuv420p"
    return ("rgb48le", "gbrp16le") if deep else ("rgb24", "bgr0")


def _notes(first: Stored, lossless: bool) -> tuple[str, ...]:
    notes = []
    if first.dtype == np.uint16 and not lossless:
        notes.append("16 bits became 8, which is all that mp4 and mov keep here; .mkv keeps 16")
    if not lossless and (first.shape[0] % 2 or first.shape[1] % 2):
        notes.append(
            "the last row or column was doubled, for such video has even sides; not so .mkv"
        )
    return tuple(notes)


def _fitting(pixels: Stored, lossless: bool) -> Stored:
    if lossless:
        return np.ascontiguousarray(pixels)
    if pixels.dtype == np.uint16:
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    odd = [(0, side % 2) for side in pixels.shape[:2]]
    if any(pad for _, pad in odd):
        pixels = np.pad(pixels, odd + [(0, 0)] * (pixels.ndim - 2), mode="edge")
    return np.ascontiguousarray(pixels)
