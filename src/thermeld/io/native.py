"""Decoding with OpenCV, and hearing what the libraries below it complain about.

libjpeg, libpng and libtiff report on standard error and go on: a picture that is damaged in the
middle comes back half grey, with a line on the user's terminal that names no file. That line is
the only sign there is, so it is caught and judged here.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from threading import Lock
from typing import IO

import cv2
import numpy as np

from thermeld.errors import UnreadableFile
from thermeld.image import Stored

# What follows is filler. Not among them: "extraneous bytes before marker 0xd9", for some cameras
# pad the end of a good picture.
DAMAGE = re.compile(
    rb"premature end of data segment|bad Huffman code|bad arithmetic code|before marker 0xd[0-7]"
    rb"|Inconsistent progression|Premature end of JPEG|TIFF_Error"
)
NATIVE = re.compile(
    rb"Corrupt JPEG|Premature end of JPEG|Inconsistent progression|Invalid SOS|Unknown Adobe"
    rb"|Warning: unknown JFIF|libpng (error|warning)|\[[ A-Z]+:\d+@"
)
STANDARD_ERROR = 2
_alone = Lock()  # the process has one standard error
if hasattr(os, "register_at_fork"):
    # A child forked in mid-catch would wait for this lock for ever, and write its own errors
    # into our file.
    os.register_at_fork(
        before=_alone.acquire, after_in_parent=_alone.release, after_in_child=_alone.release
    )


def decode(payload: bytes) -> Stored | None:
    """Pixels as stored, (H, W) or (H, W, 3 or 4) in BGR(A) order; None if OpenCV gives up.

    Threads take turns: 2 to 8 ms per megapixel.

    Raises:
        UnreadableFile: the decoder filled in for data that it could not use.
    """
    complaints: list[bytes] = []
    try:
        with _alone, _caught(complaints):
            pixels = cv2.imdecode(np.frombuffer(payload, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None  # how OpenCV refuses some sizes; there is no more to learn from it
    if pixels is not None and any(DAMAGE.search(line) for line in complaints):
        raise UnreadableFile("damaged inside its picture data; copy or export it again")
    return pixels


@contextmanager
def _caught(complaints: list[bytes]) -> Iterator[None]:
    """Fill `complaints` with lines of native libraries; lines of other threads are passed on."""
    opened = _open_catch()
    if opened is None:
        yield
        return
    catch, terminal = opened
    log = cv2.utils.logging
    level = log.setLogLevel(log.LOG_LEVEL_ERROR)  # without it, TIFF errors are not told
    os.dup2(catch.fileno(), STANDARD_ERROR)
    try:
        yield
    finally:
        os.dup2(terminal, STANDARD_ERROR)
        os.close(terminal)
        log.setLogLevel(level)
        with catch:
            catch.seek(0)
            _sort_out(catch.readlines(), complaints)


def _open_catch() -> tuple[IO[bytes], int] | None:
    """A file to catch lines in, and a way back; None where there is no standard error or disk."""
    try:
        terminal = os.dup(STANDARD_ERROR)
    except OSError:
        return None
    try:
        return TemporaryFile(), terminal
    except OSError:
        os.close(terminal)
        return None


def _sort_out(lines: list[bytes], complaints: list[bytes]) -> None:
    """OpenCV's messages may run over several lines, up to an empty one."""
    inside = False
    for line in lines:
        inside = bool(NATIVE.match(line)) or (inside and bool(line.strip()))
        if inside:
            complaints.append(line)
        elif line.strip():
            os.write(STANDARD_ERROR, line)
