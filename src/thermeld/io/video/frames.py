"""What a stream of frames is, wherever it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from re import compile as pattern
from typing import Protocol

from thermeld.image import Stored

ADDRESS = pattern(r"(?i)^(rtsps?|https?|udp|tcp|rtmps?|srt)://")
CREDENTIALS = pattern(r"://[^/@]*@")
RATES = range(1, 1001)  # frames per second that are believed


@dataclass(frozen=True)
class Frame:
    """One picture of a stream.

    Attributes:
        pixels: uint8 or uint16 (a folder may also hold floats), (H, W) or (H, W, 3) RGB; None
            where the stream has a frame that cannot be read.
        seconds: since the first frame of a recording; of a live stream the clock of this machine.
        problem: why there are no pixels, else "".
    """

    pixels: Stored | None
    seconds: float
    problem: str = ""


@dataclass(frozen=True)
class Facts:
    """What is known of a stream before its frames are read.

    Attributes:
        name: where it comes from, without user name and password.
        size: (H, W).
        fps: frames per second, as stated by the file or camera.
        count: frames to come, None where unknown; files state it with small errors.
        audio: there is sound too, which nobody here keeps.
        live: frames come when they come, and are lost if nobody takes them.
    """

    name: str
    size: tuple[int, int]
    fps: Fraction
    count: int | None = None
    audio: bool = False
    live: bool = False


class Source(Protocol):
    """An opened stream. Read and close it in one and the same thread."""

    facts: Facts

    def __iter__(self) -> Iterator[Frame]:
        """The frames in order, once."""
        ...

    def close(self) -> None:
        """Give file, camera or connection back; may be called twice."""
        ...


def rate(value: float | Fraction | None, otherwise: Fraction = Fraction(25)) -> Fraction:
    """A believable frame rate as an exact fraction, 29.97 as 30000/1001."""
    if not value or not RATES[0] <= value <= RATES[-1]:
        return otherwise
    if isinstance(value, Fraction):
        return value.limit_denominator(1001)
    ntsc = Fraction(round(value * 1.001) * 1000, 1001)
    return ntsc if abs(float(ntsc) - value) < 5e-3 else Fraction(value).limit_denominator(1001)


def is_address(where: str) -> bool:
    """Whether this names a network stream rather than a file."""
    return bool(ADDRESS.match(where))


def safe_name(where: str) -> str:
    """An address without its user name and password, on one printable line."""
    name = CREDENTIALS.sub("://***@", where)
    return name if name.isprintable() else ascii(name)
