"""The application segments of a JPEG, where thermal cameras keep what they measured.

Source: ITU T.81 annex B.
"""

from collections.abc import Iterator

from thermeld.errors import UnreadableFile
from thermeld.io.tiff import CUT_OFF, unpack

SOS, EOI = 0xDA, 0xD9
APP0, APP15 = 0xE0, 0xEF
BARE = {0x01, *range(0xD0, 0xD9)}  # markers that stand alone


def app_segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """Number (0 to 15) and content of each application segment before the picture data.

    Raises:
        UnreadableFile: the file ends inside a segment.
    """
    at = 2  # behind the marker that begins every JPEG
    while True:
        (lead, marker) = unpack(">BB", jpeg, at)
        if lead != 0xFF:
            return  # no segment begins here, so no later one could be found for sure
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker in (SOS, EOI):
            return
        at += 2
        if marker in BARE:
            continue
        (length,) = unpack(">H", jpeg, at)
        if length < 2 or at + length > len(jpeg):
            raise UnreadableFile(CUT_OFF)
        if APP0 <= marker <= APP15:
            yield marker - APP0, jpeg[at + 2 : at + length]
        at += length
