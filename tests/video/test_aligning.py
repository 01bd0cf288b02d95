"""Videos of two cameras that do not line up."""

from fractions import Fraction

import numpy as np
import pytest
from clips import SIZE, clip, left_edge

from thermeld.align import Aligner, Warp
from thermeld.data.scene import render_scene
from thermeld.fuse import Fuser
from thermeld.image import to_depth
from thermeld.io import read_image, write_image
from thermeld.io.video import VideoWriter
from thermeld.video import VideoJob, fuse_video


def shift(right, down=0):
    return np.array([[1.0, 0.0, right], [0.0, 1.0, down], [0.0, 0.0, 1.0]])


def test_a_given_warp_holds_for_every_frame(tmp_path):
    ir = clip(tmp_path / "ir.mkv", range(10))
    vis = clip(tmp_path / "vis.mkv", range(8, 18))
    fuser = Fuser("average", aligner=Aligner(Warp(shift(8), SIZE, SIZE)))
    report = fuse_video(fuser, VideoJob(str(ir), str(vis), tmp_path / "out"))
    assert (report.frames, report.repeated) == (10, 0)
    for number in range(10):
        fused = read_image(tmp_path / "out" / f"{number + 1:06}.png").pixels
        assert left_edge(fused) == pytest.approx(8 + number, abs=1)
        assert fused[18, 10 + number, 0] > 200  # both squares lie there


def test_a_warp_is_found_once_and_kept(tmp_path, monkeypatch):
    scene = render_scene(np.random.default_rng(3), height=240, width=336)
    ir, vis = to_depth(scene.ir[:, 0:320], np.uint8), to_depth(scene.vis[:, 12:332], np.uint8)
    for number in range(3):
        write_image(tmp_path / "ir" / f"{number}.png", ir)
        write_image(tmp_path / "vis" / f"{number}.png", vis)
    from thermeld.video import aligning

    asked = []
    real = aligning.estimate
    monkeypatch.setattr(
        aligning, "estimate", lambda *pair, **how: asked.append(1) or real(*pair, **how)
    )
    streams = str(tmp_path / "ir"), str(tmp_path / "vis")
    fuser = Fuser("average", aligner=Aligner(wedges="crop"))
    report = fuse_video(fuser, VideoJob(*streams, tmp_path / "out"))
    assert report.frames == 3
    assert asked == [1]
    assert report.size[1] == pytest.approx(308, abs=3)  # 12 columns are seen by one camera only
    assert "as the first pair" in report.notes[0]
    assert fuser.aligner.warp is None  # the caller's own is left alone


def test_sizes_need_not_agree_when_aligned(tmp_path):
    ir = clip(tmp_path / "ir.mkv", range(3), size=(24, 32), colour=False)
    with VideoWriter(tmp_path / "vis.mkv", Fraction(10)) as writer:
        for _ in range(3):
            writer.write(np.zeros((*SIZE, 3), np.uint8))
    warp = Warp(np.diag([2.0, 2.0, 1.0]), (24, 32), SIZE)
    fuser = Fuser("maximum", aligner=Aligner(warp))
    report = fuse_video(fuser, VideoJob(str(ir), str(tmp_path / "vis.mkv"), tmp_path / "out"))
    assert report.size == SIZE
