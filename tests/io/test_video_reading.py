import subprocess
import sys
import time
from fractions import Fraction
from itertools import islice, pairwise

import numpy as np
import pytest
from clips import BACKENDS, SIZE, clip, damage, left_edge, needs_pyav, square

from thermeld.errors import BadSetting, UnreadableFile
from thermeld.io import write_image
from thermeld.io.video import Paced, VideoWriter, open_source, safe_name
from thermeld.io.video.frames import rate


def all_of(where, **how):
    source = open_source(where, **how)
    try:
        return source.facts, list(source)
    finally:
        source.close()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["v.mp4", "v.mkv"])
def test_frames_come_in_order_with_their_times(tmp_path, name, backend):
    facts, frames = all_of(clip(tmp_path / name, backend=backend), backend=backend)
    assert facts.size == SIZE
    assert facts.fps == 10
    assert facts.count == 20
    assert [left_edge(frame.pixels) for frame in frames] == pytest.approx(range(20), abs=1)
    assert [frame.seconds for frame in frames] == pytest.approx([n / 10 for n in range(20)])


@pytest.mark.parametrize("backend", BACKENDS)
def test_lossless_video_gives_back_every_value(tmp_path, backend):
    _, frames = all_of(clip(tmp_path / "v.mkv", range(3), backend=backend), backend=backend)
    for number, frame in enumerate(frames):
        assert np.array_equal(frame.pixels, square(number))


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_plane_is_the_luminance(tmp_path, backend):
    path = clip(tmp_path / "v.mp4", range(2), backend=backend)
    plane = all_of(path, backend=backend, gray=True)[1][0].pixels
    colour = all_of(path, backend=backend)[1][0].pixels
    assert plane.shape == SIZE
    wanted = colour @ [0.299, 0.587, 0.114]
    assert np.abs(plane - wanted).mean() < 2.0


@needs_pyav
def test_a_deep_plane_keeps_its_bits(tmp_path, rng):
    counts = rng.integers(0, 65536, (24, 32), np.uint16)
    with VideoWriter(tmp_path / "v.mkv", Fraction(5)) as writer:
        writer.write(counts)
    _, (frame,) = all_of(tmp_path / "v.mkv")
    assert frame.pixels.dtype == np.uint16
    assert np.array_equal(frame.pixels, counts)


@needs_pyav
def test_a_damaged_frame_is_told_and_the_rest_is_read(tmp_path):
    path = damage(clip(tmp_path / "v.mp4", range(30), backend="pyav"), 12, 2)
    _, frames = all_of(path)
    broken = [frame for frame in frames if frame.pixels is None]
    assert 1 <= len(broken) <= 20  # and those that lean on them, until the next key frame
    assert all(frame.problem for frame in broken)
    assert left_edge(frames[5].pixels) == pytest.approx(5, abs=1)
    assert all(early.seconds <= late.seconds for early, late in pairwise(frames))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("content", [b"", b"no video at all" * 100])
def test_what_is_no_video_is_refused_in_one_line(tmp_path, backend, content):
    (tmp_path / "v.mp4").write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"v\.mp4") as refused:
        open_source(tmp_path / "v.mp4", backend=backend)
    assert "\n" not in str(refused.value)


@needs_pyav
def test_a_file_without_a_picture_is_refused(tmp_path):
    import av

    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(UnreadableFile, match="no picture"):
        open_source(tmp_path / "sound.mp4")


def test_missing_files_and_unknown_backends_are_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="does not exist"):
        open_source(tmp_path / "nothing.mp4")
    with pytest.raises(UnreadableFile):
        open_source("nul\0character.mp4")
    with pytest.raises(BadSetting, match="pyav, opencv"):
        open_source(tmp_path, backend="gstreamer")


def test_a_camera_that_is_not_there_is_refused():
    with pytest.raises(UnreadableFile, match="camera 63"):
        open_source("63")


def test_numbered_frames_keep_gaps_in_their_numbers(tmp_path):
    for number in (7, 8, 10):
        write_image(tmp_path / f"frame_{number}.png", square(number))
    facts, frames = all_of(tmp_path, frames_fps=Fraction(2))
    assert facts.count == 4
    assert [frame.seconds for frame in frames] == [0.0, 0.5, 1.5]
    assert [left_edge(frame.pixels) for frame in frames] == [7, 8, 10]


def test_numbers_that_do_not_count_frames_are_no_times(tmp_path):
    for stamp in (1_623_400_100, 1_623_400_133, 1_623_400_166):
        write_image(tmp_path / f"{stamp}.png", square(0))
    _, frames = all_of(tmp_path, frames_fps=Fraction(10))
    assert [frame.seconds for frame in frames] == [0.0, 0.1, 0.2]


def test_a_broken_numbered_frame_is_told(tmp_path):
    for number in range(3):
        write_image(tmp_path / f"{number}.png", square(number))
    (tmp_path / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n cut off")
    _, frames = all_of(tmp_path)
    assert [frame.pixels is None for frame in frames] == [False, True, False]
    assert "1.png" in frames[1].problem


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="no image"):
        open_source(tmp_path)


def test_a_recording_can_be_played_at_its_speed(tmp_path):
    source = open_source(clip(tmp_path / "v.mp4", range(6)), realtime=True, backend="opencv")
    assert isinstance(source, Paced)
    assert source.facts.live
    stamps = [frame.seconds for frame in source]
    source.close()
    assert 0.35 < stamps[-1] - stamps[0] < 2.0  # six frames at ten a second last half a second
    assert stamps[-1] == pytest.approx(time.monotonic(), abs=1.0)


def test_names_of_addresses_hide_passwords():
    assert safe_name("rtsp://me:secret@10.0.0.7/a") == "rtsp://***@10.0.0.7/a"
    assert "\n" not in safe_name("two\nlines")


def test_a_dead_address_is_refused_without_its_password():
    with pytest.raises(UnreadableFile, match=r"check the address") as refused:
        open_source("http://me:secret@127.0.0.1:9/stream")
    assert "secret" not in str(refused.value)


def test_rates_are_exact_and_believable():
    assert rate(29.97) == Fraction(30000, 1001)
    assert rate(23.976) == Fraction(24000, 1001)
    assert rate(25.0) == 25
    assert rate(12.5) == Fraction(25, 2)
    assert rate(0) == rate(None) == rate(90_000.0) == 25


def test_without_pyav_files_are_read_by_opencv_and_its_absence_is_told(tmp_path):
    clip(tmp_path / "v.mp4", range(3))
    code = (
        "import sys; sys.modules['av'] = None\n"
        "from thermeld.io.video import open_source\n"
        "from thermeld.errors import MissingExtra\n"
        "import importlib.util as u; u.find_spec = lambda name: None\n"
        "import thermeld.io.video.opening as o; o.find_spec = u.find_spec\n"
        f"print(sum(1 for _ in open_source({str(tmp_path / 'v.mp4')!r})))\n"
        f"try: open_source({str(tmp_path / 'v.mp4')!r}, backend='pyav')\n"
        "except MissingExtra as error: print(error)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.splitlines()[0] == "3", answer.stderr
    assert "thermeld[video]" in answer.stdout


@needs_pyav
def test_a_stream_can_be_left_early(tmp_path):
    source = open_source(clip(tmp_path / "v.mp4"))
    assert len(list(islice(source, 3))) == 3
    source.close()
    source.close()


def turned(path, quarter):
    """Write into an MP4 that it was filmed with the camera turned, as phones do."""
    data = bytearray(path.read_bytes())
    one, minus = 0x00010000, 0xFFFF0000
    matrix = {1: (0, one, minus, 0), 2: (minus, 0, 0, minus), 3: (0, minus, one, 0)}[quarter]
    begin = data.index(b"tkhd") + 4 + 40  # ISO 14496-12, 8.3.2: the matrix of version 0
    for place, value in zip((0, 4, 12, 16), matrix, strict=True):
        data[begin + place : begin + place + 4] = value.to_bytes(4, "big")
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_video_is_turned_upright(tmp_path, backend, quarter):
    path = clip(tmp_path / "v.mp4", range(2))
    (upright, _) = all_of(path, backend=backend)[1]
    facts, (frame, _) = all_of(turned(path, quarter), backend=backend)
    wanted = np.rot90(upright.pixels, -quarter)  # clockwise
    assert facts.size == wanted.shape[:2]
    assert np.abs(frame.pixels.astype(int) - wanted).mean() < 3
