"""What is wrong with a label file: class maps as indices or VOC colours, boxes as VOC XML."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from thermeld.errors import UnreadableFile
from thermeld.io import read_image
from thermeld.io.files import shown

VOID = 255  # not labelled
VOC_CLASSES = 21
LARGEST_XML = 1 << 20  # bytes

Size = tuple[int, int]  # (H, W) of the pictures
Complaint = Callable[[Path, Size], str]  # "" if nothing is wrong


@dataclass(frozen=True)
class Labels:
    """How a set is labelled.

    Attributes:
        what: in a few words.
        complaint: what is wrong with the labels of a picture of that size.
        spoils: whether a complaint makes the set unusable. Published boxes have a few empty ones
            (LLVIP: five), which training leaves out; a wrong class map would be learned.
    """

    what: str
    complaint: Complaint
    spoils: bool = True


def indices(count: int) -> Complaint:
    """Class maps whose values are 0 to count - 1, or 255 for void."""

    def complaint(path: Path, size: Size) -> str:
        values = read_image(path).pixels
        if values.ndim != 2:
            return "a class map has one channel; this one is coloured"
        if values.shape != size:
            return _size_differs(values.shape, size)
        present = np.unique(values)
        alien = [int(value) for value in present if value >= count and value != VOID]
        return f"label {alien[0]} where 0 to {count - 1} are classes" if alien else ""

    return complaint


def voc_colours(path: Path, size: Size) -> str:
    """Class maps drawn in the 21 colours of Pascal VOC and its border colour."""
    colours = read_image(path).pixels
    if colours.ndim != 3:
        return "a class map of Pascal VOC is coloured; this one is grey"
    if colours.shape[:2] != size:
        return _size_differs(colours.shape, size)
    used = np.unique(colours.reshape(-1, 3).astype(np.int64) @ (65536, 256, 1))
    alien = set(used.tolist()) - _VOC_CODES
    return f"colour #{min(alien):06x} is none of Pascal VOC" if alien else ""


def boxes(names: tuple[str, ...]) -> Complaint:
    """Boxes as VOC XML: size, and for each object a name and corners in pixels."""

    def complaint(path: Path, size: Size) -> str:
        root = _parsed(path)
        stated = tuple(_number(root, f"size/{axis}") for axis in ("height", "width"))
        if stated != size:
            return _size_differs(stated, size)
        for thing in root.iter("object"):
            name = (thing.findtext("name") or "").strip()
            if name not in names:
                return f"object {name!r} is none of {', '.join(names)}"
            sides = [_number(thing, f"bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax")]
            left, top, right, bottom = sides
            if not (0 <= left < right <= size[1] and 0 <= top < bottom <= size[0]):
                return f"box {left},{top} to {right},{bottom} of {name} lies outside the picture"
        return ""

    return complaint


def _parsed(path: Path) -> ElementTree.Element:
    try:
        if path.stat().st_size > LARGEST_XML:
            raise UnreadableFile(f"{shown(path)}: too large for a list of boxes")
        return ElementTree.fromstring(path.read_bytes())
    except (OSError, ElementTree.ParseError, LookupError, ValueError) as error:
        raise UnreadableFile(f"{shown(path)}: not readable as XML ({error})") from error


def _number(node: ElementTree.Element, path: str) -> int:
    text = node.findtext(path) or ""
    try:
        return round(float(text))
    except (ValueError, OverflowError) as error:
        raise UnreadableFile(f"no number at {path} in a list of boxes: {text!r}") from error


def _size_differs(found: tuple[int, ...], size: Size) -> str:
    return f"labels are {found[1]}x{found[0]}, the picture {size[1]}x{size[0]}"


def _voc_code(index: int) -> int:
    """Colour of a VOC class as 0xRRGGBB: its bits are dealt to red, green, blue from the top."""
    red = green = blue = 0
    for bit in range(8):
        red |= (index >> (3 * bit) & 1) << (7 - bit)
        green |= (index >> (3 * bit + 1) & 1) << (7 - bit)
        blue |= (index >> (3 * bit + 2) & 1) << (7 - bit)
    return red << 16 | green << 8 | blue


_VOC_CODES = {_voc_code(index) for index in (*range(VOC_CLASSES), VOID)}
