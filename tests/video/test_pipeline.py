import threading
from fractions import Fraction

import numpy as np
import pytest
from clips import BACKENDS, clip, damage, left_edge, needs_pyav, square

from thermeld.errors import BadSetting, FusionError, SizeMismatch, UnreadableFile, UnwritableFile
from thermeld.fuse import Fuser
from thermeld.io import write_image
from thermeld.io.video import open_source
from thermeld.video import VideoJob, fuse_video


@pytest.fixture
def clips(tmp_path):
    ir = clip(tmp_path / "ir.mp4", colour=False)
    return ir, clip(tmp_path / "vis.mp4")


def job(clips, out, **wishes):
    return VideoJob(*map(str, clips), out, **wishes)


def frames_of(path):
    source = open_source(path)
    frames = [frame.pixels for frame in source]
    source.close()
    return frames


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("workers", [1, 3])
def test_every_pair_is_fused_in_order(clips, tmp_path, backend, workers):
    out = tmp_path / "fused.mp4"
    report = fuse_video(Fuser("average"), job(clips, out, backend=backend, workers=workers))
    assert (report.frames, report.repeated, report.skipped) == (20, 0, 0)
    assert report.fps == 10
    edges = [left_edge(frame) for frame in frames_of(out)]
    assert edges == pytest.approx(range(20), abs=1)
    assert set(report.busy_s) == {"decode", "fuse", "encode"}
    assert not report.notes


def test_frames_are_those_of_the_fuser(clips, tmp_path):
    fuse_video(Fuser("average"), job(clips, tmp_path / "f.mkv"))
    ir, vis = (frames_of(path)[7] for path in clips)
    assert (
        np.abs(frames_of(tmp_path / "f.mkv")[7].astype(int) - Fuser("average")(ir, vis)).max() < 3
    )


def test_an_offset_and_a_rate_are_heeded(clips, tmp_path):
    wishes = {"offset": 0.5, "fps": Fraction(5)}
    report = fuse_video(Fuser("maximum"), job(clips, tmp_path / "f.mkv", **wishes))
    assert report.frames == 8  # 1.5 s are shared
    first = frames_of(tmp_path / "f.mkv")[0]
    assert left_edge(first) == pytest.approx(0, abs=1)  # infrared's first frame, visible's sixth
    assert first[18, 20, 0] > 130


def test_the_shorter_stream_ends_it_and_is_told(clips, tmp_path):
    short = clip(tmp_path / "short.mp4", range(6))
    report = fuse_video(Fuser("average"), job((clips[0], short), tmp_path / "f.mp4"))
    assert report.frames == 6
    assert "visible stream is the shorter" in report.notes[0]


def numbered(folder, count, bad=(), colour=True):
    for number in range(count):
        write_image(folder / f"{number:04}.png", square(number, colour=colour))
    for number in bad:
        (folder / f"{number:04}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


def test_a_bad_frame_is_replaced_by_the_one_before(tmp_path):
    ir = numbered(tmp_path / "ir", 8, bad=(4,), colour=False)
    vis = numbered(tmp_path / "vis", 8)
    report = fuse_video(Fuser("maximum"), job((ir, vis), tmp_path / "out", workers=2))
    assert (report.frames, report.repeated, report.skipped) == (8, 1, 0)
    assert "0004.png" in report.problems[0]
    edges = [left_edge(frame) for frame in frames_of(tmp_path / "out")]
    assert edges == [0, 1, 2, 3, 3, 5, 6, 7]


def test_bad_frames_at_the_start_are_left_out(tmp_path):
    ir = numbered(tmp_path / "ir", 6)
    vis = numbered(tmp_path / "vis", 6, bad=(2, 3))
    # With the infrared two frames later, the result would begin with the third visible frame.
    report = fuse_video(Fuser("average"), job((ir, vis), tmp_path / "out", offset=0.08))
    assert (report.frames, report.repeated, report.skipped) == (2, 0, 2)


def test_a_frame_of_another_size_is_a_bad_frame(tmp_path):
    ir = numbered(tmp_path / "ir", 4)
    vis = numbered(tmp_path / "vis", 4)
    write_image(vis / "0002.png", square(0, size=(30, 30)), overwrite=True)
    for fit, words in ((None, "30x30"), ("vis", "size changed to 30x30")):
        out = tmp_path / f"out-{fit}"
        report = fuse_video(Fuser("average", fit=fit), job((ir, vis), out))
        assert (report.frames, report.repeated) == (4, 1)
        assert words in report.problems[0]


@needs_pyav
def test_damaged_video_is_fused_to_its_end(clips, tmp_path):
    hurt = damage(clip(tmp_path / "hurt.mp4", range(20), backend="pyav"), 8)
    report = fuse_video(Fuser("average"), job((clips[0], hurt), tmp_path / "f.mp4"))
    assert report.frames + report.skipped >= 19
    assert report.repeated >= 1
    assert report.problems


def test_streams_without_a_good_pair_are_refused(clips, tmp_path):
    with pytest.raises(UnreadableFile, match="no good pair"):
        fuse_video(Fuser("average"), job(clips, tmp_path / "f.mp4", offset=100.0))
    assert {path.name for path in tmp_path.iterdir()} == {"ir.mp4", "vis.mp4"}


def test_wrong_wishes_are_refused_before_any_work(clips, tmp_path):
    small = clip(tmp_path / "small.mp4", range(3), size=(32, 32))
    (tmp_path / "there.mp4").write_bytes(b"x")
    for streams, out, kind in (
        ((clips[0], small), "f.mp4", SizeMismatch),
        ((clips[0], clips[0]), "f.mp4", BadSetting),
        (clips, "ir.mp4", BadSetting),
        (clips, "there.mp4", UnwritableFile),
        (clips, "missing/f.mp4", UnwritableFile),
        ((clips[0], tmp_path / "no.mp4"), "f.mp4", UnreadableFile),
    ):
        with pytest.raises(kind):
            fuse_video(Fuser("average"), job(streams, tmp_path / out))
    assert (tmp_path / "there.mp4").read_bytes() == b"x"
    for wishes in ({"fps": Fraction(0)}, {"most_s": -1.0}, {"workers": 0}):
        with pytest.raises(BadSetting):
            job(clips, tmp_path / "f.mp4", **wishes)


def test_sizes_are_made_to_fit_when_asked(clips, tmp_path):
    small = clip(tmp_path / "small.mp4", range(4), size=(32, 40))
    report = fuse_video(Fuser("average", fit="vis"), job((clips[0], small), tmp_path / "f.mp4"))
    assert report.size == (32, 40)


def test_a_wish_to_stop_leaves_a_video_that_plays(clips, tmp_path):
    stop = threading.Event()
    report = fuse_video(
        Fuser("average"),
        job(clips, tmp_path / "f.mp4"),
        stop=stop,
        on_frame=lambda report: stop.set() if report.frames == 5 else None,
    )
    assert report.stopped
    assert 5 <= report.frames < 12
    assert len(frames_of(tmp_path / "f.mp4")) == report.frames


def test_progress_is_told(clips, tmp_path):
    expected, seen = [], []
    fuse_video(
        Fuser("average"),
        job(clips, tmp_path / "f.mp4", most_s=1.0),
        on_start=expected.append,
        on_frame=lambda report: seen.append(report.frames),
    )
    assert expected == [10]
    assert seen == list(range(1, 11))


def test_no_thread_is_left_behind(clips, tmp_path):
    before = set(threading.enumerate())
    fuse_video(Fuser("average"), job(clips, tmp_path / "f.mp4", most_s=0.3))
    assert set(threading.enumerate()) <= before


def unsteady_counts(folder, count, rng):
    """Counts of a fixed scene that use a sliver of 16 bits, with a hot spot every other frame."""
    scene = rng.normal(8000, 60, (48, 64))
    for number in range(count):
        counts = scene + rng.normal(0, 2, scene.shape)
        if number % 2:
            counts[:8, :8] = 8600
        write_image(folder / f"{number:03}.png", counts.astype(np.uint16))
    return folder


def test_the_thermal_window_is_steady(tmp_path, rng):
    ir = unsteady_counts(tmp_path / "ir", 12, rng)
    vis = numbered(tmp_path / "vis", 12, colour=False)
    fuse_video(Fuser("average"), job((ir, vis), tmp_path / "steady"))
    steady = [frame[30:, 40:].mean() for frame in frames_of(tmp_path / "steady")]
    alone = [
        Fuser("average")(*pair)[30:, 40:].mean()
        for pair in zip(frames_of(ir), frames_of(vis), strict=True)
    ]
    assert np.ptp(alone) > 15  # each frame for itself: the background flickers
    assert np.ptp(steady) < 0.2 * np.ptp(alone)


def test_the_flicker_of_the_average_is_at_most_that_of_its_sources(clips, tmp_path):
    report = fuse_video(Fuser("average"), job(clips, tmp_path / "f.mp4", flicker=True))
    assert 0.3 < report.flicker <= 1.0


def test_offset_is_estimated_when_asked(clips, tmp_path):
    with pytest.raises(FusionError, match="--offset SECONDS"):
        fuse_video(Fuser("average"), job(clips, tmp_path / "f.mp4", offset=None))  # 2 s only


M2VD = ["0111_1716", "0117_1605", "1230_1202"]


@needs_pyav
@pytest.mark.slow
@pytest.mark.parametrize("name", M2VD)
def test_real_clips_flicker_no_more_than_their_sources(shared, tmp_path, name):
    streams = [shared / "m2vd" / view / f"{name}.mp4" for view in ("ir", "vi")]
    report = fuse_video(Fuser(), job(streams, tmp_path / "f.mp4", flicker=True, workers=2))
    assert report.flicker <= 1.1
