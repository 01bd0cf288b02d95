import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from clips import SIZE, clip, left_edge

from thermeld.align import Warp, warp_to_json
from thermeld.fuse import DEFAULT_METHOD
from thermeld.io import write_image
from thermeld.io.video import open_source


@pytest.fixture
def clips(tmp_path):
    return clip(tmp_path / "ir.mp4", range(10), colour=False), clip(tmp_path / "vis.mp4", range(12))


def test_two_files_into_one(thermeld, clips, tmp_path):
    answer = thermeld("video", *clips, "-o", tmp_path / "f.mp4")
    assert answer.code == 0
    assert "10 frames of 64x48 at 10 fps" in answer.out
    assert DEFAULT_METHOD in answer.out
    assert "infrared stream is the shorter" in answer.err


def test_json(thermeld, clips, tmp_path):
    words = ("-m", "average", "--json", "--flicker", "--seconds", "0.5", "--fps", "30000/1001")
    (facts,) = thermeld("video", *clips, "-o", tmp_path / "f.mkv", *words).lines
    assert facts["state"] == "done"
    assert facts["codec"] == "ffv1"
    assert facts["frames"] == 15
    assert facts["fps"] == pytest.approx(29.97, abs=0.001)
    assert 0 < facts["flicker"] <= 1.01


def test_bad_frames_are_told_and_do_not_fail_the_run(thermeld, tmp_path):
    for name in ("ir", "vis"):
        for number in range(5):
            write_image(tmp_path / name / f"{number}.png", np.full((16, 16), 40, np.uint8))
    (tmp_path / "vis" / "3.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    answer = thermeld(
        "video", tmp_path / "ir", tmp_path / "vis", "-o", tmp_path / "out", "-m", "average"
    )
    assert answer.code == 0
    assert "1 bad frames: 1 replaced by the frame before" in answer.err
    assert "3.png" in answer.err
    assert len(list((tmp_path / "out").iterdir())) == 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--offset", "soon"), "seconds or auto"),
        (("--offset", "nan"), "no sensible time"),
        (("--fps", "many"), "30000/1001"),
        (("--fps", "0"), "between 0 and 1000"),
        (("--fps", "1/0"), "30000/1001"),
        (("--backend", "vlc"), "pyav"),
        (("--seconds", "-3"), "positive"),
    ],
)
def test_wrong_wishes_are_refused_in_one_line(thermeld, clips, tmp_path, words, said):
    answer = thermeld("video", *clips, "-o", tmp_path / "f.mp4", *words)
    assert answer.code == 2
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "f.mp4").exists()


def test_a_result_is_not_overwritten_unless_asked(thermeld, clips, tmp_path):
    words = ("video", *clips, "-o", tmp_path / "f.mp4", "-m", "average")
    assert thermeld(*words).code == 0
    assert "--overwrite" in thermeld(*words).err
    assert thermeld(*words, "--overwrite").code == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(("which", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_video_well(tmp_path, which, code):
    long = [clip(tmp_path / f"{name}.mp4", [n % 40 for n in range(3000)]) for name in "iv"]
    words = ["video", *map(str, long), "-o", str(tmp_path / "f.mp4"), "-m", "average"]
    with subprocess.Popen(
        [sys.executable, "-m", "thermeld", *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        limit = time.monotonic() + 30
        while time.monotonic() < limit and not list(tmp_path.glob(".*.part.mp4")):
            time.sleep(0.02)
        run.send_signal(which)
        printed, told = run.communicate(timeout=30)
    assert run.returncode == code
    assert "stopped; " in told
    assert "f.mp4" in printed
    source = open_source(tmp_path / "f.mp4")
    edges = [left_edge(frame.pixels) for frame in source]
    source.close()
    assert 0 < len(edges) < 3000
    assert edges[:5] == pytest.approx(range(5), abs=1)
    assert not list(tmp_path.glob(".*.part.mp4"))


def test_a_warp_aligns_every_frame(thermeld, tmp_path):
    late = clip(tmp_path / "ir.mkv", range(4, 8), colour=False)
    vis = clip(tmp_path / "vis.mkv", range(10, 14))
    matrix = np.array([[1.0, 0.0, 6.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    (tmp_path / "warp.json").write_text(warp_to_json(Warp(matrix, SIZE, SIZE)))
    words = ("-m", "average", "--align", tmp_path / "warp.json")
    assert thermeld("video", late, vis, "-o", tmp_path / "f.mkv", *words).code == 0
    source = open_source(tmp_path / "f.mkv")
    edges = [left_edge(frame.pixels) for frame in source]
    source.close()
    assert edges == pytest.approx(range(10, 14), abs=1)
