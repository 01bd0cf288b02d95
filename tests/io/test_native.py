"""Nothing of the C libraries reaches the user, and nothing half decoded does either."""

import os
import threading
import zlib

import cv2
import numpy as np
import pytest
from handmade import COUNTED, SMOOTH, chunk, opencv, png, png_of, tiff

from thermeld.errors import UnreadableFile
from thermeld.io.native import decode

JPEG = opencv(".jpg", cv2.resize(SMOOTH, (160, 120)))


@pytest.fixture(autouse=True)
def _silence(capfd):
    level = cv2.utils.logging.getLogLevel()
    yield
    assert capfd.readouterr().err == ""
    assert cv2.utils.logging.getLogLevel() == level


def test_a_jpeg_closed_after_half_its_data_is_refused():
    assert cv2.imdecode(np.frombuffer(JPEG, np.uint8), cv2.IMREAD_UNCHANGED) is not None
    with pytest.raises(UnreadableFile, match="damaged inside its picture data"):
        decode(JPEG[: len(JPEG) // 2] + b"\xff\xd9")


def test_padding_before_the_end_marker_is_no_damage():
    assert decode(JPEG[:-2] + bytes(40) + b"\xff\xd9") is not None


@pytest.mark.parametrize("scheme", [5, 8], ids=["LZW", "deflate"])
def test_a_damaged_compressed_tiff_is_refused(scheme):
    noise = np.random.default_rng(1).integers(0, 256, (60, 80), dtype=np.uint8)
    data = bytearray(opencv(".tiff", noise, cv2.IMWRITE_TIFF_COMPRESSION, scheme))
    data[300:340] = b"\xff" * 40  # codes that no table holds
    with pytest.raises(UnreadableFile, match="damaged inside its picture data"):
        decode(bytes(data))


@pytest.mark.parametrize(
    "packed",
    [b"not deflate at all", zlib.compress(bytes(9)), zlib.compress(b"\7" * 81)],
    ids=["nonsense", "too few rows", "unknown filter"],
)
def test_a_png_with_right_checksums_around_wrong_rows_gives_nothing(packed):
    assert decode(png_of(8, 9, 8, 0, b"", packed)) is None


def test_harmless_complaints_are_swallowed():
    assert decode(png(COUNTED, colour=2, extra=chunk(b"iCCP", b"x\0\0no profile"))) is not None
    assert decode(opencv(".tiff", np.dstack([SMOOTH, SMOOTH[:, :, 0]]))) is not None
    assert decode(tiff(SMOOTH.astype(np.float16))) is None  # OpenCV's message has five lines
    assert decode(b"nothing") is None


def test_what_others_write_meanwhile_is_passed_on(capfd, monkeypatch):
    plain = cv2.imdecode

    def slowly(data, flags):
        writer = threading.Thread(target=os.write, args=(2, b"from elsewhere\n"))
        writer.start()
        writer.join()
        os.write(2, b"Corrupt JPEG data: 3 extraneous bytes before marker 0xd9\n")
        return plain(data, flags)

    monkeypatch.setattr(cv2, "imdecode", slowly)
    assert decode(JPEG) is not None
    assert capfd.readouterr().err == "from elsewhere\n"


def test_threads_hear_only_of_their_own_picture():
    half = JPEG[: len(JPEG) // 2] + b"\xff\xd9"
    wrong = []

    def work(data: bytes, damaged: bool) -> None:
        for _ in range(30):
            try:
                decode(data)
                wrong.append("missed") if damaged else None
            except UnreadableFile:
                wrong.append("blamed") if not damaged else None

    threads = [
        threading.Thread(target=work, args=pair) for pair in [(JPEG, False), (half, True)] * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_without_standard_error_pictures_are_still_read():
    terminal = os.dup(2)
    os.close(2)
    try:
        assert decode(JPEG).shape == (120, 160, 3)
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
